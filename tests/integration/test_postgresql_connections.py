"""A kept connection that PostgreSQL has left is noticed before a request uses it."""

import time

import psycopg
import pytest
from django.db import connection

from delivery.pump_house import _connection_arguments


@pytest.fixture
def kept(transactional_db):
    """The connection as a thread of the web server has it between two requests."""
    connection.ensure_connection()
    connection.health_check_enabled = True
    yield connection
    connection.close()


def pid_of(kept):
    return kept.connection.info.backend_pid


def end_from_outside(kept):
    with psycopg.connect(**_connection_arguments()) as other:
        other.execute("SELECT pg_terminate_backend(%s)", [pid_of(kept)])
    deadline = time.monotonic() + 10
    while kept.is_usable():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_connection_that_lives_is_kept(kept):
    pid = pid_of(kept)
    kept.health_check_done = False
    with kept.cursor() as cursor:
        cursor.execute("SELECT 1")
    assert pid_of(kept) == pid


def test_connection_that_was_ended_is_replaced_before_the_first_statement(kept):
    pid = pid_of(kept)
    end_from_outside(kept)
    kept.health_check_done = False
    with kept.cursor() as cursor:
        cursor.execute("SELECT 1")
        assert cursor.fetchone() == (1,)
    assert pid_of(kept) != pid


def test_looking_costs_no_statement(kept):
    with psycopg.connect(**_connection_arguments()) as other:
        asked = "SELECT query FROM pg_stat_activity WHERE pid = %s"
        before = other.execute(asked, [pid_of(kept)]).fetchone()
        assert kept.is_usable()
        assert other.execute(asked, [pid_of(kept)]).fetchone() == before
