"""Puts in order, every second, what a process left behind that was killed or came too late."""

from datetime import datetime

from django.db import connection as database
from django.db import transaction

from delivery import doorbell, outages, queue

# Any number that nobody else uses; two sweeps at once would only do the same work twice.
ADVISORY_LOCK = 7_238_001


def sweep(*, now: datetime) -> None:
    """Free expired leases, cancel what waits for deleted connections, and see that pumps run."""
    with transaction.atomic():
        if not _is_alone():
            return
        since = queue.oldest_to_sweep(now=now)
        queue.release_expired(now=now, since=since)
        queue.ring_forgotten_lanes(now=now, since=since)
        queue.cancel_archived(now=now)
    # By itself: it locks connections before lanes.
    outages.review_forgotten(now=now)
    doorbell.ring()
    doorbell.keep_a_pump_queued()


def _is_alone() -> bool:
    with database.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [ADVISORY_LOCK])
        return bool(cursor.fetchone()[0])
