"""A settle writes the results of attempts, and only what still bears the fence of its claim."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from uuid import UUID

from psycopg import AsyncConnection

from delivery import statistics
from delivery.breaker import FAILURES_TO_OPEN, Evidence, Tally, tallies
from delivery.models import DeliveryStatus

_SETTLE = """
WITH result AS (
    SELECT * FROM unnest(
        %(id)s::uuid[], %(fence)s::uuid[], %(status)s::text[], %(reason)s::text[],
        %(rule)s::text[], %(captures)s::jsonb[], %(next_attempt_at)s::timestamptz[],
        %(finished_at)s::timestamptz[], %(first_attempt_at)s::timestamptz[],
        %(attempt_id)s::uuid[], %(number)s::int[],
        %(version_id)s::uuid[], %(started_at)s::timestamptz[], %(duration_ms)s::float8[],
        %(response_status)s::int[], %(outcome)s::text[], %(error_code)s::text[],
        %(unmatched_shape)s::uuid[], %(record_sealed)s::bytea[]
    ) AS result (id, fence, status, reason, rule, captures, next_attempt_at, finished_at,
        first_attempt_at, attempt_id, number, version_id, started_at, duration_ms,
        response_status, outcome, error_code, unmatched_shape, record_sealed)
), changed AS (
    UPDATE delivery_delivery delivery
    SET status = result.status, reason = result.reason, rule = result.rule,
        captures = result.captures, attempt_count = result.number,
        next_attempt_at = result.next_attempt_at, finished_at = result.finished_at,
        first_attempt_at = result.first_attempt_at,
        lease_expires_at = NULL, lease_expiries = 0, fence = NULL
    FROM result WHERE delivery.id = result.id AND delivery.fence = result.fence
        AND delivery.id >= %(first_id)s
    RETURNING delivery.account_id, delivery.connection_id, delivery.campaign_id, result.*
), attempt AS (
    INSERT INTO delivery_attempt (id, account_id, delivery_id, number, version_id, environment,
        started_at, duration_ms, response_status, outcome, error_code, unmatched_shape,
        record_sealed)
    SELECT attempt_id, account_id, id, number, version_id, 'production', started_at, duration_ms,
        response_status, outcome, error_code, unmatched_shape, record_sealed
    FROM changed
)
"""

# As `RING`, for a settle: it frees slots, which matters to full lanes only, lets retries wait, and
# counts what its results tell of each endpoint.
_COUNT_AND_RING = """
, rung AS (
    INSERT INTO delivery_lane AS lane
        (connection_id, ready_at, served_at, succeeded_at, failures, holds)
    SELECT connection_id, (
        SELECT min(next_attempt_at) FROM changed
        WHERE changed.connection_id = tally.connection_id
    ), %(now)s, succeeded_at, failures, holds
    FROM unnest(%(tally_connection_id)s::uuid[], %(tally_succeeded_at)s::timestamptz[],
        %(tally_failures)s::int[], %(tally_holds)s::int[]
    ) AS tally (connection_id, succeeded_at, failures, holds)
    WHERE connection_id IN (SELECT connection_id FROM changed)
    ORDER BY connection_id
    ON CONFLICT (connection_id) DO UPDATE SET
        ready_at = CASE
            WHEN lane.is_full THEN %(now)s ELSE LEAST(lane.ready_at, EXCLUDED.ready_at)
        END,
        is_full = FALSE,
        succeeded_at = COALESCE(EXCLUDED.succeeded_at, lane.succeeded_at),
        failures = EXCLUDED.failures
            + CASE WHEN EXCLUDED.succeeded_at IS NULL THEN lane.failures ELSE 0 END,
        holds = EXCLUDED.holds + CASE
            WHEN EXCLUDED.succeeded_at IS NULL AND EXCLUDED.holds = EXCLUDED.failures
            THEN lane.holds ELSE 0
        END
    RETURNING connection_id, old.ready_at IS DISTINCT FROM new.ready_at AS is_rung,
        new.failures >= %(failures_to_open)s OR new.opened_at IS NOT NULL AS is_troubled
)
SELECT connection_id, is_rung, is_troubled FROM rung WHERE is_rung OR is_troubled
"""


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
    first_attempt_at: datetime
    """As it was claimed: later by what it was held, which does not count as retried."""
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
class Aftermath:
    """What a settle leaves to be done."""

    has_rung: bool
    """A lane is to be looked at that was not before."""
    troubled: Sequence[Tally] = ()
    """What was counted of the connections whose breaker is open, or has to open."""


async def settle(
    connection: AsyncConnection, *, results: Sequence[Settled], now: datetime
) -> Aftermath:
    """Write the results of attempts whose fence still holds, in one statement.

    A result whose lease expired and was given to somebody else leaves no trace.
    """
    counted = tallies(results)
    columns = {
        field.name: [getattr(result, field.name) for result in results] for field in fields(Settled)
    }
    parameters = columns | {
        "first_id": min(columns["id"]),
        "now": now,
        "failures_to_open": FAILURES_TO_OPEN,
    }
    for name in ("connection_id", "succeeded_at", "failures", "holds"):
        parameters[f"tally_{name}"] = [getattr(tally, name) for tally in counted]
    cursor = await connection.execute(_SETTLE + statistics.COUNT + _COUNT_AND_RING, parameters)
    lanes = await cursor.fetchall()
    troubled = {connection_id for connection_id, _, is_troubled in lanes if is_troubled}
    return Aftermath(
        has_rung=any(is_rung for _, is_rung, _ in lanes),
        troubled=[tally for tally in counted if tally.connection_id in troubled],
    )
