"""A claim leases what is due to one worker, fairly from the lanes that waited longest.

It locks lanes first and looks at deliveries in a statement of its own, after the locks, so it
sees all that was committed before. It skips the lanes that others hold. One that is written to all
the time could be skipped for ever: a claim that gets none, or is told to wait, queues for the
longest unserved lane, and as it holds nothing meanwhile, nobody can wait for it in turn.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg import AsyncConnection
from psycopg.errors import LockNotAvailable
from psycopg.rows import args_row
from uuid_utils.compat import uuid7

from delivery import pacing
from delivery.breaker import FAILURES_TO_OPEN
from delivery.queue.lanes import RING
from delivery.queue.oldest import FROM_THE_START

LEASE_MARGIN_SECONDS = 5

# A lane that others hold now and then, while there are free ones, is soon found free as well.
PATIENCE_SECONDS = 0.05
# Longer than the queue of those who write to a busy lane; other lanes are not claimed meanwhile.
LONGEST_WAIT_SECONDS = 0.25

# The pump's now, and what the lock of a lane was waited for since then.
_NOW = "(%(now)s + (statement_timestamp() - transaction_timestamp()))"

UNLINKED = "Its campaign was unlinked from the connection before it was sent."

# What holds a lane back for a while is asked when somebody looks, and not kept in `ready_at`: what
# it depends on, the count of failures and the live version's limit, may change meanwhile.
_LOOK_AT = """
GREATEST(
    lane.ready_at, CASE WHEN lane.failures >= %(failures_to_open)s THEN lane.probe_at END,
    -- With a rate limit, when most of the slots that were given out are used.
    %(now)s + (lane.last_slot_at - statement_timestamp())
        + make_interval(secs => %(stretch)s / version.rate_per_second - %(refill)s)
)
"""

_LIVE_LANES = """
JOIN connections_connection connection ON connection.id = lane.connection_id
JOIN connections_connectionversion version ON version.id = connection.live_version_id
WHERE connection.status = 'active' AND lane.ready_at IS NOT NULL
    AND (lane.failures < %(failures_to_open)s OR lane.probe_at IS NOT NULL)
"""

_READY_LANES = f"""
    SELECT lane.connection_id FROM delivery_lane lane {_LIVE_LANES}
        AND lane.ready_at <= %(now)s AND {_LOOK_AT} <= %(now)s
    ORDER BY lane.served_at
"""  # noqa: S608  our own text

# The second part runs when the first got nothing, or was told to take nothing: `lock_timeout`
# and `free` are asked once, before any lane is. Which lane is decided before the wait and not
# after it: else a lane that is not ready any more would stay locked while the next is waited for.
_LOCK_LANES = f"""
WITH free AS (
    UPDATE delivery_lane lane SET fence = %(fence)s
    FROM (
        {_READY_LANES}
        LIMIT CASE WHEN %(waits)s THEN 0 ELSE %(room)s END
        FOR UPDATE OF lane SKIP LOCKED
    ) ready
    WHERE lane.connection_id = ready.connection_id
    RETURNING lane.connection_id
)
UPDATE delivery_lane lane SET fence = %(fence)s
WHERE NOT EXISTS (SELECT FROM free)
    AND (SELECT set_config('lock_timeout', %(longest_wait)s, TRUE)) IS NOT NULL
    AND lane.connection_id = ({_READY_LANES} LIMIT 1) AND lane.ready_at <= %(now)s
    AND (lane.failures < %(failures_to_open)s OR lane.probe_at <= %(now)s)
"""  # noqa: S608

# Each lane gets an equal share of the room, up to its free slots; what is left of the room is
# given out by the claim that follows at once. So the cost is bounded by the room alone.
_CLAIM = f"""
WITH lane AS (
    SELECT lane.connection_id, connection.name, connection.revision, version.id AS version_id,
        make_interval(secs => 2 * version.timeout_seconds + %(margin)s) AS lease,
        slot.apart_seconds, slot.first_in_seconds,
        GREATEST(%(slot)s, slot.apart_seconds - 1 - %(slot)s) AS slot_lasts_seconds,
        lane.failures >= %(failures_to_open)s AS is_open,
        -- While the breaker is open, one probe at a time.
        LEAST(%(room)s / count(*) OVER (), CASE
            WHEN lane.failures < %(failures_to_open)s THEN version.concurrency ELSE 1
        END - (
            SELECT count(*) FROM delivery_delivery leased
            WHERE leased.connection_id = lane.connection_id AND leased.lease_expires_at IS NOT NULL
                AND leased.id >= %(since)s
        ), floor((%(horizon)s - slot.first_in_seconds) / slot.apart_seconds) + 1)::int AS free
    FROM delivery_lane lane
    JOIN connections_connection connection ON connection.id = lane.connection_id
    JOIN connections_connectionversion version ON version.id = connection.live_version_id
    CROSS JOIN LATERAL (
        -- All null without a rate limit.
        SELECT %(stretch)s / version.rate_per_second AS apart_seconds, GREATEST(%(lead)s,
            extract(epoch FROM lane.last_slot_at - statement_timestamp())::float8
                + %(stretch)s / version.rate_per_second
        ) + 0 * version.rate_per_second AS first_in_seconds
    ) slot
    WHERE lane.fence = %(fence)s AND connection.status = 'active'
), picked AS (
    SELECT due.id, due.is_linked, lane.*, lane.first_in_seconds + lane.apart_seconds * (
            row_number() OVER (PARTITION BY lane.connection_id ORDER BY due.next_attempt_at) - 1
        ) AS slot_in_seconds
    FROM lane CROSS JOIN LATERAL (
        -- A LIMIT, where EXISTS would be enough: the planner must not read all links for it.
        SELECT delivery.id, delivery.next_attempt_at, NULL IS DISTINCT FROM (
            SELECT link.id FROM campaigns_campaignlink link
            WHERE link.campaign_id = delivery.campaign_id AND link.unlinked_at IS NULL
                AND link.connection_id = delivery.connection_id
            LIMIT 1
        ) AS is_linked
        FROM delivery_delivery delivery
        WHERE delivery.connection_id = lane.connection_id
            AND delivery.status IN ('pending', 'retrying') AND delivery.lease_expires_at IS NULL
            AND delivery.next_attempt_at <= {_NOW}
            AND delivery.id >= %(since)s
        ORDER BY delivery.next_attempt_at
        LIMIT GREATEST(lane.free, 0)
        FOR UPDATE OF delivery SKIP LOCKED
    ) due
), paced AS (
    UPDATE delivery_lane lane
    SET last_slot_at = COALESCE(
            statement_timestamp() + make_interval(secs => last.slot_in_seconds), lane.last_slot_at
        ),
        -- Should nothing come of the probe, another may follow when its lease is over.
        probe_at = CASE WHEN is_open THEN {_NOW} + last.lease END,
        probes = lane.probes + is_open::int
    FROM (
        SELECT connection_id, is_open, lease,
            max(slot_in_seconds) AS slot_in_seconds
        FROM picked WHERE slot_in_seconds IS NOT NULL OR is_open
        GROUP BY connection_id, is_open, lease
    ) last
    WHERE lane.connection_id = last.connection_id
), cancelled AS (
    -- An attempt was under way when its campaign was unlinked, and asked for another.
    UPDATE delivery_delivery delivery
    SET status = 'cancelled', reason = %(unlinked)s, finished_at = {_NOW}, next_attempt_at = NULL
    FROM picked WHERE delivery.id = picked.id AND NOT picked.is_linked
        AND delivery.id >= %(since)s
), claimed AS (
    UPDATE delivery_delivery delivery
    SET fence = %(fence)s, lease_expires_at = {_NOW} + picked.lease,
        first_attempt_at = COALESCE(delivery.first_attempt_at, {_NOW})
    FROM picked WHERE delivery.id = picked.id AND picked.is_linked
        AND delivery.id >= %(since)s
    RETURNING delivery.id, delivery.fence, delivery.attempt_count,
        -- Later by what it was held since it was due: by a pause, a breaker, or busy workers.
        delivery.first_attempt_at + ({_NOW} - GREATEST(
            delivery.next_attempt_at, delivery.first_attempt_at
        )) AS first_attempt_at,
        delivery.account_id, delivery.referral_id, delivery.campaign_id, delivery.connection_id,
        picked.name AS connection_name, picked.revision AS connection_revision, picked.version_id,
        picked.slot_in_seconds, picked.slot_lasts_seconds
)
SELECT claimed.id, claimed.fence, claimed.attempt_count, claimed.first_attempt_at,
    claimed.account_id, account.wrapped_key, claimed.referral_id, referral.external_id,
    referral.occurred_at, referral.attributes_sealed, claimed.campaign_id, campaign.name,
    campaign.reference, claimed.connection_id, claimed.connection_name,
    claimed.connection_revision, claimed.version_id,
    -- From when the lanes were asked for, however long that took.
    claimed.slot_in_seconds
        + extract(epoch FROM statement_timestamp() - transaction_timestamp())::float8,
    claimed.slot_lasts_seconds
FROM claimed
JOIN delivery_referral referral ON referral.id = claimed.referral_id
    AND referral.id >= %(since)s
JOIN campaigns_campaign campaign ON campaign.id = claimed.campaign_id
JOIN accounts_account account ON account.id = claimed.account_id
"""  # noqa: S608

_SILENCE_LANES = f"""
WITH looked AS (
    SELECT lane.connection_id, (
        SELECT count(*) FROM delivery_delivery leased
        WHERE leased.connection_id = lane.connection_id AND leased.lease_expires_at IS NOT NULL
            AND leased.id >= %(since)s
    ) >= CASE
        WHEN lane.failures < %(failures_to_open)s THEN version.concurrency ELSE 1
    END AS is_full, (
        SELECT waiting.next_attempt_at
        FROM delivery_delivery waiting
        WHERE waiting.connection_id = lane.connection_id
            AND waiting.status IN ('pending', 'retrying') AND waiting.lease_expires_at IS NULL
            AND waiting.id >= %(since)s
        ORDER BY waiting.next_attempt_at
        LIMIT 1
    ) AS next_at
    FROM delivery_lane lane
    JOIN connections_connection connection ON connection.id = lane.connection_id
    JOIN connections_connectionversion version ON version.id = connection.live_version_id
    WHERE lane.fence = %(fence)s
), silenced AS (
    UPDATE delivery_lane lane
    SET ready_at = CASE WHEN NOT looked.is_full THEN looked.next_at END, is_full = looked.is_full,
        served_at = {_NOW}
    FROM looked WHERE lane.connection_id = looked.connection_id
    RETURNING lane.*
)
SELECT min({_LOOK_AT}), COALESCE(bool_or(
    lane.fence IS DISTINCT FROM %(fence)s
    AND GREATEST({_LOOK_AT}, lane.served_at) <= {_NOW} - make_interval(secs => %(patience)s)
), FALSE)
FROM (
    SELECT * FROM silenced
    UNION ALL SELECT * FROM delivery_lane WHERE fence IS DISTINCT FROM %(fence)s
) lane {_LIVE_LANES}
"""  # noqa: S608

_GIVE_BACK = """
WITH changed AS (
    UPDATE delivery_delivery delivery
    SET lease_expires_at = NULL, fence = NULL,
        first_attempt_at = CASE WHEN attempt_count > 0 THEN first_attempt_at END
    FROM unnest(%(ids)s::uuid[], %(fences)s::uuid[]) AS unsent (id, fence)
    WHERE delivery.id = unsent.id AND delivery.fence = unsent.fence
        AND delivery.id >= %(first_id)s
    RETURNING delivery.connection_id
)
"""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery under lease, with all that is needed to make one attempt.

    The fields stand in the order of the columns of `_CLAIM`.
    """

    id: UUID
    fence: UUID
    attempt_count: int
    first_attempt_at: datetime
    account_id: UUID
    wrapped_key: bytes
    referral_id: UUID
    external_id: str
    occurred_at: datetime | None
    attributes_sealed: bytes
    campaign_id: UUID
    campaign_name: str
    campaign_reference: str
    connection_id: UUID
    connection_name: str
    connection_revision: int
    version_id: UUID
    slot_in_seconds: float | None
    """When it may be sent, from the moment of the claim; None: there is no rate limit."""
    slot_lasts_seconds: float


@dataclass(frozen=True, slots=True)
class Claim:
    deliveries: list[Claimed]
    next_ready_at: datetime | None
    """When it is worth looking again if nobody rings; None: not before somebody does."""
    has_passed_over: bool = False
    """A lane was ready, and has been left for a while: somebody held it, or there was no room."""


async def claim(
    connection: AsyncConnection,
    *,
    room: int,
    now: datetime,
    since: UUID = FROM_THE_START,
    waits: bool = False,
) -> Claim:
    """Lease up to `room` due deliveries, fairly from the lanes that waited longest.

    With `waits`, from the one lane that waited longest, and not before whoever holds it is done.

    *Effects*: one transaction, one round trip; the leases outlast the exchange's deadline.
    """
    parameters = claim_parameters(room=room, now=now, since=since, waits=waits)
    try:
        return await _claim(connection, parameters)
    except LockNotAvailable:
        return Claim([], now)


async def _claim(connection: AsyncConnection, parameters: dict[str, object]) -> Claim:
    # What stands in one pipeline is one transaction, without BEGIN and COMMIT to be sent.
    async with connection.pipeline() as pipeline:
        await connection.execute(_LOCK_LANES, parameters)
        claimed = connection.cursor(row_factory=args_row(Claimed))
        await claimed.execute(_CLAIM, parameters)
        next_ready = await connection.execute(_SILENCE_LANES, parameters)
        # Committed without us: with our hands full we would keep the lanes until we look.
        await pipeline.sync()
        deliveries = await claimed.fetchall()
        next_ready_at, has_passed_over = await next_ready.fetchone() or (None, False)
    return Claim(deliveries, next_ready_at, has_passed_over)


def claim_parameters(
    *, room: int, now: datetime, since: UUID = FROM_THE_START, waits: bool = False
) -> dict[str, object]:
    return {
        "since": since,
        "fence": uuid7(),
        "room": room,
        "waits": waits,
        "now": now,
        "margin": LEASE_MARGIN_SECONDS,
        "unlinked": UNLINKED,
        "stretch": pacing.SLOT_STRETCH,
        "slot": pacing.SLOT_SECONDS,
        "lead": pacing.LEAD_SECONDS,
        "horizon": pacing.HORIZON_SECONDS,
        "refill": pacing.REFILL_SECONDS,
        "failures_to_open": FAILURES_TO_OPEN,
        "patience": PATIENCE_SECONDS,
        "longest_wait": f"{LONGEST_WAIT_SECONDS}s",
    }


async def give_back(
    connection: AsyncConnection, *, unsent: Sequence[Claimed], now: datetime
) -> None:
    """Let what was claimed, and not sent, be claimed again; no attempt is used up."""
    parameters = {
        "ids": [claimed.id for claimed in unsent],
        "fences": [claimed.fence for claimed in unsent],
        "first_id": min(claimed.id for claimed in unsent),
        "now": now,
    }
    await connection.execute(_GIVE_BACK + RING, parameters)
