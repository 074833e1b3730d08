"""What the real-time referral page shows: which campaigns feed which connection, and what came."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from accounts.access import Access
from campaigns.selectors import LinkCounts, link_counts, linked_campaigns, unlinked_campaigns
from connections.models import Connection
from connections.selectors import connections_of
from delivery.curl import curl_line, token_line
from delivery.models import Delivery
from delivery.rows import DeliveryRow, delivery_rows
from delivery.selectors import latest_deliveries, referrals_today_by_campaign
from delivery.statistics import last_day

if TYPE_CHECKING:
    from campaigns.selectors import LinkableCampaign

LATEST = 10
NO_CAMPAIGNS = LinkCounts(linked=0, unlinked=0)


@dataclass(frozen=True, slots=True)
class LatestDeliveries:
    """The newest deliveries of a connection; `state` differs as soon as one of them does."""

    connection: Connection
    rows: list[DeliveryRow]
    state: str


@dataclass(frozen=True, slots=True)
class OpenConnection:
    """What only an unfolded connection shows."""

    linked: "list[LinkableCampaign]"
    today: Mapping[UUID, int]
    """How many referrals came since midnight UTC, by campaign; none where there were none."""
    last_day: Mapping[str, int]
    """Attempts of the last 24 hours by status."""
    unlinked: "list[LinkableCampaign] | None"
    """None as long as nobody asked for them."""
    curl: str
    """Submits a referral that reaches this connection; empty when no campaign feeds it."""
    token_line: str
    anchor: str
    """Part of the ids of its elements."""
    latest: LatestDeliveries | None

    @property
    def linked_today(self) -> "list[tuple[LinkableCampaign, int]]":
        """Each linked campaign with its referrals since midnight UTC."""
        return [(campaign, self.today.get(campaign.id, 0)) for campaign in self.linked]


@dataclass(frozen=True, slots=True)
class ConnectionPanel:
    connection: Connection
    counts: LinkCounts
    opened: OpenConnection | None

    @property
    def query(self) -> str:
        """What an address carries so that the page comes back as it is."""
        shows_unlinked = self.opened is not None and self.opened.unlinked is not None
        return f"?unlinked={self.connection.id}" if shows_unlinked else ""


def real_time_panels(
    access: Access,
    *,
    opened: UUID | None,
    unlinked: UUID | None,
    referrals_url: str,
    now: datetime,
) -> list[ConnectionPanel]:
    """Return one panel for each connection, by name; only the opened one is read in full."""
    counts = link_counts(access.account)

    def open_if_wanted(connection: Connection) -> OpenConnection | None:
        if connection.id not in {opened, unlinked}:
            return None
        return _opened(
            access,
            connection,
            with_unlinked=connection.id == unlinked,
            url=referrals_url,
            now=now,
        )

    return [
        ConnectionPanel(
            connection=connection,
            counts=counts.get(connection.id, NO_CAMPAIGNS),
            opened=open_if_wanted(connection),
        )
        for connection in connections_of(access.account).order_by("name")
    ]


def latest_of(access: Access, connection: Connection, *, seen: str = "") -> LatestDeliveries | None:
    """Return the newest deliveries, fit to be read by whoever asks; None for a state seen."""
    deliveries = latest_deliveries(connection, limit=LATEST)
    state = _state(deliveries)
    if state == seen:
        return None
    rows = delivery_rows(access, deliveries)
    return LatestDeliveries(connection=connection, rows=rows, state=state)


def _opened(
    access: Access, connection: Connection, *, with_unlinked: bool, url: str, now: datetime
) -> OpenConnection:
    account = access.account
    linked = list(linked_campaigns(account, connection))
    version = connection.live_version
    return OpenConnection(
        linked=linked,
        today=referrals_today_by_campaign(account, now=now),
        last_day=last_day(connection, now=now),
        unlinked=list(unlinked_campaigns(account, connection)) if with_unlinked else None,
        curl=curl_line(url=url, campaign=linked[0], config=version.document)
        if linked and version
        else "",
        token_line=token_line(account.slug),
        anchor=str(connection.id),
        latest=latest_of(access, connection),
    )


def _state(deliveries: list[Delivery]) -> str:
    text = " ".join(f"{one.id}{one.status}{one.attempt_count}" for one in deliveries)
    return hashlib.sha256(text.encode()).hexdigest()[:12]
