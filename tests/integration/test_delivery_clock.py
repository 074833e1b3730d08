"""A worker whose own clock is wrong goes by PostgreSQL's."""

import asyncio
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from delivery.clock import TOLERATED, Clock
from delivery.pump_house import _connection_arguments
from delivery.queue import database_now


def own_clock(wrong_by):
    return lambda: datetime.now(UTC) + wrong_by


def measured(clock):
    async def once():
        async with await psycopg.AsyncConnection.connect(**_connection_arguments()) as connection:
            await clock.measure(connection)

    asyncio.run(once())
    return clock


@pytest.mark.parametrize("wrong_by", [timedelta(minutes=5), timedelta(minutes=-5)])
def test_clock_that_is_wrong_is_put_right(db, wrong_by):
    clock = measured(Clock(own_clock(wrong_by)))
    assert abs(clock.now() - datetime.now(UTC)) < TOLERATED


def test_clock_that_agrees_is_left_alone(db):
    assert measured(Clock(own_clock(timedelta(milliseconds=50))))._behind == timedelta()


def test_sweep_goes_by_the_time_of_postgresql(db):
    assert abs(database_now() - datetime.now(UTC)) < TOLERATED
