"""What came of deliveries, counted by what settles them or gives them up, and read by the hour."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import accumulate
from typing import Any
from uuid import UUID

from django.db import connection as database
from django.db.models import F, Q, Sum
from django.db.models.functions import Trunc

from accounts.models import Account
from connections.models import Connection
from delivery.models import DeliveryStatus, Statistic

BUCKETS_MS = (10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000)
"""Where one bucket of latencies ends and the next begins; the last one has no end."""
STATUSES = tuple(status for status in DeliveryStatus if status not in {"pending", "cancelled"})
"""What is counted: all that a settle can leave a delivery in."""

_BUCKETS = range(len(BUCKETS_MS) + 1)
_COUNTS = ", ".join(f"count(*) FILTER (WHERE bucket = {number})" for number in _BUCKETS)
_SUMS = ", ".join(f"known.latency[{n + 1}] + EXCLUDED.latency[{n + 1}]" for n in _BUCKETS)

# Part of the settle: counts what bears its fence, after lanes were locked, in one order for
# everybody. The reason is a rule's name or a code of ours, never a receiver's own words.
COUNT = f"""
, statistic AS (
    INSERT INTO delivery_statistic AS known (id, account_id, connection_id, campaign_id, hour,
        status, reason, count, duration_ms, latency)
    SELECT uuidv7(), account_id, connection_id, campaign_id,
        date_trunc('hour', %(now)s::timestamptz, 'UTC'), status, reason, count(*),
        sum(duration_ms), ARRAY[{_COUNTS}]
    FROM (
        SELECT account_id, connection_id, campaign_id, status, duration_ms,
            COALESCE(rule, NULLIF(error_code, ''), 'no rule') AS reason,
            width_bucket(duration_ms, ARRAY{[*BUCKETS_MS]}::float8[]) AS bucket
        FROM changed
    ) settled
    GROUP BY account_id, connection_id, campaign_id, status, reason
    ORDER BY connection_id, campaign_id, status, reason
    ON CONFLICT (connection_id, campaign_id, hour, status, reason) DO UPDATE SET
        count = known.count + EXCLUDED.count,
        duration_ms = known.duration_ms + EXCLUDED.duration_ms,
        latency = ARRAY[{_SUMS}]
)
"""  # noqa: S608  our own numbers

# Ends a statement that says in `changed` which deliveries it gave up, or left as they were: counts
# the former. They were not sent, so there is no time that it took.
COUNT_GIVEN_UP = f"""
INSERT INTO delivery_statistic AS known (id, account_id, connection_id, campaign_id, hour,
    status, reason, count, duration_ms, latency)
SELECT uuidv7(), account_id, connection_id, campaign_id,
    date_trunc('hour', %(now)s::timestamptz, 'UTC'), status, %(given_up_for)s, count(*),
    0, array_fill(0, ARRAY[{len(_BUCKETS)}])
FROM changed
WHERE status = 'failed'
GROUP BY account_id, connection_id, campaign_id, status
ORDER BY connection_id, campaign_id
ON CONFLICT (connection_id, campaign_id, hour, status, reason) DO UPDATE SET
    count = known.count + EXCLUDED.count
"""  # noqa: S608  our own numbers

_GIVEN_UP = """
WITH changed AS (
    SELECT account_id, connection_id, campaign_id, status
    FROM delivery_delivery WHERE account_id = %(account_id)s AND id = ANY(%(ids)s)
)
"""


class By(StrEnum):
    CONNECTION = "connection"
    CAMPAIGN = "campaign"
    STATUS = "status"
    REASON = "reason"


class Interval(StrEnum):
    HOUR = "hour"
    DAY = "day"


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds; percentiles are estimated within their bucket."""

    mean: float
    p50: float
    p95: float
    p99: float


@dataclass(frozen=True, slots=True)
class Figure:
    start: datetime
    key: str
    count: int
    statuses: dict[str, int]
    latency_ms: Latency | None
    """None: nothing of it was sent."""


def count_given_up(account: Account, *, ids: Sequence[UUID], reason: str, now: datetime) -> None:
    """Count these deliveries, which became `failed` without being sent, for a code of ours."""
    parameters: dict[str, Any] = {"account_id": account.pk, "ids": list(ids)}
    parameters |= {"given_up_for": reason, "now": now}
    with database.cursor() as cursor:
        cursor.execute(_GIVEN_UP + COUNT_GIVEN_UP, parameters)


def figures(
    account: Account, *, by: By, interval: Interval, since: datetime, until: datetime
) -> list[Figure]:
    """Return what was settled from `since` on, before `until`; the oldest first.

    Shape: one figure for each interval and key in which something was settled.
    """
    rows = (
        _between(account, since, until)
        .annotate(start=Trunc("hour", interval.value), key=F(_column(by)))
        .values("start", "key")
        .annotate(
            total=Sum("count"),
            milliseconds=Sum("duration_ms"),
            **{f"is_{status}": Sum("count", filter=Q(status=status)) for status in STATUSES},
            **{f"bucket_{number}": Sum(f"latency__{number}") for number in _BUCKETS},
        )
        .order_by("start", "key")
    )
    return [_figure(row) for row in rows]


def last_day(connection: Connection, *, now: datetime) -> dict[str, int]:
    """Return how often in the last 24 hours, by the full hour, a delivery came to which status."""
    counted = (
        _between(connection.account, now - timedelta(hours=24), now)
        .filter(connection=connection)
        .values_list("status")
        .annotate(total=Sum("count"))
    )
    found = dict(counted)
    return {status.value: found.get(status.value, 0) for status in STATUSES}


def _between(account: Account, since: datetime, until: datetime) -> Any:
    return Statistic.objects.for_account(account).filter(hour__gte=since, hour__lt=until)


def _column(by: By) -> str:
    return f"{by.value}_id" if by in {By.CONNECTION, By.CAMPAIGN} else by.value


def _figure(row: dict[str, Any]) -> Figure:
    buckets = [row[f"bucket_{number}"] for number in _BUCKETS]
    counts = {status.value: row[f"is_{status}"] or 0 for status in STATUSES}
    return Figure(
        start=row["start"],
        key=str(row["key"]),
        count=row["total"],
        statuses={status: count for status, count in counts.items() if count},
        latency_ms=_latency(buckets, row["milliseconds"]) if any(buckets) else None,
    )


def _latency(buckets: Sequence[int], milliseconds: float) -> Latency:
    return Latency(
        mean=round(milliseconds / sum(buckets), 1),
        p50=percentile(buckets, 0.50),
        p95=percentile(buckets, 0.95),
        p99=percentile(buckets, 0.99),
    )


def percentile(buckets: Sequence[int], ratio: float) -> float:
    """Return what this part of the latencies stays below: in even steps within its bucket.

    Shape: one count for each of `BUCKETS_MS` and one beyond, of which there is at least one.
    """
    wanted = ratio * sum(buckets)
    up_to = list(accumulate(buckets))
    bucket = next(number for number, count in enumerate(up_to) if count and count >= wanted)
    start = 0 if bucket == 0 else BUCKETS_MS[bucket - 1]
    end = BUCKETS_MS[min(bucket, len(BUCKETS_MS) - 1)]
    before = up_to[bucket] - buckets[bucket]
    return round(start + (end - start) * (wanted - before) / buckets[bucket], 1)
