"""What the real-time referral page shows: which campaigns feed which connection, and what came."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from accounts.access import Access
from campaigns.selectors import (
    LinkCounts,
    link_counts,
    linked_campaigns,
    linked_names,
    unlinked_campaigns,
)
from connections.models import Connection
from connections.selectors import connections_of, main_host
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
    found: Sequence[str]
    """The linked campaigns that were searched for."""
    opened: OpenConnection | None

    @property
    def unlinked_id(self) -> UUID | None:
        """What an address carries so that the page comes back with the unlinked campaigns."""
        shows_unlinked = self.opened is not None and self.opened.unlinked is not None
        return self.connection.id if shows_unlinked else None


@dataclass(frozen=True, slots=True)
class RealTimePage:
    panels: Sequence[ConnectionPanel]
    """By the connection's name."""
    connections: int
    """How many there are, found or not."""


def real_time_page(
    access: Access,
    *,
    opened: UUID | None,
    unlinked: UUID | None,
    search: str,
    referrals_url: str,
    now: datetime,
) -> RealTimePage:
    """Return a panel for each connection whose name, host or linked campaign contains `search`.

    The opened one is there in any case; only that is read in full.
    """
    counts = link_counts(access.account)
    found = linked_names(access.account, search) if search else {}
    connections = list(connections_of(access.account).order_by("name"))

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

    panels = [
        ConnectionPanel(
            connection=connection,
            counts=counts.get(connection.id, NO_CAMPAIGNS),
            found=found.get(connection.id, ()),
            opened=open_if_wanted(connection),
        )
        for connection in connections
        if connection.id in {opened, unlinked, *found} or _fits(connection, search)
    ]
    return RealTimePage(panels, connections=len(connections))


def _fits(connection: Connection, search: str) -> bool:
    version = connection.live_version or connection.head_version
    host = main_host(version.document) if search and version else ""
    return search.casefold() in f"{connection.name}\n{host}".casefold()


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
