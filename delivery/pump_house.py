"""What a worker's process keeps from one pump to the next: its loop and its connections."""

import asyncio
import gc
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from django.conf import settings
from django.db import connection as database
from psycopg_pool import AsyncConnectionPool

from connections.exchange.egress import GuardedTransport
from delivery.counters import counters
from delivery.equipment import EquipmentStore
from delivery.pump import Pump

# A claim and a settle at once; a third while one of them is being replaced.
MAX_DATABASE_CONNECTIONS = 3
# The tables change faster than their statistics. On a table that was small when it was last
# looked at the planner would read all of it, or all of an index to make a bitmap; the engine's
# statements are made for indexes.
# And one plan serves them always: making it takes longer than running it, once for each
# partition; those of the past are left out when it starts. Such a plan takes what lies between
# two unknown ids for little, and would read it all: so there are no upper bounds.
DATABASE_OPTIONS = (
    "-c enable_seqscan=off -c enable_bitmapscan=off -c jit=off"
    " -c plan_cache_mode=force_generic_plan"
    " -c statement_timeout=30s"
    " -c idle_in_transaction_session_timeout=30s"
)

GARBAGE_THRESHOLD = 10_000


@dataclass(frozen=True, slots=True)
class PumpHouse:
    """Belongs to one event loop; made after the fork."""

    pool: AsyncConnectionPool
    transport: GuardedTransport
    equipment_store: EquipmentStore

    @classmethod
    async def open(cls) -> "PumpHouse":
        pool = AsyncConnectionPool(
            kwargs=_connection_arguments(),
            min_size=1,
            max_size=MAX_DATABASE_CONNECTIONS,
            timeout=2,
            # Whoever asks next tries at once: else the pool, which waits twice as long after each
            # attempt, would go on waiting for as long as PostgreSQL had been away.
            reconnect_timeout=1,
            open=False,
        )
        await pool.open()
        transport = GuardedTransport(allow_loopback=settings.ALLOW_LOOPBACK_EGRESS)
        return cls(pool, transport, EquipmentStore())

    async def run_pump(self, *, must_stop: Callable[[], bool]) -> None:
        await Pump(
            pool=self.pool,
            transport=self.transport,
            equipment_store=self.equipment_store,
            must_stop=must_stop,
        ).run()

    async def close(self) -> None:
        await self.transport.aclose()
        await self.pool.close()


class _Process:
    """The pump house of this process, and the loop that it belongs to."""

    def __init__(self) -> None:
        # Each exchange leaves thousands of short-lived objects: looking through all that was
        # imported every 700 of them took a quarter of a pump's time.
        gc.freeze()
        gc.set_threshold(GARBAGE_THRESHOLD)
        self.runner = asyncio.Runner()
        self.house = self.runner.run(PumpHouse.open())


@cache
def _process() -> _Process:
    return _Process()


def run_pump(*, must_stop: Callable[[], bool]) -> None:
    """Run one pump to its end, on the loop and the connections of this process."""
    process = _process()
    process.runner.run(process.house.run_pump(must_stop=must_stop))


def close() -> None:
    """Close what this process opened, if it did, and tell what was not told yet."""
    counters.carry()
    if settings.OTLP_ENDPOINT:
        from delivery import tracing  # noqa: PLC0415  heavy, and seldom wanted

        tracing.flush()
    if _process.cache_info().currsize:
        process = _process()
        process.runner.run(process.house.close())
        process.runner.close()


def _connection_arguments() -> dict[str, object]:
    """Return how psycopg reaches the database that Django uses."""
    given = database.settings_dict
    address = {
        "dbname": given["NAME"],
        "user": given["USER"],
        "password": given["PASSWORD"],
        "host": given["HOST"],
        "port": given["PORT"],
    }
    own = {"autocommit": True, "options": DATABASE_OPTIONS}
    return {name: value for name, value in (address | given["OPTIONS"] | own).items() if value}
