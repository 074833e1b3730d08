"""Tells of what happened, for people who run the product: counts, lines of the log, traces.

Ids, numbers and our own words only: nothing that a person or a receiver wrote.
"""

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime

from django.conf import settings

from delivery.counters import Count, counters
from delivery.intake import Acceptance, Accepted
from delivery.queue import Claimed, Settled

# The ids of a thousand would make a line that no log takes.
IDS_IN_A_LINE = 50

logger = logging.getLogger(__name__)


def referrals_came(
    results: Sequence[Accepted], *, since: datetime, traceparent: str | None
) -> None:
    """Tell what became of referrals that were handed in by one request, which began at `since`.

    `traceparent` is the client's header of that name: the trace that it is in itself.
    """
    found = Counter(result.status.value for result in results)
    for status, count in found.items():
        counters.add(Count.REFERRALS, status, count)
    new = [result for result in results if result.status is Acceptance.ACCEPTED]
    _log_ids(
        found,
        referrals=[str(result.id) for result in new],
        deliveries=[str(delivery) for result in new for delivery in result.deliveries],
    )
    if settings.OTLP_ENDPOINT:
        from delivery import tracing  # noqa: PLC0415  heavy, and seldom wanted

        ids = [result.id for result in new if result.id]
        tracing.trace_referrals(ids, since=since, traceparent=traceparent)


def _log_ids(
    found: Mapping[str, int], *, referrals: Sequence[str], deliveries: Sequence[str]
) -> None:
    """Name them all, in as many lines as that takes; the first has the counts of the request."""
    for start in range(0, max(1, len(referrals), len(deliveries)), IDS_IN_A_LINE):
        some = slice(start, start + IDS_IN_A_LINE)
        counts = found if start == 0 else {}
        ids = {"referral_ids": referrals[some], "delivery_ids": deliveries[some]}
        logger.info("referrals came", extra={**counts, **ids})


def attempt_ended(claimed: Claimed, settled: Settled) -> None:
    """Tell of one attempt; called before its result is written."""
    logger.info(
        "attempt",
        extra={
            "delivery_id": str(claimed.id),
            "referral_id": str(claimed.referral_id),
            "connection_id": str(claimed.connection_id),
            "number": settled.number,
            "status": settled.status.value,
            "outcome": settled.outcome,
            "response_status": settled.response_status,
            "error_code": settled.error_code,
            "duration_ms": round(settled.duration_ms, 1),
        },
    )
    if settings.OTLP_ENDPOINT:
        from delivery import tracing  # noqa: PLC0415  heavy, and seldom wanted

        tracing.trace_attempt(claimed, settled)


def batch_settled(results: Sequence[Settled]) -> None:
    """Count what became of deliveries, once it is written."""
    for status, count in Counter(str(result.status) for result in results).items():
        counters.add(Count.SETTLED, status, count)
