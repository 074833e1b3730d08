"""Keeps hundreds of deliveries in flight: claims while there is room, sends, settles, rests."""

import asyncio
import logging
import time
import traceback
from collections.abc import Callable, Iterable
from contextlib import suppress

import httpx
import psycopg
from psycopg_pool import AsyncConnectionPool

from connections.exchange.tokens import PROCESS_TOKENS
from delivery import telemetry
from delivery.attempt import make_attempt
from delivery.clock import Clock
from delivery.counters import Count, counters
from delivery.doorbell import Listener
from delivery.equipment import EquipmentStore
from delivery.pacing import Slot, SlotMissedError
from delivery.queue import FROM_THE_START, Claim, Claimed, claim, give_back, oldest_waiting
from delivery.settler import Settler

CAPACITY = 256
IDLE_SECONDS = 30.0
SHORTEST_REST_SECONDS = 0.02
# A claim costs as much for one delivery as for ten, and keeps those who ring its lanes waiting:
# bells that come close together share one.
CLAIM_INTERVAL_SECONDS = 0.01
LONGEST_REST_SECONDS = 1.0
OTHERS_SECONDS = 0.1
DEAF_REST_SECONDS = 0.25
# Longer than any exchange may take, and shorter than what who stops us waits (docker-compose.yml).
STOP_SECONDS = 35.0
SINCE_SECONDS = 5.0

logger = logging.getLogger(__name__)


class Pump:
    """One run, from the first claim until nothing was due for a while or the worker stops."""

    def __init__(
        self,
        *,
        pool: AsyncConnectionPool,
        transport: httpx.AsyncBaseTransport,
        equipment_store: EquipmentStore,
        must_stop: Callable[[], bool],
        idle_seconds: float = IDLE_SECONDS,
        capacity: int = CAPACITY,
    ) -> None:
        self._pool = pool
        self._transport = transport
        self._equipment_store = equipment_store
        self._must_stop = must_stop
        self._idle_seconds = idle_seconds
        self._room = self._capacity = capacity
        self._wake = asyncio.Event()
        self._listener = Listener(self._wake, is_full=lambda: not self._room)
        self._clock = Clock()
        self._settler = Settler(
            pool, clock=self._clock, on_written=self._make_room, on_rung=self._wake.set
        )
        self._attempts: set[asyncio.Task[None]] = set()
        self._unsent: list[Claimed] = []
        self._since = FROM_THE_START
        self._since_is_good_until = 0.0

    async def run(self) -> None:
        """Claim and send; at the end wait for what is in flight and write it down.

        What is still in flight when the patience is over is left to its lease.
        """
        work = asyncio.create_task(self._work())
        companions = [
            asyncio.create_task(self._listener.run()),
            asyncio.create_task(self._settler.run()),
        ]
        try:
            # Companions run for ever: one that ends has failed, and the pump ends with it.
            await asyncio.wait([work, *companions], return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in [work, *companions, *self._attempts]:
                await _end(task)
        for task in (work, *companions):
            if not task.cancelled():
                task.result()

    async def _work(self) -> None:
        await self._claim_until_idle()
        deadline = time.monotonic() + STOP_SECONDS
        while self._room < self._capacity and time.monotonic() < deadline:
            await self._rest(SHORTEST_REST_SECONDS)
        # A token that nobody waits for any more may have to be kept all the same.
        await PROCESS_TOKENS.finish(seconds=max(0.0, deadline - time.monotonic()))
        await self._give_back()

    async def _claim_until_idle(self) -> None:
        last_busy = time.monotonic()
        asked_at = 0.0
        waits = False
        while not self._must_stop():
            self._wake.clear()
            seconds = LONGEST_REST_SECONDS
            if self._room:
                await self._give_back()
                await self._look_around()
                await asyncio.sleep(asked_at + CLAIM_INTERVAL_SECONDS - time.monotonic())
                asked_at = time.monotonic()
                claimed = await self._claim(waits=waits)
                self._start(claimed.deliveries, asked_at)
                if claimed.deliveries and not self._room:
                    await self._listener.ring_on()
                # One lane at a time is waited for; in between all are looked at.
                waits = self._room > 0 and claimed.has_passed_over and not waits
                seconds = 0.0 if waits else self._seconds_until_next(claimed)
            if self._room < self._capacity or self._wake.is_set():
                last_busy = time.monotonic()
            elif time.monotonic() - last_busy > self._idle_seconds:
                return
            await self._rest(min(seconds, self._idle_seconds))

    async def _look_around(self) -> None:
        """See what time it is and where something waits, now and then; slots count from after."""
        try:
            async with self._pool.connection() as connection:
                await self._clock.measure(connection)
                if time.monotonic() > self._since_is_good_until:
                    self._since = await oldest_waiting(connection, now=self._clock.now())
                    self._since_is_good_until = time.monotonic() + SINCE_SECONDS
        except psycopg.OperationalError as away:
            logger.warning("PostgreSQL is away; claims look where they did: %s", away)

    async def _claim(self, *, waits: bool) -> Claim:
        try:
            async with self._pool.connection() as connection:
                now = self._clock.now()
                with counters.timing(Count.CLAIM_SECONDS):
                    return await claim(
                        connection, room=self._room, now=now, since=self._since, waits=waits
                    )
        except psycopg.OperationalError as away:
            logger.warning("PostgreSQL is away; claiming again in a second: %s", away)
            return Claim([], None)

    async def _give_back(self) -> None:
        if not self._unsent:
            return
        unsent, self._unsent = self._unsent, []
        try:
            async with self._pool.connection() as connection:
                await give_back(connection, unsent=unsent, now=self._clock.now())
        except psycopg.OperationalError as away:
            logger.warning("PostgreSQL is away; %d leases will expire: %s", len(unsent), away)

    def _start(self, deliveries: Iterable[Claimed], asked_at: float) -> None:
        for claimed in deliveries:
            self._room -= 1
            attempt = asyncio.create_task(self._attempt(claimed, _slot(claimed, asked_at)))
            self._attempts.add(attempt)
            attempt.add_done_callback(self._attempts.discard)

    async def _attempt(self, claimed: Claimed, slot: Slot | None) -> None:
        try:
            result = await make_attempt(
                claimed,
                slot=slot,
                pool=self._pool,
                clock=self._clock,
                equipment_store=self._equipment_store,
                transport=self._transport,
            )
        except SlotMissedError:
            self._unsent.append(claimed)
            self._make_room(1)
            self._wake.set()
        except Exception as error:  # noqa: BLE001  one delivery never stops the others
            # Its lease expires, and the third time it is set aside. Without the message, which
            # could quote a person's data.
            frames = "".join(traceback.format_tb(error.__traceback__))
            logger.error(  # noqa: TRY400
                "an attempt came to nothing: %s\n%s",
                type(error).__name__,
                frames,
                extra={"delivery_id": str(claimed.id)},
            )
            self._make_room(1)
        else:
            telemetry.attempt_ended(claimed, result)
            self._settler.add(result)

    def _make_room(self, count: int) -> None:
        if not self._room:
            self._wake.set()
        self._room += count

    def _seconds_until_next(self, claimed: Claim) -> float:
        longest = DEAF_REST_SECONDS if self._listener.is_deaf else LONGEST_REST_SECONDS
        if claimed.next_ready_at is None:
            return longest
        seconds = (claimed.next_ready_at - self._clock.now()).total_seconds()
        if not claimed.deliveries:
            # Another pump is at that lane just now, or was rung for it.
            seconds = SHORTEST_REST_SECONDS if seconds <= 0 else seconds + OTHERS_SECONDS
        return max(0.0, min(seconds, longest))

    async def _rest(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._wake.wait(), seconds)


def _slot(claimed: Claimed, asked_at: float) -> Slot | None:
    if claimed.slot_in_seconds is None:
        return None
    return Slot(asked_at + claimed.slot_in_seconds, claimed.slot_lasts_seconds)


async def _end(task: asyncio.Task[None]) -> None:
    """Cancel it until it ends: redis-py swallows a cancellation now and then."""
    while not task.done():
        task.cancel()
        await asyncio.wait([task], timeout=0.2)
