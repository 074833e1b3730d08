"""Reads campaigns and which connections they feed."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, TypedDict
from uuid import UUID

from django.db.models import Count, F, FilteredRelation, Q, QuerySet

from accounts.models import Account
from accounts.tenancy import TenantQuerySet
from campaigns.models import Campaign, CampaignLink, CampaignStatus
from connections.models import Connection, ConnectionStatus


class Linked(TypedDict):
    linked_at: datetime | None
    """Null for a campaign that could be linked and is not."""
    linked_by: str | None


if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations

    LinkableCampaign = WithAnnotations[Campaign, Linked]


@dataclass(frozen=True, slots=True)
class LinkCounts:
    """How many campaigns feed a connection, and how many more could."""

    linked: int
    unlinked: int


def campaigns_of(account: Account) -> TenantQuerySet[Campaign]:
    return Campaign.objects.for_account(account)


def campaign_of(account: Account, key: UUID | str) -> Campaign:
    """Return the campaign with this id, else the one with this reference.

    Raises: LookElsewhere.
    """
    identifier = _as_uuid(key)
    if identifier is not None:
        found = campaigns_of(account).filter(id=identifier).first()
        if found is not None:
            return found
    return campaigns_of(account).get_or_404(reference=str(key))


def campaigns_beside(account: Account, connection: Connection) -> "QuerySet[LinkableCampaign]":
    """Return the campaigns that feed this connection, and those that could, by name."""
    link = FilteredRelation(
        "links", condition=Q(links__connection=connection, links__unlinked_at=None)
    )
    return (
        campaigns_of(account)
        .annotate(live_link=link)
        .annotate(linked_at=F("live_link__linked_at"), linked_by=F("live_link__linked_by"))
        .filter(Q(linked_at__isnull=False) | ~Q(status=CampaignStatus.ARCHIVED))
        .order_by("name", "id")
    )


def linked_campaigns(account: Account, connection: Connection) -> "QuerySet[LinkableCampaign]":
    return campaigns_beside(account, connection).filter(linked_at__isnull=False)


def unlinked_campaigns(account: Account, connection: Connection) -> "QuerySet[LinkableCampaign]":
    return campaigns_beside(account, connection).filter(linked_at__isnull=True)


def link_counts(account: Account) -> dict[UUID, LinkCounts]:
    """Return the counts by connection id, of every connection that is not archived.

    Shape: two queries, however many connections and campaigns.
    """
    linkable = campaigns_of(account).exclude(status=CampaignStatus.ARCHIVED).count()
    connections = (
        Connection.objects.for_account(account)
        .exclude(status=ConnectionStatus.ARCHIVED)
        .values_list("id")
        .annotate(
            linked=Count("links", filter=Q(links__unlinked_at=None)),
            taken=Count(
                "links",
                filter=Q(links__unlinked_at=None)
                & ~Q(links__campaign__status=CampaignStatus.ARCHIVED),
            ),
        )
    )
    return {
        identifier: LinkCounts(linked=linked, unlinked=linkable - taken)
        for identifier, linked, taken in connections
    }


def linked_names(account: Account, search: str) -> dict[UUID, list[str]]:
    """Return the names of linked campaigns whose name or reference contains this.

    Shape: by the connection's id, in the order of the names; one query.
    """
    links = CampaignLink.objects.for_account(account).filter(unlinked_at=None)
    texts = links.values_list("connection_id", "campaign__name", "campaign__reference")
    found: dict[UUID, list[str]] = {}
    for connection_id, name, reference in texts.order_by("campaign__name", "campaign_id"):
        if search.casefold() in f"{name}\n{reference}".casefold():
            found.setdefault(connection_id, []).append(name)
    return found


def live_link(account: Account, campaign: Campaign, connection: Connection) -> CampaignLink | None:
    return (
        CampaignLink.objects.for_account(account)
        .filter(campaign=campaign, connection=connection, unlinked_at=None)
        .first()
    )


def _as_uuid(key: UUID | str) -> UUID | None:
    try:
        return key if isinstance(key, UUID) else UUID(key)
    except ValueError:
        return None
