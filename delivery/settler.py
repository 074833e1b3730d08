"""Writes the results of attempts in batches: many share one statement and one commit."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from itertools import chain

import psycopg
from django.db import connection as database
from psycopg_pool import AsyncConnectionPool

from delivery import outages, telemetry
from delivery.breaker import Tally
from delivery.clock import Clock
from delivery.counters import Count, counters
from delivery.queue import Aftermath, Settled, settle

FLUSH_RESULTS = 64
FLUSH_SECONDS = 0.010
RETRY_SECONDS = 0.5

logger = logging.getLogger(__name__)


class Settler:
    """Takes results one by one and writes them down, one batch at a time.

    `on_written` is told how many it were, `on_rung` that a lane is to be looked at.
    """

    def __init__(
        self,
        pool: AsyncConnectionPool,
        *,
        clock: Clock,
        on_written: Callable[[int], None],
        on_rung: Callable[[], None],
    ) -> None:
        self._pool = pool
        self._clock = clock
        self._on_written = on_written
        self._on_rung = on_rung
        self._results: list[Settled] = []
        self._some = asyncio.Event()
        self._enough = asyncio.Event()

    def add(self, result: Settled) -> None:
        self._results.append(result)
        self._some.set()
        if len(self._results) >= FLUSH_RESULTS:
            self._enough.set()

    async def run(self) -> None:
        """Write batches until cancelled."""
        while True:
            await self._some.wait()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._enough.wait(), FLUSH_SECONDS)
            batch, self._results = self._results, []
            self._some.clear()
            self._enough.clear()
            aftermath = await self._write(batch)
            telemetry.batch_settled(batch)
            self._on_written(len(batch))
            if aftermath.troubled:
                await asyncio.to_thread(_review, aftermath.troubled, self._clock.now())
            if aftermath.has_rung or aftermath.troubled:
                self._on_rung()

    async def _write(self, batch: Sequence[Settled]) -> Aftermath:
        """Write the batch, however long PostgreSQL is away: results are never thrown away.

        Should it take longer than a lease, the fence keeps us from overwriting anybody.
        """
        while True:
            try:
                async with self._pool.connection() as connection:
                    with counters.timing(Count.SETTLE_SECONDS):
                        return await settle(connection, results=batch, now=self._clock.now())
            except psycopg.OperationalError as away:
                logger.warning("PostgreSQL is away; %d results wait: %s", len(batch), away)
                await asyncio.sleep(RETRY_SECONDS)
            except psycopg.Error as refused:
                return await self._write_apart(batch, refused)

    async def _write_apart(self, batch: Sequence[Settled], refused: psycopg.Error) -> Aftermath:
        """Keep the one result that PostgreSQL refuses from spoiling the others of its batch."""
        if len(batch) > 1:
            each = [await self._write([result]) for result in batch]
            return Aftermath(
                has_rung=any(one.has_rung for one in each),
                troubled=list(chain.from_iterable(one.troubled for one in each)),
            )
        # Its lease will expire; the type only, for a message can quote a person's data.
        logger.error("the result of delivery %s was refused: %s", batch[0].id, type(refused))
        return Aftermath(has_rung=False)


def _review(troubled: Sequence[Tally], now: datetime) -> None:
    try:
        outages.review(troubled, now=now)
    except Exception as error:  # noqa: BLE001  whatever it is, results must go on being written
        # The next result of each of them has it reviewed again.
        logger.error("breakers were not reviewed: %s", type(error).__name__)  # noqa: TRY400
    finally:
        database.close()  # this thread's own
