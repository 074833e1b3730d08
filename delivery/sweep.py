"""Puts in order, every second, what a process left behind that was killed or came too late."""

from collections.abc import Callable
from datetime import datetime
from functools import partial

from django.db import connection as database
from django.db import transaction

from delivery import doorbell, outages, queue

# Any number that nobody else uses; two sweeps at once would only do the same work twice.
ADVISORY_LOCK = 7_238_001


def sweep(*, now: datetime) -> None:
    """Free expired leases, cancel what waits for deleted connections, and see that pumps run.

    Each step is a transaction of its own: each locks lanes in the order of their ids, but two of
    them in one transaction would not, and could wait for a settle that waits for them.
    """
    since = queue.oldest_to_sweep(now=now)
    _alone(partial(queue.release_expired, now=now, since=since))
    _alone(partial(queue.ring_forgotten_lanes, now=now, since=since))
    _alone(partial(queue.cancel_archived, now=now))
    outages.review_forgotten(now=now)
    doorbell.ring()
    doorbell.keep_a_pump_queued()


@transaction.atomic
def _alone(step: Callable[[], object]) -> None:
    with database.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [ADVISORY_LOCK])
        [is_alone] = cursor.fetchone()
    if is_alone:
        step()
