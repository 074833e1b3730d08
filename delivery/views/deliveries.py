"""The list of deliveries, and one delivery with all that happened to it."""

from dataclasses import dataclass
from uuid import UUID

from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.access import Access
from accounts.account_pages import AccountRequest, require_permission
from accounts.permissions import Permission
from connections.exchange.config import ResponseRule
from connections.selectors import connection_of, versions_of
from delivery import selectors
from delivery.models import Delivery, DeliveryStatus
from delivery.rows import DeliveryRow, delivery_rows, why
from delivery.selectors import DeliveryFilter

PAGE_SIZE = 50
ATTEMPTS_SHOWN = 20
WAITING_COUNTED = 10_000


@dataclass(frozen=True, slots=True)
class DeliveryPage:
    rows: list[DeliveryRow]
    newest_url: str | None
    """None on the first page."""
    older_url: str | None
    """None on the last."""


@require_safe
@require_permission(Permission.DELIVERY_READ)
def delivery_list(request: AccountRequest) -> HttpResponse:
    """Show deliveries, the newest first: `?status=`, and `?before=` a delivery's id."""
    status = request.GET.get("status", "")
    chosen = DeliveryStatus(status) if status in DeliveryStatus.values else None
    page = _page(request.access, chosen, before=_cursor(request.GET))
    return render(
        request,
        "delivery/delivery_list.html",
        {"page": page, "chosen": chosen, "statuses": list(DeliveryStatus)},
    )


@require_safe
@require_permission(Permission.DELIVERY_READ)
def connection_waiting(request: AccountRequest, connection_id: UUID) -> HttpResponse:
    """Say how many referrals wait for a connection: a part of its page, while it fails."""
    connection = connection_of(request.access.account, connection_id)
    count = selectors.count_waiting(connection, at_most=WAITING_COUNTED)
    more = " or more" if count == WAITING_COUNTED else ""
    words = "1 referral waits" if count == 1 else f"{count:,}{more} referrals wait"
    return HttpResponse(words, content_type="text/plain")


@require_safe
@require_permission(Permission.DELIVERY_READ)
def delivery_detail(request: AccountRequest, delivery_id: UUID) -> HttpResponse:
    """Show what happened to one referral on its way to one connection."""
    delivery = selectors.delivery_of(request.access.account, delivery_id)
    may_read = request.access.allows(Permission.PERSONAL_DATA_READ)
    shown = selectors.delivery_shown(delivery, with_personal_data=may_read)
    newest = shown["attempts"][-ATTEMPTS_SHOWN:]
    rules = _rules_by_version(delivery, {attempt["version"] for attempt in newest})
    return render(
        request,
        "delivery/delivery_detail.html",
        {
            "delivery": delivery,
            "shown": shown,
            "why": why(shown["reason"], delivery),
            "attempts": [(attempt, rules[attempt["version"]]) for attempt in newest],
            "left_out": len(shown["attempts"]) - len(newest),
            "may_read": may_read,
            "is_erased": not delivery.referral.attributes_sealed,
        },
    )


def _rules_by_version(delivery: Delivery, numbers: set[int]) -> dict[int, tuple[ResponseRule, ...]]:
    versions = versions_of(delivery.connection).filter(number__in=numbers)
    return {version.number: version.document.response_rules for version in versions}


def _page(access: Access, status: DeliveryStatus | None, *, before: UUID | None) -> DeliveryPage:
    deliveries = selectors.deliveries_of(access.account, DeliveryFilter(status=status))
    if before:
        deliveries = deliveries.filter(id__lt=before)
    found = list(deliveries.select_related("connection", "campaign")[: PAGE_SIZE + 1])
    shown = found[:PAGE_SIZE]
    return DeliveryPage(
        rows=delivery_rows(access, shown),
        newest_url=_query(status) if before else None,
        older_url=_query(status, before=shown[-1].id) if len(found) > PAGE_SIZE else None,
    )


def _query(status: DeliveryStatus | None, *, before: UUID | None = None) -> str:
    query = QueryDict(mutable=True)
    if status:
        query["status"] = status.value
    if before:
        query["before"] = str(before)
    return f"?{query.urlencode()}"


def _cursor(query: QueryDict) -> UUID | None:
    try:
        return UUID(query.get("before", ""))
    except ValueError:
        return None
