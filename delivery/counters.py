"""Counts what happens in this process, and adds it up with all others' in Redis for /metrics.

A count is worth less than a delivery: it is handed over once a second by a thread of its own,
kept while Redis is away, and lost for that second when the process is killed. What must be
exact is counted in PostgreSQL.
"""

import atexit
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum
from functools import cache
from itertools import dropwhile

from django.conf import settings
from redis import Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry

COUNTS = "referral_export:counts"
CARRY_EVERY_SECONDS = 1.0
PATIENCE_SECONDS = 1.0
BUCKETS_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


class Count(StrEnum):
    """What is counted; those with labels have one, and few values of it."""

    REFERRALS = "referrals"
    """By `intake.Acceptance`."""
    SETTLED = "settled"
    """By `DeliveryStatus`: what became of deliveries by an attempt."""
    DOORBELLS_LOST = "doorbells_lost"
    CLAIM_SECONDS = "claim_seconds"
    SETTLE_SECONDS = "settle_seconds"


def field_of(count: Count, label: str = "") -> str:
    """Return under what name a count is kept in Redis."""
    return f"{count.value}:{label}"


class Counters:
    """The counts of this process that nobody has carried away yet; safe in many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[str, float] = {}
        self._some = threading.Event()
        self._thread: threading.Thread | None = None

    def add(self, count: Count, label: str = "", amount: float = 1) -> None:
        self._add({field_of(count, label): amount})

    def observe(self, count: Count, seconds: float) -> None:
        """Put a duration into its histogram; as in Prometheus each bucket holds those below."""
        buckets = dropwhile(lambda bound: bound < seconds, BUCKETS_SECONDS)
        amounts = {field_of(count, f"{bound}"): 1.0 for bound in buckets}
        self._add(amounts | {field_of(count, "+Inf"): 1, field_of(count, "sum"): seconds})

    @contextmanager
    def timing(self, count: Count) -> Iterator[None]:
        """Observe how long the block takes, if it succeeds."""
        started = time.monotonic()
        yield
        self.observe(count, time.monotonic() - started)

    def carry(self) -> None:
        """Add to Redis what was counted here; without it the counts are kept."""
        with self._lock:
            counts, self._counts = self._counts, {}
        if not counts:
            return
        try:
            with _client().pipeline(transaction=True) as pipeline:
                for field, amount in counts.items():
                    pipeline.hincrbyfloat(COUNTS, field, amount)
                pipeline.execute()
        except (RedisError, OSError):
            self._keep(counts)

    def _add(self, amounts: Mapping[str, float]) -> None:
        self._keep(amounts)
        if self._thread is None or not self._thread.is_alive():
            # Not before there is something to count, and again in a process that was forked.
            self._thread = threading.Thread(target=self._keep_carrying, daemon=True)
            self._thread.start()
            atexit.register(self.carry)
        self._some.set()

    def _keep(self, amounts: Mapping[str, float]) -> None:
        with self._lock:
            for field, amount in amounts.items():
                self._counts[field] = self._counts.get(field, 0) + amount

    def _keep_carrying(self) -> None:
        while True:
            self._some.wait()
            time.sleep(CARRY_EVERY_SECONDS)
            self._some.clear()
            self.carry()


counters = Counters()
"""Those of this process."""


def read_counts() -> dict[str, float]:
    """Return what all processes counted since Redis lost its memory last.

    *Raises* redis.RedisError.
    """
    counters.carry()
    kept = _client().hgetall(COUNTS)
    return {str(field): float(amount) for field, amount in kept.items()}


@cache
def _client() -> Redis:
    return Redis.from_url(
        settings.REDIS_URL,
        decode_responses=True,
        socket_timeout=PATIENCE_SECONDS,
        socket_connect_timeout=PATIENCE_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )
