"""What an account's overview shows: how far its set-up is, and what came of it."""

from dataclasses import dataclass
from datetime import datetime

from accounts.models import Account
from campaigns.selectors import link_counts
from connections.models import ConnectionStatus, TestRun, TestRunStatus
from connections.selectors import connections_of
from delivery.models import Delivery, DeliveryStatus
from delivery.selectors import deliveries_of, referrals_today


@dataclass(frozen=True, slots=True)
class Overview:
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
    statuses = [connection.status for connection in connections_of(account)]
    runs = TestRun.objects.for_account(account).filter(status=TestRunStatus.PASSED)
    deliveries = deliveries_of(account).select_related("campaign", "connection")
    return Overview(
        connections=len(statuses),
        live_connections=statuses.count(ConnectionStatus.ACTIVE),
        has_passed_test=runs.exists(),
        linked_campaigns=sum(counts.linked for counts in link_counts(account).values()),
        has_delivered=deliveries.filter(status=DeliveryStatus.DELIVERED).exists(),
        referrals_today=referrals_today(account, now=now),
        latest=list(deliveries[:5]),
    )
