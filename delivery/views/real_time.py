"""The real-time referral page: link, unlink, and watch referrals arrive."""

from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.account_pages import AccountRequest, require_permission
from accounts.errors import ResolveConflict
from accounts.models import Account
from accounts.permissions import Permission
from accounts.selectors import people_who_may
from campaigns import services
from campaigns.models import Campaign
from campaigns.selectors import campaign_of
from connections.models import Connection
from connections.selectors import connection_of
from delivery.real_time import latest_of, real_time_page
from delivery.selectors import count_cancellable


@dataclass(frozen=True, slots=True)
class Change:
    """What was just done on the page, to be shown where it happened."""

    connection: Connection
    sentence: str
    linked: UUID | None = None
    """The campaign that stands in the upper table now."""
    unlinked: UUID | None = None
    """The campaign that stands in the lower one, if that is shown."""

    @property
    def is_problem(self) -> bool:
        return self.linked is None and self.unlinked is None


@require_safe
@require_permission(Permission.CAMPAIGN_READ)
def real_time_referral(request: AccountRequest) -> HttpResponse:
    """Show connections with the campaigns that feed them: `?open=` unfolds one, `?q=` searches."""
    unlinked = _connection_id(request, "unlinked")
    return _page(request, opened=_connection_id(request, "open"), unlinked=unlinked)


@require_POST
@require_permission(Permission.CAMPAIGN_WRITE)
def campaign_link(request: AccountRequest, connection_id: UUID, campaign_id: UUID) -> HttpResponse:
    """Link a campaign to a connection."""
    connection = connection_of(request.access.account, connection_id)
    campaign = campaign_of(request.access.account, campaign_id)
    try:
        services.link_campaign(
            account=request.access.account,
            actor=request.access.actor,
            now=timezone.now(),
            connection_id=connection_id,
            campaign_id=campaign_id,
        )
    except ResolveConflict as conflict:
        return _changed(request, Change(connection, conflict.detail))
    sentence = (
        f"{campaign.name} is linked to {connection.name}. The next referral will be sent there."
    )
    return _changed(request, Change(connection, sentence, linked=campaign_id))


@require_http_methods(["GET", "POST"])
@require_permission(Permission.CAMPAIGN_WRITE)
def campaign_unlink(
    request: AccountRequest, connection_id: UUID, campaign_id: UUID
) -> HttpResponse:
    """Say what unlinking would cancel; once confirmed, unlink."""
    connection = connection_of(request.access.account, connection_id)
    campaign = campaign_of(request.access.account, campaign_id)
    if request.method == "GET":
        return _confirmation(request, connection, campaign)
    services.unlink_campaign(
        account=request.access.account,
        actor=request.access.actor,
        now=timezone.now(),
        connection_id=connection_id,
        campaign_id=campaign_id,
    )
    sentence = f"{campaign.name} is unlinked from {connection.name}."
    return _changed(request, Change(connection, sentence, unlinked=campaign_id))


@require_safe
@require_permission(Permission.DELIVERY_READ)
def latest_deliveries(request: AccountRequest, connection_id: UUID) -> HttpResponse:
    """Show the newest deliveries anew, or answer 204 when they are as `?seen=` says."""
    connection = connection_of(request.access.account, connection_id)
    latest = latest_of(request.access, connection, seen=request.GET.get("seen", ""))
    if latest is None:
        return HttpResponse(status=HTTPStatus.NO_CONTENT)
    return render(request, "delivery/latest.html", {"latest": latest})


def _page(
    request: AccountRequest,
    *,
    opened: UUID | None,
    unlinked: UUID | None,
    change: Change | None = None,
) -> HttpResponse:
    account = request.access.account
    path = f"/api/v1/accounts/{account.slug}/referrals"
    shown = real_time_page(
        request.access,
        opened=opened,
        unlinked=unlinked,
        search=_search(request),
        referrals_url=request.build_absolute_uri(path),
        now=timezone.now(),
    )
    may_write = request.access.allows(Permission.CAMPAIGN_WRITE)
    page = {
        "page": shown,
        "search": _search(request),
        "may_write": may_write,
        "askable": [] if may_write else _askable(account),
        "change": change,
    }
    return render(request, "delivery/real_time_referral.html", page)


def _askable(account: Account) -> list[str]:
    return people_who_may(account=account, permission=Permission.CAMPAIGN_WRITE)


def _confirmation(
    request: AccountRequest, connection: Connection, campaign: Campaign
) -> HttpResponse:
    waiting = count_cancellable(request.access.account, campaign, connection)
    template = "delivery/campaign_unlink.html"
    return render(
        request,
        f"{template}#dialog" if request.htmx else template,
        {
            "connection": connection,
            "campaign": campaign,
            "waiting": waiting,
            "back_url": _page_url(request, connection),
        },
    )


def _changed(request: AccountRequest, change: Change) -> HttpResponse:
    """Answer htmx with the page as it is now, and anybody else with the way to it."""
    if request.htmx:
        unlinked = _connection_id(request, "unlinked")
        return _page(request, opened=change.connection.id, unlinked=unlinked, change=change)
    level = messages.ERROR if change.is_problem else messages.SUCCESS
    messages.add_message(request, level, change.sentence)
    return redirect(_page_url(request, change.connection))


def _page_url(request: AccountRequest, connection: Connection) -> str:
    url = reverse("delivery:real_time_referral", kwargs={"account": request.access.account.slug})
    wanted = "unlinked" if _connection_id(request, "unlinked") else "open"
    searched = {"q": search} if (search := _search(request)) else {}
    query = urlencode({wanted: connection.id} | searched)
    return f"{url}?{query}#connection-{connection.id}"


def _search(request: AccountRequest) -> str:
    return request.GET.get("q", "").strip()


def _connection_id(request: AccountRequest, name: str) -> UUID | None:
    """Return the id in the address; what is none opens nothing."""
    try:
        return UUID(request.GET.get(name, ""))
    except ValueError:
        return None
