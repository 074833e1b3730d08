"""The time that counts for what is due: PostgreSQL's, since a worker's own clock may be wrong."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from psycopg import AsyncConnection

MEASURE_EVERY_SECONDS = 10.0
# Machines that keep their clocks differ by less; so nothing that is due waits for our error.
TOLERATED = timedelta(seconds=0.25)
LONGEST_ROUND_TRIP_SECONDS = 0.5


def _own() -> datetime:
    return datetime.now(UTC)


class Clock:
    """This machine's clock, put right by as much as it differs from PostgreSQL's."""

    def __init__(self, own: Callable[[], datetime] = _own) -> None:
        self._own = own
        self._behind = timedelta()
        self._measure_at = 0.0

    def now(self) -> datetime:
        return self._own() + self._behind

    async def measure(self, connection: AsyncConnection) -> None:
        """Compare both clocks, unless that was done a moment ago; costs one round trip."""
        started = time.monotonic()
        if started < self._measure_at:
            return
        before = self._own()
        cursor = await connection.execute("SELECT clock_timestamp()")
        row = await cursor.fetchone()
        round_trip_seconds = time.monotonic() - started
        if row is None or round_trip_seconds > LONGEST_ROUND_TRIP_SECONDS:
            return  # too coarse; the next claim tries again
        behind = row[0] - before - timedelta(seconds=round_trip_seconds / 2)
        self._behind = behind if abs(behind) > TOLERATED else timedelta()
        self._measure_at = started + MEASURE_EVERY_SECONDS
