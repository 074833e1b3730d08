"""The team's side of set-up requests: ask by a link, watch, and make a draft of the answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.account_pages import AccountRequest, require_permission
from accounts.errors import CorrectInput, Problem, ResolveConflict, TryLater
from accounts.permissions import Permission
from connections import services
from connections.forms import Field
from connections.models import SetupRequest
from connections.setup_requests.answers import Item, SetupAnswers
from connections.setup_requests.drafting import draft_setup
from connections.setup_requests.selectors import (
    KEPT_AFTER_END,
    setup_file,
    setup_request_of,
    setup_requests_of,
    setup_token,
)
from connections.setup_requests.words import tasks
from connections.views.setup_example import example_fragment

ITEM_COUNT = len(Item)
WAITING = "Waiting for the client"


@dataclass(frozen=True, slots=True)
class ListedRequest:
    request: SetupRequest
    answered: int
    state: str
    waiting_days: int
    """How long the client keeps us waiting; 0 when they do not."""


@require_GET
@require_permission(Permission.CONNECTION_WRITE)
def setup_request_list(request: AccountRequest) -> HttpResponse:
    """Show what was asked for, and how far each is."""
    rows = [
        ListedRequest(one, one.document.answered(), _state(one), _waiting_days(one))
        for one in setup_requests_of(request.access.account)
    ]
    return render(request, "setup/list.html", {"rows": rows, "count": ITEM_COUNT})


@require_http_methods(["GET", "POST"])
@require_permission(Permission.CONNECTION_WRITE)
def setup_request_add(request: AccountRequest) -> HttpResponse:
    """Ask what it is for, then show the link, this once."""
    if request.method == "GET":
        return _add_page(request, "")
    name = request.POST.get("name", "")
    try:
        token, made = services.create_setup_request(**_who(request), name=name)
    except CorrectInput as refused:
        return _add_page(request, name, refused.problems)
    return _link_page(request, token, made)


@require_GET
@require_permission(Permission.CONNECTION_WRITE)
def setup_request_show(request: AccountRequest, request_id: UUID) -> HttpResponse:
    """Show the answers, and what a draft of them would lack."""
    return _show_page(request, setup_request_of(request.access.account, request_id))


@require_GET
@require_permission(Permission.CONNECTION_WRITE)
def setup_request_file(request: AccountRequest, request_id: UUID) -> HttpResponse:
    """Hand the file out to be saved: whatever is in it, no browser shows it on our site."""
    name, content = setup_file(request.access.account, request_id)
    response = HttpResponse(content, content_type="application/octet-stream")
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name)
    return response


@require_POST
@require_permission(Permission.CONNECTION_WRITE)
def setup_request_draft(request: AccountRequest, request_id: UUID) -> HttpResponse:
    """Make a draft connection of the answers, then open its editor."""
    found = setup_request_of(request.access.account, request_id)
    slug = request.access.account.slug
    file_path = reverse("setup_requests:setup_request_file", args=[slug, found.id])
    try:
        connection = services.connection_from_setup_request(
            **_who(request),
            request_id=found.id,
            file_url=request.build_absolute_uri(file_path),
        )
    except (CorrectInput, ResolveConflict) as refused:
        return _show_page(request, found, str(refused))
    messages.success(request, f"{connection.name} is a draft now. Nothing is sent yet.")
    return redirect("connections:connection_edit", account=slug, connection_id=connection.id)


@require_POST
@require_permission(Permission.CONNECTION_WRITE)
def setup_request_remind(request: AccountRequest, request_id: UUID) -> HttpResponse:
    """Mail the link to who is to answer."""
    found = setup_request_of(request.access.account, request_id)
    email, token = request.POST.get("email", "").strip(), setup_token(found)
    link = request.build_absolute_uri(reverse("setup:setup_tasks", args=[token])) if token else ""
    try:
        services.remind_setup_contact(**_who(request), request_id=found.id, email=email, link=link)
    except CorrectInput as refused:
        return _show_page(request, found, email=email, problems=refused.problems)
    except (ResolveConflict, TryLater) as refused:
        return _show_page(request, found, refused.detail)
    messages.success(request, f"The link is on its way to {email}.")
    slug = request.access.account.slug
    return redirect("setup_requests:setup_request_show", account=slug, request_id=request_id)


@require_POST
@require_permission(Permission.CONNECTION_WRITE)
def setup_request_renew(request: AccountRequest, request_id: UUID) -> HttpResponse:
    """Show a new link, this once; the old one ends."""
    token, renewed = services.renew_setup_link(**_who(request), request_id=request_id)
    return _link_page(request, token, renewed)


@require_POST
@require_permission(Permission.CONNECTION_WRITE)
def setup_request_revoke(request: AccountRequest, request_id: UUID) -> HttpResponse:
    """End the link at once."""
    services.revoke_setup_request(**_who(request), request_id=request_id)
    messages.success(request, "The link has ended. What was answered stays.")
    slug = request.access.account.slug
    return redirect("setup_requests:setup_request_show", account=slug, request_id=request_id)


def _who(request: AccountRequest) -> dict[str, Any]:
    access = request.access
    return {"account": access.account, "actor": access.actor, "now": timezone.now()}


def _state(one: SetupRequest) -> str:
    if one.connection_id:
        return "Draft made"
    if _has_ended(one):
        return "Link ended"
    return "Sent to you" if one.sent_at else WAITING


def _has_ended(one: SetupRequest) -> bool:
    return one.ends_at <= timezone.now()


def _waiting_days(one: SetupRequest) -> int:
    return (timezone.now() - one.updated_at).days if _state(one) == WAITING else 0


def _add_page(request: AccountRequest, name: str, problems: Sequence[Problem] = ()) -> HttpResponse:
    field = Field("name", name, [problem.detail for problem in problems])
    linked = [{"field_id": field.id, "detail": problem.detail} for problem in problems]
    page = {"name": field, "problems": linked}
    status = HTTPStatus.UNPROCESSABLE_ENTITY if problems else HTTPStatus.OK
    return render(request, "setup/add.html", page, status=status)


def _link_page(request: AccountRequest, token: str, made: SetupRequest) -> HttpResponse:
    link = request.build_absolute_uri(reverse("setup:setup_tasks", args=[token]))
    return render(request, "setup/link.html", {"setup": made, "link": link})


def _show_page(
    request: AccountRequest,
    found: SetupRequest,
    refusal: str = "",
    *,
    email: str = "",
    problems: Sequence[Problem] = (),
) -> HttpResponse:
    answers: SetupAnswers = found.document
    field = Field("email", email or _contact_email(answers), [one.detail for one in problems])
    draft = draft_setup(answers, has_credential=found.secrets_sealed is not None)
    page = {
        "setup": found,
        "state": _state(found),
        "tasks": [(task, getattr(answers, task.item.value)) for task in tasks(answers)],
        "example": answers.example,
        "preview": example_fragment(found),
        "answered": answers.answered(),
        "count": ITEM_COUNT,
        "can_draft": draft.config is not None and found.connection_id is None,
        "missing": () if found.connection_id else draft.missing,
        "refusal": refusal,
        "email": field,
        "problems": [{"field_id": field.id, "detail": problem.detail} for problem in problems],
        "erased_at": found.ends_at + KEPT_AFTER_END if _has_ended(found) else None,
        "is_waiting": _state(found) == WAITING,
        "waiting_days": _waiting_days(found),
    }
    status = HTTPStatus.CONFLICT if refusal else HTTPStatus.OK
    status = HTTPStatus.UNPROCESSABLE_ENTITY if problems else status
    return render(request, "setup/show.html", page, status=status)


def _contact_email(answers: SetupAnswers) -> str:
    return answers.contact.email if answers.contact else ""
