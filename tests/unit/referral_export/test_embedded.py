"""Embedded servers: real ones, with two roles, gone when their starter is gone."""

import kombu
import psycopg
import pytest
import redis

from referral_export.addresses import ServerAddresses, celery_broker_url
from referral_export.embedded import start_servers
from tests.var_directory import temporary_var_directory


@pytest.fixture(scope="module")
def servers() -> ServerAddresses:
    # A name that every client has to quote in its own way.
    with (
        temporary_var_directory("Åsa's 5% var") as var_directory,
        start_servers(var_directory, durable=False) as addresses,
    ):
        yield addresses


@pytest.fixture
def var_directory():
    with temporary_var_directory() as directory:
        yield directory


@pytest.fixture
def table(servers):
    with psycopg.connect(servers.database_owner_url, autocommit=True) as owner:
        owner.execute("CREATE TABLE lead (id integer GENERATED ALWAYS AS IDENTITY, name text)")
        owner.execute("CREATE SEQUENCE number")
        yield "lead"
        owner.execute("DROP TABLE lead")
        owner.execute("DROP SEQUENCE number")


def test_postgresql_is_version_18_and_keeps_utc(servers):
    with psycopg.connect(servers.database_url) as connection:
        assert connection.info.server_version // 10_000 == 18
        assert connection.execute("SHOW timezone").fetchone() == ("UTC",)
        assert connection.execute("SHOW server_encoding").fetchone() == ("UTF8",)


def test_redis_is_reached_by_celery_as_by_redis_py(servers):
    with kombu.Connection(celery_broker_url(servers.redis_url)) as connection:
        connection.SimpleQueue("greetings").put("hello")

    with redis.Redis.from_url(servers.redis_url) as client:
        assert client.llen("greetings") == 1


def test_application_role_may_use_what_the_owner_made(servers, table):
    with psycopg.connect(servers.database_url) as application:
        application.execute("INSERT INTO lead (name) VALUES ('Ada')")
        application.execute("UPDATE lead SET name = 'Grace'")
        assert application.execute("SELECT name FROM lead").fetchall() == [("Grace",)]
        application.execute("SELECT nextval('number')")
        application.execute("DELETE FROM lead")


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE mine (id integer)",
        "CREATE TEMPORARY TABLE mine (id integer)",
        "CREATE SCHEMA mine",
        "CREATE DATABASE mine",
        "CREATE ROLE mine",
        "ALTER TABLE lead ADD COLUMN mine integer",
        "DROP TABLE lead",
        "TRUNCATE lead",
        "SET ROLE referral_export_owner",
    ],
)
def test_application_role_may_not_change_the_shape(servers, table, statement):
    with (
        psycopg.connect(servers.database_url, autocommit=True) as application,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        application.execute(statement)


def test_application_role_owns_nothing(servers, table):
    query = """
        SELECT count(*) FROM pg_class JOIN pg_roles ON pg_roles.oid = relowner
        WHERE rolname = 'referral_export_app'
    """
    with psycopg.connect(servers.database_owner_url) as owner:
        assert owner.execute(query).fetchone() == (0,)


def test_servers_again_keep_the_data(var_directory):
    with start_servers(var_directory, durable=True) as servers:
        with psycopg.connect(servers.database_owner_url) as owner:
            owner.execute("CREATE TABLE kept AS SELECT 42 AS number")
        with redis.Redis.from_url(servers.redis_url) as client:
            client.set("kept", "42")

    with start_servers(var_directory, durable=True) as servers:
        with psycopg.connect(servers.database_url) as application:
            assert application.execute("SELECT number FROM kept").fetchone() == (42,)
        with redis.Redis.from_url(servers.redis_url) as client:
            assert client.get("kept") == b"42"


def test_servers_in_a_deep_directory_answer_all_the_same(var_directory):
    deep = var_directory / ("d" * 60) / ("e" * 60)

    with start_servers(deep, durable=False) as servers:
        psycopg.connect(servers.database_url).close()
        with redis.Redis.from_url(servers.redis_url) as client:
            assert client.ping()


def test_servers_after_the_block_answer_no_more(var_directory):
    with start_servers(var_directory, durable=False) as servers:
        pass

    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(servers.database_url)
    with redis.Redis.from_url(servers.redis_url) as client, pytest.raises(redis.ConnectionError):
        client.ping()
