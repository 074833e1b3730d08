"""The engine in a database with a long history and a deep backlog, beside a new one."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from django.db import connections
from psycopg import sql

from bench.engine import warm_up
from bench.figures import Figure, Sizes, in_turns
from bench.stage import CONNECTIONS, Stage, pumping, wait_until
from referral_export.addresses import DATABASE, socket_directory

GROWN = "grown"
# What is just starting or just ending is no rate yet.
FIRST, LAST = 0.25, 0.9

# Copies of one delivery, of its referral and of its attempt, under an id of their own; every
# column that is not named here is copied, whatever it is.
_COPIES = (
    (
        "delivery_referral",
        "source.id = model.referral_id",
        {"id": "made.id", "external_id": "made.name"},
    ),
    (
        "delivery_delivery",
        "source.id = model.delivery_id",
        {"id": "made.id", "referral_id": "made.id"},
    ),
    (
        "delivery_attempt",
        "source.delivery_id = model.delivery_id",
        {"id": "made.id", "delivery_id": "made.id"},
    ),
)
_WAITS = {
    "status": "'pending'",
    "attempt_count": "0",
    "first_attempt_at": "NULL",
    "next_attempt_at": "now()",
    "finished_at": "NULL",
    "lease_expires_at": "NULL",
    "fence": "NULL",
}
_COLUMNS = """
SELECT column_name FROM information_schema.columns
WHERE table_name = %s AND is_generated = 'NEVER' ORDER BY ordinal_position
"""
_MODELS = """
CREATE TEMP TABLE model ON COMMIT DROP AS
SELECT *, row_number() OVER () AS number FROM (
    SELECT DISTINCT ON (delivery.connection_id) delivery.id AS delivery_id, delivery.referral_id
    FROM delivery_delivery delivery
    JOIN connections_connection connection ON connection.id = delivery.connection_id
    WHERE connection.name LIKE 'growth-%' AND delivery.status = 'delivered'
) one_of_each
"""


def measure_growth(stage: Stage, sizes: Sizes) -> list[Figure]:
    """Compare a database that is full with one that is nearly empty, on the same server."""
    with pumping(stage):
        warm_up(stage, "growth", count=CONNECTIONS)
    stage.hold("growth")
    with _grown_database(stage, sizes):
        rounds = in_turns(
            sizes.rounds,
            lambda: _rate(stage, sizes.deliveries, database_name=GROWN),
            lambda: _rate_when_empty(stage, sizes.deliveries),
        )
    what = f"engine with {sizes.finished:,} finished, {sizes.waiting:,} waiting / empty"
    return [rounds.ratio(what, at_least=0.8)]


def _rate_when_empty(stage: Stage, count: int) -> float:
    stage.hold("growth")
    stage.accept_evenly(count, "growth")
    stage.release("growth")
    return _rate(stage, count, database_name=DATABASE)


def _rate(stage: Stage, count: int, *, database_name: str) -> float:
    """Return deliveries per second at the receiver, of so many out of what waits."""
    stage.ask_sink("/forget")
    address = f"postgresql://referral_export_app@/{database_name}?host={_host(stage)}"
    with pumping(stage, environment={"DATABASE_URL": address}):
        wait_until(lambda: stage.ask_sink("/count") >= count, f"{count} at the receiver")
    came = sorted(stage.ask_sink("/times").values())[:count]
    first, last = int(count * FIRST), int(count * LAST) - 1
    return (last - first) / (came[last] - came[first])


@contextmanager
def _grown_database(stage: Stage, sizes: Sizes) -> Iterator[None]:
    """Make a copy of the database with a history, and drop it again."""
    for database in connections.all():
        database.close()
        database.close_pool()  # a database that is in use cannot be copied
    with _superuser(stage, "postgres") as session:
        session.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                sql.Identifier(GROWN), sql.Identifier(DATABASE)
            )
        )
        try:
            with _superuser(stage, GROWN) as grown:
                _fill(grown, sizes)
            session.execute("CHECKPOINT")
            yield
        finally:
            session.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(GROWN)))


def _fill(grown: psycopg.Connection[tuple[object, ...]], sizes: Sizes) -> None:
    # Rows are copies of good ones: nothing is gained by asking each for its references.
    grown.execute("SET session_replication_role = replica")
    grown.execute("SET synchronous_commit = off")
    for count, changes in ((sizes.finished, {}), (sizes.waiting, _WAITS)):
        with grown.transaction():
            _add_copies(grown, count, changes)
    grown.execute("UPDATE connections_connection SET status = 'active' WHERE name LIKE 'growth-%'")
    grown.execute("UPDATE delivery_lane SET ready_at = now()")
    grown.execute("ANALYZE")


def _add_copies(
    grown: psycopg.Connection[tuple[object, ...]], count: int, changes: dict[str, str]
) -> None:
    grown.execute(_MODELS)
    grown.execute(
        "CREATE TEMP TABLE made ON COMMIT DROP AS SELECT uuidv7() AS id, number,"
        " %s || '-' || number AS name FROM generate_series(1, %s::int) number",
        ["waiting" if changes else "finished", count],
    )
    for table, source, own in _COPIES:
        if not changes:
            _copy(grown, table, source, own)
        elif table != "delivery_attempt":
            _copy(grown, table, source, own | (changes if table == "delivery_delivery" else {}))


def _copy(
    grown: psycopg.Connection[tuple[object, ...]], table: str, source: str, own: dict[str, str]
) -> None:
    columns = [str(name) for (name,) in grown.execute(_COLUMNS, [table])]
    values = [own.get(name, f"source.{name}") for name in columns]
    grown.execute(
        f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(values)} FROM made"
        " JOIN model ON model.number = 1 + made.number % (SELECT count(*) FROM model)"
        f" JOIN {table} source ON {source} ORDER BY made.id"
    )


def _superuser(stage: Stage, name: str) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(dbname=name, user="postgres", host=_host(stage), autocommit=True)


def _host(stage: Stage) -> str:
    return os.fspath(socket_directory(stage.directory))
