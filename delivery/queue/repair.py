"""What a sweep puts in order: leases that ran out, and what waits for deleted connections."""

from datetime import datetime
from typing import cast
from uuid import UUID

from django.db import connection as database

from delivery.queue.lanes import RING, execute
from delivery.queue.oldest import FROM_THE_START
from delivery.statistics import COUNT_GIVEN_UP

POISON_EXPIRIES = 3

SWEEP_ROWS = 1_000

# When PostgreSQL was away, workers that live write first what they got meanwhile: leases that
# ran out in that time are not given to others before.
FIRST_WRITES_SECONDS = 5

ARCHIVED = "Its connection was deleted before it was sent."

INTERRUPTED = (
    "The worker that was sending it stopped before it had an answer; it will be sent again"
    " under the same Idempotency-Key."
)

POISON = (
    f"poison: {POISON_EXPIRIES} times a worker stopped while sending it, so it was set aside."
    " Look for its id in the workers' log, mend the cause, then replay it."
)

_RELEASE_EXPIRED = """
WITH expired AS (
    SELECT id, lease_expiries + 1 >= %(poison_expiries)s AS is_poison
    FROM delivery_delivery
    WHERE lease_expires_at < %(now)s AND id >= %(since)s
        AND pg_postmaster_start_time() < %(now)s - make_interval(secs => %(first_writes)s)
    LIMIT %(limit)s FOR UPDATE SKIP LOCKED
), changed AS (
    UPDATE delivery_delivery delivery
    SET lease_expires_at = NULL, fence = NULL, lease_expiries = lease_expiries + 1,
        status = CASE WHEN is_poison THEN 'failed' ELSE delivery.status END,
        reason = CASE WHEN is_poison THEN %(poison)s ELSE %(interrupted)s END,
        next_attempt_at = CASE WHEN NOT is_poison THEN delivery.next_attempt_at END,
        finished_at = CASE WHEN is_poison THEN %(now)s::timestamptz END
    FROM expired WHERE delivery.id = expired.id
        AND delivery.id >= %(since)s
    RETURNING delivery.account_id, delivery.connection_id, delivery.campaign_id, delivery.status
)
"""

# What was in flight, or came in, while its connection was being deleted. The lane is silenced
# first, so that nothing that rings later goes unseen.
_SILENCE_ARCHIVED = """
WITH archived AS (
    SELECT lane.connection_id
    FROM delivery_lane lane
    JOIN connections_connection connection ON connection.id = lane.connection_id
    WHERE connection.status = 'archived' AND lane.ready_at IS NOT NULL
    ORDER BY lane.connection_id
    FOR UPDATE OF lane
)
UPDATE delivery_lane lane SET ready_at = NULL
FROM archived WHERE lane.connection_id = archived.connection_id
RETURNING lane.connection_id
"""

_CANCEL_ARCHIVED = """
UPDATE delivery_delivery
SET status = 'cancelled', reason = %(reason)s, finished_at = %(now)s, next_attempt_at = NULL
WHERE connection_id = ANY(%(ids)s) AND status IN ('pending', 'retrying')
    AND lease_expires_at IS NULL
"""


def release_expired(*, now: datetime, since: UUID = FROM_THE_START) -> int:
    """Let what a stopped worker held be sent again, and set aside what stopped three.

    *Shape*: the number of lanes that were rung for it.
    """
    parameters = {
        "now": now,
        "since": since,
        "limit": SWEEP_ROWS,
        "first_writes": FIRST_WRITES_SECONDS,
        "poison_expiries": POISON_EXPIRIES,
        "poison": POISON,
        "interrupted": INTERRUPTED,
        "given_up_for": "poison",
    }
    count = f", statistic AS ({COUNT_GIVEN_UP})"
    return execute(_RELEASE_EXPIRED + count + RING, parameters)


def cancel_archived(*, now: datetime) -> None:
    """Cancel what waits for connections that were deleted meanwhile."""
    with database.cursor() as cursor:
        cursor.execute(_SILENCE_ARCHIVED)
        ids = [connection_id for (connection_id,) in cursor.fetchall()]
        if ids:
            cursor.execute(_CANCEL_ARCHIVED, {"ids": ids, "now": now, "reason": ARCHIVED})


def database_now() -> datetime:
    """Return the time by which leases are given and end, whatever this machine's clock says."""
    with database.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        return cast("datetime", cursor.fetchone()[0])
