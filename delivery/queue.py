"""The engine's statements: claim, settle, cancel, and what keeps lanes and leases honest.

How they stay exact side by side: a claim locks lanes first and skips what others hold, so it
never waits; it looks at deliveries in a statement of its own, after the locks, so it sees all
that was committed before. Whoever makes a delivery wait or frees a slot rings the lane, and
only a claim silences it. A settle writes only what still bears the fence of its claim.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

from django.db import connection as database
from psycopg import AsyncConnection
from psycopg.rows import args_row
from uuid_utils.compat import uuid7

from delivery import pacing, statistics
from delivery.breaker import FAILURES_TO_OPEN, Evidence, Tally, tallies
from delivery.models import DeliveryStatus
from delivery.moments import first_id_at

LEASE_MARGIN_SECONDS = 5
POISON_EXPIRIES = 3
SWEEP_ROWS = 1_000


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


@dataclass(frozen=True, slots=True)
class Settled:
    """The result of one attempt, as it is written; the fields are parameters of `_SETTLE`."""

    id: UUID
    fence: UUID
    connection_id: UUID
    evidence: Evidence
    status: DeliveryStatus
    reason: str
    rule: str | None
    captures: str
    next_attempt_at: datetime | None
    finished_at: datetime | None
    attempt_id: UUID
    number: int
    version_id: UUID
    started_at: datetime
    duration_ms: float
    response_status: int | None
    outcome: str
    error_code: str
    unmatched_shape: UUID | None
    record_sealed: bytes


@dataclass(frozen=True, slots=True)
class Span:
    """The ids between which all lie that wait or are leased: `since` and above, below `until`.

    It keeps a statement out of the partitions of the past and of the future. One that is some
    seconds old is good enough: if something older waits again, the sweep rings for it.
    """

    since: UUID
    until: UUID


EVERYTHING = Span(UUID(int=0), UUID(int=2**128 - 1))
# Clocks differ: what was made just now may bear an id of before, or of what is to come.
CLOCKS_DIFFER = timedelta(hours=1)


def _span(row: tuple[bool, datetime | None] | None, now: datetime) -> Span:
    if row is None or row[0]:
        return EVERYTHING
    recent = now - CLOCKS_DIFFER
    return Span(
        since=first_id_at(min(row[1] or recent, recent)), until=first_id_at(now + CLOCKS_DIFFER)
    )


_LOCK_LANES = """
UPDATE delivery_lane lane SET fence = %(fence)s, served_at = %(now)s
FROM (
    SELECT lane.connection_id
    FROM delivery_lane lane
    JOIN connections_connection connection ON connection.id = lane.connection_id
    WHERE lane.ready_at <= %(now)s AND connection.status = 'active'
        AND (lane.failures < %(failures_to_open)s OR lane.probe_at <= %(now)s)
    ORDER BY lane.served_at
    LIMIT %(room)s
    FOR UPDATE OF lane SKIP LOCKED
) ready
WHERE lane.connection_id = ready.connection_id
"""

# Each lane gets an equal share of the room, up to its free slots; what is left of the room is
# given out by the claim that follows at once. So the cost is bounded by the room alone.
_CLAIM = """
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
                AND leased.id >= %(since)s AND leased.id < %(until)s
        ), floor((%(horizon)s - slot.first_in_seconds) / slot.apart_seconds) + 1)::int AS free
    FROM delivery_lane lane
    JOIN connections_connection connection ON connection.id = lane.connection_id
    JOIN connections_connectionversion version ON version.id = connection.live_version_id
    CROSS JOIN LATERAL (
        -- All null without a rate limit.
        SELECT %(stretch)s / version.rate_per_second AS apart_seconds, GREATEST(%(lead)s,
            extract(epoch FROM lane.next_slot_at - statement_timestamp())::float8
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
            AND delivery.next_attempt_at <= %(now)s
            AND delivery.id >= %(since)s AND delivery.id < %(until)s
        ORDER BY delivery.next_attempt_at
        LIMIT GREATEST(lane.free, 0)
        FOR UPDATE OF delivery SKIP LOCKED
    ) due
), paced AS (
    UPDATE delivery_lane lane
    SET next_slot_at = COALESCE(
            statement_timestamp() + make_interval(secs => last.next_in_seconds), lane.next_slot_at
        ),
        -- Should nothing come of the probe, another may follow when its lease is over.
        probe_at = CASE WHEN is_open THEN %(now)s + last.lease END,
        probes = lane.probes + is_open::int
    FROM (
        SELECT connection_id, is_open, lease,
            max(slot_in_seconds + apart_seconds) AS next_in_seconds
        FROM picked WHERE slot_in_seconds IS NOT NULL OR is_open
        GROUP BY connection_id, is_open, lease
    ) last
    WHERE lane.connection_id = last.connection_id
), cancelled AS (
    -- An attempt was under way when its campaign was unlinked, and asked for another.
    UPDATE delivery_delivery delivery
    SET status = 'cancelled', reason = %(unlinked)s, finished_at = %(now)s, next_attempt_at = NULL
    FROM picked WHERE delivery.id = picked.id AND NOT picked.is_linked
        AND delivery.id >= %(since)s AND delivery.id < %(until)s
), claimed AS (
    UPDATE delivery_delivery delivery
    SET fence = %(fence)s, lease_expires_at = %(now)s + picked.lease,
        first_attempt_at = COALESCE(delivery.first_attempt_at, %(now)s)
    FROM picked WHERE delivery.id = picked.id AND picked.is_linked
        AND delivery.id >= %(since)s AND delivery.id < %(until)s
    RETURNING delivery.id, delivery.fence, delivery.attempt_count, delivery.first_attempt_at,
        delivery.account_id, delivery.referral_id, delivery.campaign_id, delivery.connection_id,
        picked.name AS connection_name, picked.revision AS connection_revision, picked.version_id,
        picked.slot_in_seconds, picked.slot_lasts_seconds
)
SELECT claimed.id, claimed.fence, claimed.attempt_count, claimed.first_attempt_at,
    claimed.account_id, account.wrapped_key, claimed.referral_id, referral.external_id,
    referral.occurred_at, referral.attributes_sealed, claimed.campaign_id, campaign.name,
    campaign.reference, claimed.connection_id, claimed.connection_name,
    claimed.connection_revision, claimed.version_id, claimed.slot_in_seconds,
    claimed.slot_lasts_seconds
FROM claimed
JOIN delivery_referral referral ON referral.id = claimed.referral_id
    AND referral.id >= %(since)s AND referral.id < %(until)s
JOIN campaigns_campaign campaign ON campaign.id = claimed.campaign_id
JOIN accounts_account account ON account.id = claimed.account_id
"""

_SILENCE_LANES = """
UPDATE delivery_lane lane SET ready_at = CASE
    WHEN (
        SELECT count(*) FROM delivery_delivery leased
        WHERE leased.connection_id = lane.connection_id AND leased.lease_expires_at IS NOT NULL
            AND leased.id >= %(since)s AND leased.id < %(until)s
    ) < CASE WHEN lane.failures < %(failures_to_open)s THEN version.concurrency ELSE 1 END THEN (
        -- With a rate limit, when most of the slots that were given out are used.
        SELECT GREATEST(waiting.next_attempt_at, CASE WHEN version.rate_per_second IS NOT NULL
            THEN %(now)s + (lane.next_slot_at - statement_timestamp())
                - make_interval(secs => %(refill)s)
        END)
        FROM delivery_delivery waiting
        WHERE waiting.connection_id = lane.connection_id
            AND waiting.status IN ('pending', 'retrying') AND waiting.lease_expires_at IS NULL
            AND waiting.id >= %(since)s AND waiting.id < %(until)s
        ORDER BY waiting.next_attempt_at
        LIMIT 1
    ) END  -- full: the settle that frees a slot rings
FROM connections_connection connection
JOIN connections_connectionversion version ON version.id = connection.live_version_id
WHERE connection.id = lane.connection_id AND lane.fence = %(fence)s
"""

_NEXT_READY = """
SELECT min(CASE
    WHEN lane.failures < %(failures_to_open)s THEN lane.ready_at
    WHEN lane.probe_at IS NOT NULL THEN GREATEST(lane.ready_at, lane.probe_at)
END)
FROM delivery_lane lane
JOIN connections_connection connection ON connection.id = lane.connection_id
WHERE connection.status = 'active' AND lane.ready_at IS NOT NULL
"""

# Ends a statement that says in `changed` which connections to ring. Lanes are always locked in
# the order of their ids, and no lock is waited for after them.
RING = """
INSERT INTO delivery_lane (connection_id, ready_at, served_at)
SELECT DISTINCT connection_id, %(now)s::timestamptz, %(now)s::timestamptz FROM changed
ORDER BY connection_id
ON CONFLICT (connection_id) DO UPDATE SET ready_at = LEAST(delivery_lane.ready_at, %(now)s)
"""

_RING_THESE = "WITH changed AS (SELECT unnest(%(ids)s::uuid[]) AS connection_id)"

_SETTLE = """
WITH result AS (
    SELECT * FROM unnest(
        %(id)s::uuid[], %(fence)s::uuid[], %(status)s::text[], %(reason)s::text[],
        %(rule)s::text[], %(captures)s::jsonb[], %(next_attempt_at)s::timestamptz[],
        %(finished_at)s::timestamptz[], %(attempt_id)s::uuid[], %(number)s::int[],
        %(version_id)s::uuid[], %(started_at)s::timestamptz[], %(duration_ms)s::float8[],
        %(response_status)s::int[], %(outcome)s::text[], %(error_code)s::text[],
        %(unmatched_shape)s::uuid[], %(record_sealed)s::bytea[]
    ) AS result (id, fence, status, reason, rule, captures, next_attempt_at, finished_at,
        attempt_id, number, version_id, started_at, duration_ms, response_status, outcome,
        error_code, unmatched_shape, record_sealed)
), changed AS (
    UPDATE delivery_delivery delivery
    SET status = result.status, reason = result.reason, rule = result.rule,
        captures = result.captures, attempt_count = result.number,
        next_attempt_at = result.next_attempt_at, finished_at = result.finished_at,
        lease_expires_at = NULL, lease_expiries = 0, fence = NULL
    FROM result WHERE delivery.id = result.id AND delivery.fence = result.fence
        AND delivery.id BETWEEN %(first_id)s AND %(last_id)s
    RETURNING delivery.id, delivery.account_id, delivery.connection_id, delivery.campaign_id
), attempt AS (
    INSERT INTO delivery_attempt (id, account_id, delivery_id, number, version_id, environment,
        started_at, duration_ms, response_status, outcome, error_code, unmatched_shape,
        record_sealed)
    SELECT attempt_id, account_id, id, number, version_id, 'production', started_at, duration_ms,
        response_status, outcome, error_code, unmatched_shape, record_sealed
    FROM result JOIN changed USING (id)
)
"""

_GIVE_BACK = """
WITH changed AS (
    UPDATE delivery_delivery delivery
    SET lease_expires_at = NULL, fence = NULL,
        first_attempt_at = CASE WHEN attempt_count > 0 THEN first_attempt_at END
    FROM unnest(%(ids)s::uuid[], %(fences)s::uuid[]) AS unsent (id, fence)
    WHERE delivery.id = unsent.id AND delivery.fence = unsent.fence
        AND delivery.id BETWEEN %(first_id)s AND %(last_id)s
    RETURNING delivery.connection_id
)
"""

# As `RING`, for a settle, which also counts what its results tell of each endpoint.
_COUNT_AND_RING = """
, rung AS (
    INSERT INTO delivery_lane AS lane
        (connection_id, ready_at, served_at, succeeded_at, failures, holds)
    SELECT connection_id, %(now)s, %(now)s, succeeded_at, failures, holds
    FROM unnest(%(tally_connection_id)s::uuid[], %(tally_succeeded_at)s::timestamptz[],
        %(tally_failures)s::int[], %(tally_holds)s::int[]
    ) AS tally (connection_id, succeeded_at, failures, holds)
    ORDER BY connection_id
    ON CONFLICT (connection_id) DO UPDATE SET
        ready_at = LEAST(lane.ready_at, %(now)s),
        succeeded_at = COALESCE(EXCLUDED.succeeded_at, lane.succeeded_at),
        failures = EXCLUDED.failures
            + CASE WHEN EXCLUDED.succeeded_at IS NULL THEN lane.failures ELSE 0 END,
        holds = EXCLUDED.holds
            + CASE WHEN EXCLUDED.succeeded_at IS NULL THEN lane.holds ELSE 0 END
    RETURNING connection_id, failures, opened_at
)
SELECT connection_id FROM rung
WHERE failures >= %(failures_to_open)s OR opened_at IS NOT NULL
"""

_RELEASE_EXPIRED = """
WITH expired AS (
    SELECT id, lease_expiries + 1 >= %(poison_expiries)s AS is_poison
    FROM delivery_delivery
    WHERE lease_expires_at < %(now)s AND id >= %(since)s AND id < %(until)s
    LIMIT %(limit)s FOR UPDATE SKIP LOCKED
), changed AS (
    UPDATE delivery_delivery delivery
    SET lease_expires_at = NULL, fence = NULL, lease_expiries = lease_expiries + 1,
        status = CASE WHEN is_poison THEN 'failed' ELSE delivery.status END,
        reason = CASE WHEN is_poison THEN %(poison)s ELSE %(interrupted)s END,
        next_attempt_at = CASE WHEN NOT is_poison THEN delivery.next_attempt_at END,
        finished_at = CASE WHEN is_poison THEN %(now)s::timestamptz END
    FROM expired WHERE delivery.id = expired.id
        AND delivery.id >= %(since)s AND delivery.id < %(until)s
    RETURNING delivery.connection_id
)
"""

# What was in flight, or came in, while its connection was being deleted. The lane is silenced
# first, so that nothing that rings later goes unseen.
_SILENCE_ARCHIVED = """
UPDATE delivery_lane lane SET ready_at = NULL
FROM connections_connection connection
WHERE connection.id = lane.connection_id AND connection.status = 'archived'
    AND lane.ready_at IS NOT NULL
RETURNING lane.connection_id
"""
_CANCEL_ARCHIVED = """
UPDATE delivery_delivery
SET status = 'cancelled', reason = %(reason)s, finished_at = %(now)s, next_attempt_at = NULL
WHERE connection_id = ANY(%(ids)s) AND status IN ('pending', 'retrying')
    AND lease_expires_at IS NULL
"""

# Who rings does it with what he lets wait, so there is nothing to find; unless what waits is
# older than what some pump's span told when it silenced the lane.
_RING_FORGOTTEN = """
WITH changed AS (
    SELECT connection.id AS connection_id
    FROM connections_connection connection
    LEFT JOIN delivery_lane lane ON lane.connection_id = connection.id
    WHERE connection.status = 'active' AND lane.ready_at IS NULL AND EXISTS (
        SELECT FROM delivery_delivery waiting
        WHERE waiting.connection_id = connection.id
            AND waiting.status IN ('pending', 'retrying') AND waiting.lease_expires_at IS NULL
            AND waiting.id >= %(since)s AND waiting.id < %(until)s
    )
)
"""

# The first week in which something waits or is leased; and whether something does that lies in
# no week. Thirty days of weeks, unless an account keeps people for longer: what waits beyond
# that is given up.
_OLDEST = """
SELECT EXISTS (
    SELECT FROM delivery_delivery_default
    WHERE status IN ('pending', 'retrying') AND lease_expires_at IS NULL
) OR EXISTS (SELECT FROM delivery_delivery_default WHERE lease_expires_at IS NOT NULL), (
    SELECT week FROM generate_series(
        date_trunc('week', %(now)s - make_interval(
            days => 7 + (SELECT COALESCE(max(personal_data_days), 0) FROM accounts_account)
        ), 'UTC'), %(now)s, interval '7 days'
    ) AS week
    WHERE EXISTS (
        SELECT FROM delivery_delivery waiting
        WHERE waiting.status IN ('pending', 'retrying') AND waiting.lease_expires_at IS NULL
            AND waiting.id >= delivery_first_id(week)
            AND waiting.id < delivery_first_id(week + interval '7 days')
    ) OR EXISTS (
        SELECT FROM delivery_delivery leased WHERE leased.lease_expires_at IS NOT NULL
            AND leased.id >= delivery_first_id(week)
            AND leased.id < delivery_first_id(week + interval '7 days')
    )
    ORDER BY week
    LIMIT 1
)
"""

UNLINKED = "Its campaign was unlinked from the connection before it was sent."
ARCHIVED = "Its connection was deleted before it was sent."
INTERRUPTED = (
    "The worker that was sending it stopped before it had an answer; it will be sent again"
    " under the same Idempotency-Key."
)
POISON = (
    f"poison: {POISON_EXPIRIES} times a worker stopped while sending it, so it was set aside."
    " Look for its id in the workers' log, mend the cause, then replay it."
)


async def waiting_span(connection: AsyncConnection, *, now: datetime) -> Span:
    """Return where claims have to look."""
    oldest = await connection.execute(_OLDEST, {"now": now})
    return _span(await oldest.fetchone(), now)


async def claim(
    connection: AsyncConnection, *, room: int, now: datetime, span: Span = EVERYTHING
) -> Claim:
    """Lease up to `room` due deliveries, fairly from the lanes that waited longest.

    *Effects*: one transaction, one round trip; the leases outlast the exchange's deadline.
    """
    parameters = claim_parameters(room=room, now=now, span=span)
    async with connection.pipeline(), connection.transaction():
        await connection.execute(_LOCK_LANES, parameters)
        claimed = connection.cursor(row_factory=args_row(Claimed))
        await claimed.execute(_CLAIM, parameters)
        await connection.execute(_SILENCE_LANES, parameters)
        next_ready = await connection.execute(_NEXT_READY, parameters)
        deliveries = await claimed.fetchall()
        next_row = await next_ready.fetchone()
    return Claim(deliveries, next_row[0] if next_row else None)


def claim_parameters(*, room: int, now: datetime, span: Span = EVERYTHING) -> dict[str, object]:
    return {
        "since": span.since,
        "until": span.until,
        "fence": uuid7(),
        "room": room,
        "now": now,
        "margin": LEASE_MARGIN_SECONDS,
        "unlinked": UNLINKED,
        "stretch": pacing.SLOT_STRETCH,
        "slot": pacing.SLOT_SECONDS,
        "lead": pacing.LEAD_SECONDS,
        "horizon": pacing.HORIZON_SECONDS,
        "refill": pacing.REFILL_SECONDS,
        "failures_to_open": FAILURES_TO_OPEN,
    }


async def give_back(
    connection: AsyncConnection, *, unsent: Sequence[Claimed], now: datetime
) -> None:
    """Let what was claimed, and not sent, be claimed again; no attempt is used up."""
    parameters = {
        "ids": [claimed.id for claimed in unsent],
        "fences": [claimed.fence for claimed in unsent],
        "first_id": min(claimed.id for claimed in unsent),
        "last_id": max(claimed.id for claimed in unsent),
        "now": now,
    }
    await connection.execute(_GIVE_BACK + RING, parameters)


async def settle(
    connection: AsyncConnection, *, results: Sequence[Settled], now: datetime
) -> list[Tally]:
    """Write the results of attempts whose fence still holds, in one statement.

    A result whose lease expired and was given to somebody else leaves no trace.

    *Shape*: what was counted of the connections whose breaker is open, or has to open.
    """
    counted = tallies(results)
    columns = {
        field.name: [getattr(result, field.name) for result in results] for field in fields(Settled)
    }
    ids = columns["id"]
    parameters = columns | {
        "first_id": min(ids),
        "last_id": max(ids),
        "now": now,
        "failures_to_open": FAILURES_TO_OPEN,
    }
    for name in ("connection_id", "succeeded_at", "failures", "holds"):
        parameters[f"tally_{name}"] = [getattr(tally, name) for tally in counted]
    cursor = await connection.execute(_SETTLE + statistics.COUNT + _COUNT_AND_RING, parameters)
    troubled = {connection_id for (connection_id,) in await cursor.fetchall()}
    return [tally for tally in counted if tally.connection_id in troubled]


def ring_lanes(connection_ids: Iterable[UUID], *, now: datetime) -> None:
    """Let claims look at these connections; called after the commit that gave them work."""
    _execute(_RING_THESE + RING, {"ids": list(connection_ids), "now": now})


def span_of_what_waits(*, now: datetime) -> Span:
    """Return where a sweep has to look."""
    with database.cursor() as cursor:
        cursor.execute(_OLDEST, {"now": now})
        return _span(cursor.fetchone(), now)


def ring_forgotten_lanes(*, now: datetime, span: Span = EVERYTHING) -> int:
    """Ring the lanes where something waits and nobody rang; return how many."""
    bounds = {"since": span.since, "until": span.until}
    return _execute(_RING_FORGOTTEN + RING, bounds | {"now": now})


def release_expired(*, now: datetime, span: Span = EVERYTHING) -> int:
    """Let what a stopped worker held be sent again, and set aside what stopped three.

    *Shape*: the number of lanes that were rung for it.
    """
    parameters = {
        "now": now,
        "since": span.since,
        "until": span.until,
        "limit": SWEEP_ROWS,
        "poison_expiries": POISON_EXPIRIES,
        "poison": POISON,
        "interrupted": INTERRUPTED,
    }
    return _execute(_RELEASE_EXPIRED + RING, parameters)


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


def _execute(statement: str, parameters: dict[str, Any]) -> int:
    with database.cursor() as cursor:
        cursor.execute(statement, parameters)
        return int(cursor.rowcount)
