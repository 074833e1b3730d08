"""Wakes the pumps by way of Redis; whoever finds it away goes on, since the sweep looks too."""

import asyncio
import logging
import math
import time
from collections.abc import Callable
from contextlib import suppress
from functools import cache

from celery import current_app
from django.conf import settings
from kombu.exceptions import OperationalError
from redis import Redis, RedisError
from redis.asyncio import Redis as AsyncRedis
from redis.backoff import NoBackoff
from redis.retry import Retry

from delivery.counters import Count, counters

# Holds in how many milliseconds there is something to claim.
BELL = "referral_export:delivery:bell"
LISTENING = "referral_export:delivery:listening"
QUEUE = "deliveries"
PUMP_TASK = "delivery.pump"

# A referral's sender waits for us: a Redis that does not answer is left alone for a while.
PATIENCE_SECONDS = 0.25
PAUSE_SECONDS = 5.0
LISTENING_SECONDS = 3
FULL_REST_SECONDS = 0.1

logger = logging.getLogger(__name__)


class _Redis:
    """A client that gives up soon, and then leaves Redis alone for a while."""

    def __init__(self) -> None:
        self._away_until = 0.0
        self._client = Redis.from_url(
            settings.REDIS_URL,
            socket_timeout=PATIENCE_SECONDS,
            socket_connect_timeout=PATIENCE_SECONDS,
            retry=Retry(NoBackoff(), 0),
        )

    def ring(self, in_seconds: float) -> None:
        self._send_pump_unless(lambda: self._is_heard(in_seconds))

    def keep_a_pump_queued(self) -> None:
        self._send_pump_unless(lambda: bool(self._client.llen(QUEUE)))

    def _send_pump_unless(self, is_needless: Callable[[], bool]) -> None:
        if time.monotonic() < self._away_until:
            counters.add(Count.DOORBELLS_LOST)
            return
        try:
            if not is_needless():
                send_pump()
        except (RedisError, OSError, OperationalError) as away:
            self._away_until = time.monotonic() + PAUSE_SECONDS
            counters.add(Count.DOORBELLS_LOST)
            logger.warning("Redis is away; deliveries wait until a pump looks: %s", away)

    def _is_heard(self, in_seconds: float) -> bool:
        """Ring, once however often; tell whether a pump listens or is queued to be started."""
        with self._client.pipeline(transaction=False) as pipeline:
            pipeline.lpush(BELL, math.ceil(in_seconds * 1000))
            pipeline.ltrim(BELL, 0, 0)
            pipeline.exists(LISTENING)
            pipeline.llen(QUEUE)
            *_, listening, queued = pipeline.execute()
        return bool(listening or queued)


def ring(in_seconds: float = 0.0) -> None:
    """Wake a pump, or have one started when none listens; called after the commit.

    Should there be nothing to claim before, it wakes so many seconds later.
    """
    _redis().ring(in_seconds)


def send_pump() -> None:
    """Have a worker start a pump."""
    current_app.send_task(PUMP_TASK, queue=QUEUE, retry=False, ignore_result=True)


def keep_a_pump_queued() -> None:
    """See to it that a worker's process without a pump finds one to run, and that none pile up."""
    _redis().keep_a_pump_queued()


@cache
def _redis() -> _Redis:
    return _Redis()


class Listener:
    """A pump's ear: sets its event when somebody rings, and lets it be known that it listens.

    While its pump is full it leaves the bell to another one.
    """

    def __init__(self, wake: asyncio.Event, *, is_full: Callable[[], bool]) -> None:
        self.is_deaf = False
        """Redis is away; whoever waits for the bell looks for himself, and more often."""
        self._wake = wake
        self._is_full = is_full
        self._client = AsyncRedis.from_url(settings.REDIS_URL, socket_timeout=3, retry=None)

    async def ring_on(self) -> None:
        """Wake another pump, since one that has its hands full took the bell."""
        with suppress(RedisError, OSError):
            async with self._client.pipeline(transaction=False) as pipeline:
                pipeline.lpush(BELL, 0)
                pipeline.ltrim(BELL, 0, 0)
                await pipeline.execute()

    async def run(self) -> None:
        """Listen until cancelled."""
        async with self._client as client:
            while True:
                try:
                    await client.set(LISTENING, 1, ex=LISTENING_SECONDS)
                    if self._is_full():
                        await asyncio.sleep(FULL_REST_SECONDS)
                    elif rung := await client.blpop([BELL], timeout=1):
                        await asyncio.sleep(int(rung[1]) / 1000)
                        self._wake.set()
                        if self._is_full():  # since it began to listen
                            await self.ring_on()
                    self.is_deaf = False
                except (RedisError, OSError) as away:
                    if not self.is_deaf:
                        logger.warning("Redis is away; the pump asks PostgreSQL instead: %s", away)
                    self.is_deaf = True
                    await asyncio.sleep(1)
