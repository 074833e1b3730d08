"""What an account's overview shows: how far its set-up is, and what came of it."""

from dataclasses import dataclass
from datetime import datetime

from accounts.models import Account
from campaigns.selectors import link_counts
from connections.models import (
    Connection,
    ConnectionHealth,
    ConnectionStatus,
    TestRun,
    TestRunStatus,
)
from connections.selectors import connections_of
from delivery.models import Delivery, DeliveryStatus
from delivery.selectors import deliveries_of, referrals_today


@dataclass(frozen=True, slots=True)
class Overview:
    troubled: list[Connection]
    """Live ones whose endpoint fails or refuses us."""
    connections: int
    live_connections: int
    has_passed_test: bool
    linked_campaigns: int
    has_delivered: bool
    referrals_today: int
    latest: list[Delivery]

    @property
    def is_set_up(self) -> bool:
        return self.has_delivered


def overview_of(account: Account, *, now: datetime) -> Overview:
    connections = list(connections_of(account))
    live = [one for one in connections if one.status == ConnectionStatus.ACTIVE]
    runs = TestRun.objects.for_account(account).filter(status=TestRunStatus.PASSED)
    deliveries = deliveries_of(account).select_related("campaign", "connection")
    return Overview(
        troubled=[one for one in live if one.health != ConnectionHealth.HEALTHY],
        connections=len(connections),
        live_connections=len(live),
        has_passed_test=runs.exists(),
        linked_campaigns=sum(counts.linked for counts in link_counts(account).values()),
        has_delivered=deliveries.filter(status=DeliveryStatus.DELIVERED).exists(),
        referrals_today=referrals_today(account, now=now),
        latest=list(deliveries[:5]),
    )
