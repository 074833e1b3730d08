"""Says how deliveries are going, in the format that Prometheus reads.

What is so at this moment is asked of PostgreSQL when somebody reads it; what happened is added
up in Redis by all processes, web and workers on every machine (`counters`). So any web process
answers for the whole product. Labels have few values, and none is a tenant's.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

import redis
from django.db import DatabaseError, transaction
from django.db import connection as database
from prometheus_client import generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from delivery.breaker import Cause
from delivery.counters import BUCKETS_SECONDS, Count, field_of, read_counts
from delivery.intake import Acceptance
from delivery.models import DeliveryStatus

PREFIX = "referral_export_"
PATIENCE = "3s"
# So many rows are counted, and no more: above it the gauge says that there are this many.
MOST_COUNTED = 1_000_000

SETTLED = [status for status in DeliveryStatus if status not in {"pending", "cancelled"}]


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits, of connections that are sent to, and of those that are paused."""

    due: int
    later: int
    held: int
    oldest_due_at: datetime | None
    in_flight: int
    active_connections: int
    open_breakers: Mapping[str, int]
    """Of those that are active, by cause."""


# Of each connection as many index entries as it takes, and of its oldest one.
_BACKLOG = """
WITH connection AS (
    SELECT id, status = 'active' AS is_active FROM connections_connection
    WHERE status <> 'archived'
), waiting AS (
    SELECT connection.is_active, delivery.next_attempt_at <= %(now)s AS is_due
    FROM connection CROSS JOIN LATERAL (
        SELECT next_attempt_at FROM delivery_delivery delivery
        WHERE delivery.connection_id = connection.id
            AND delivery.status IN ('pending', 'retrying') AND delivery.lease_expires_at IS NULL
        ORDER BY next_attempt_at
    ) delivery
    LIMIT %(most)s
)
SELECT
    (SELECT count(*) FROM waiting WHERE is_active AND is_due),
    (SELECT count(*) FROM waiting WHERE is_active AND NOT is_due),
    (SELECT count(*) FROM waiting WHERE NOT is_active),
    (SELECT min(oldest.next_attempt_at) FROM connection CROSS JOIN LATERAL (
        SELECT next_attempt_at FROM delivery_delivery delivery
        WHERE delivery.connection_id = connection.id
            AND delivery.status IN ('pending', 'retrying') AND delivery.lease_expires_at IS NULL
        ORDER BY next_attempt_at LIMIT 1
    ) oldest WHERE connection.is_active AND oldest.next_attempt_at <= %(now)s),
    (SELECT count(*) FROM delivery_delivery WHERE lease_expires_at IS NOT NULL),
    (SELECT count(*) FROM connection WHERE is_active)
"""
_OPEN_BREAKERS = """
SELECT outage.cause, count(*) FROM delivery_outage outage
JOIN connections_connection connection ON connection.id = outage.connection_id
WHERE outage.closed_at IS NULL AND connection.status = 'active' GROUP BY 1
"""


def exposition(*, now: datetime) -> bytes:
    """Return all metrics; those of a server that does not answer are left out, and it is said."""

    class Everything(Collector):
        def collect(self) -> Iterable[Metric]:
            is_up = GaugeMetricFamily(
                f"{PREFIX}server_up", "Whether a server that we need answered.", labels=["server"]
            )
            yield from _if_it_answers(is_up, "postgresql", lambda: _gauges(read_backlog(now), now))
            yield from _if_it_answers(is_up, "redis", lambda: _counted(read_counts()))
            yield is_up

    return generate_latest(Everything())


def _if_it_answers(
    is_up: GaugeMetricFamily, server: str, metrics: Callable[[], Iterator[Metric]]
) -> list[Metric]:
    try:
        found = list(metrics())
    except (DatabaseError, redis.RedisError):
        is_up.add_metric([server], 0)
        return []
    is_up.add_metric([server], 1)
    return found


@transaction.atomic
def read_backlog(now: datetime) -> Backlog:
    """Raises: DatabaseError, also when it takes longer than PATIENCE."""
    with database.cursor() as cursor:
        cursor.execute("SELECT set_config('statement_timeout', %s, true)", [PATIENCE])
        cursor.execute(_BACKLOG, {"now": now, "most": MOST_COUNTED})
        due, later, held, oldest, in_flight, active = cursor.fetchone()
        cursor.execute(_OPEN_BREAKERS)
        return Backlog(due, later, held, oldest, in_flight, active, dict(cursor.fetchall()))


def _gauges(backlog: Backlog, now: datetime) -> Iterator[Metric]:
    waiting = GaugeMetricFamily(
        f"{PREFIX}backlog",
        "Deliveries that wait: due now, due later, or held by a pause.",
        labels=["state"],
    )
    waiting.add_metric(["due"], backlog.due)
    waiting.add_metric(["later"], backlog.later)
    waiting.add_metric(["held"], backlog.held)
    yield waiting
    age = (now - backlog.oldest_due_at).total_seconds() if backlog.oldest_due_at else 0
    yield GaugeMetricFamily(
        f"{PREFIX}backlog_age_seconds",
        "For how long the delivery that is due longest has been due.",
        value=max(age, 0),
    )
    yield GaugeMetricFamily(
        f"{PREFIX}in_flight", "Deliveries under lease of a worker.", value=backlog.in_flight
    )
    breakers = GaugeMetricFamily(
        f"{PREFIX}breakers",
        "Live connections by the state of their breaker: closed, or open for a cause.",
        labels=["state"],
    )
    is_open = sum(backlog.open_breakers.values())
    breakers.add_metric(["closed"], max(backlog.active_connections - is_open, 0))
    for cause in Cause:
        breakers.add_metric([f"open_{cause.value}"], backlog.open_breakers.get(cause.value, 0))
    yield breakers


def _counted(counts: Mapping[str, float]) -> Iterator[Metric]:
    yield _counter(
        Count.REFERRALS, "Referrals that were handed in.", counts, "result", list(Acceptance)
    )
    yield _counter(Count.SETTLED, "Results of attempts, by what became.", counts, "status", SETTLED)
    yield _counter(
        Count.DOORBELLS_LOST, "Times that no worker could be woken, as Redis was away.", counts
    )
    yield _histogram(Count.CLAIM_SECONDS, "Time that claiming a batch took.", counts)
    yield _histogram(Count.SETTLE_SECONDS, "Time that writing a batch of results took.", counts)


def _counter(
    count: Count,
    help_text: str,
    counts: Mapping[str, float],
    label: str | None = None,
    values: Iterable[str] = ("",),
) -> CounterMetricFamily:
    family = CounterMetricFamily(f"{PREFIX}{count}", help_text, labels=[label] if label else [])
    for value in values:
        family.add_metric([value] if label else [], counts.get(field_of(count, value), 0))
    return family


def _histogram(count: Count, help_text: str, counts: Mapping[str, float]) -> HistogramMetricFamily:
    family = HistogramMetricFamily(f"{PREFIX}{count}", help_text)
    bounds = [*(f"{bound}" for bound in BUCKETS_SECONDS), "+Inf"]
    buckets = [(bound, counts.get(field_of(count, bound), 0)) for bound in bounds]
    family.add_metric([], buckets, counts.get(field_of(count, "sum"), 0))
    return family
