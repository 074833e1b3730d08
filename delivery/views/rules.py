"""Rules against what really came back: the answers that none matched, and the backtest."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import orjson
from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.account_pages import AccountRequest, require_permission
from accounts.errors import CorrectInput, ResolveConflict
from accounts.permissions import Permission
from connections.documents import dumped, parse_rules
from connections.exchange.config import ResponseRule
from connections.forms import EditorForm, Field
from connections.models import Connection
from connections.selectors import connection_of, is_tested
from connections.services.row import head_of
from connections.views.editor import refused_form, save_and_go_on
from connections.views.fragments import LinkedProblem, linked, of_config
from delivery.backtest import (
    MOST_ANSWERS,
    USUAL_ANSWERS,
    backtest,
    backtest_shown,
    publish_and_relabel,
    relabel_past,
)
from delivery.unmatched import UnmatchedShape, unmatched_shapes


@dataclass(frozen=True, slots=True)
class ListedShape:
    shape: UnmatchedShape
    rule_query: str
    """Opens the editor with the drafted rule in it."""


@dataclass(frozen=True, slots=True)
class BacktestPage:
    connection: Connection
    limit: int
    is_saved: bool
    """Whether the rules are the saved ones, or those of a form that is being edited."""
    may_write: bool
    result: Mapping[str, Any] | None = None
    """In the shape of the REST API; None when the rules are wrong."""
    problems: Sequence[LinkedProblem] = ()

    @property
    def is_live(self) -> bool:
        """Whether referrals are sent with these rules already."""
        return self.is_saved and self.connection.live_version == head_of(self.connection)

    @property
    def override(self) -> Field | None:
        """Return the field for the reason to do without a test run; None when one passed."""
        if self.result is None or (self.is_saved and is_tested(self.connection)):
            return None
        answers = self.result["answers"]
        return Field("publish.override", f"The rules were tried on stored answers: {answers:,}.")


@require_safe
@require_permission(Permission.DELIVERY_READ)
def unmatched_list(request: AccountRequest, connection_id: UUID) -> HttpResponse:
    """Show the answers that no rule matched, one card for each shape."""
    connection = connection_of(request.access.account, connection_id)
    page = {
        "connection": connection,
        "shapes": [
            ListedShape(shape, urlencode({"rule": orjson.dumps(dumped(shape.rule))}))
            for shape in unmatched_shapes(request.access, connection, now=timezone.now())
        ],
        "may_write": _may_write(request, connection),
        "may_read": request.access.allows(Permission.PERSONAL_DATA_READ),
    }
    return render(request, "delivery/unmatched_list.html", page)


@require_http_methods(["GET", "HEAD", "POST"])
@require_permission(Permission.DELIVERY_READ)
def backtest_show(request: AccountRequest, connection_id: UUID) -> HttpResponse:
    """Show what the saved rules, or with POST those of the editor's form, say of the history."""
    connection = connection_of(request.access.account, connection_id)
    if request.method != "POST":
        rules = head_of(connection).document.response_rules
        limit = _limit(request.GET.get("answers", ""))
        page = _backtested(request, connection, rules, limit=limit, is_saved=True)
        return render(request, "delivery/backtest.html", {"page": page})
    page = _of_form(request, connection, EditorForm.posted(request.POST).tidy())
    template = "delivery/backtest_result.html" if request.htmx else "delivery/backtest.html"
    status = HTTPStatus.UNPROCESSABLE_ENTITY if page.problems else HTTPStatus.OK
    return render(request, template, {"page": page}, status=status)


@require_POST
@require_permission(Permission.CONNECTION_WRITE)
def relabel(request: AccountRequest, connection_id: UUID) -> HttpResponse:
    """Re-label finished deliveries by the newest rules, which go live with it if they are not."""
    connection = connection_of(request.access.account, connection_id)
    try:
        if connection.live_version == head_of(connection):
            _relabel(request, connection)
        else:
            _publish(request, connection)
    except (CorrectInput, ResolveConflict) as refused:
        messages.error(request, f"{refused.detail} Nothing was changed.")
    return redirect(
        "delivery:backtest", account=request.access.account.slug, connection_id=connection.id
    )


@require_POST
@require_permission(Permission.CONNECTION_WRITE)
def save_and_publish(request: AccountRequest, connection_id: UUID) -> HttpResponse:
    """Save the editor's form, make it live, and re-label by its rules; all or nothing."""
    connection = connection_of(request.access.account, connection_id)
    form = EditorForm.posted(request.POST).tidy()
    try:
        with transaction.atomic():
            return save_and_go_on(request, connection, form, go_on=_publish_and_return)
    except (CorrectInput, ResolveConflict) as refused:
        detail = f"{refused.detail} Nothing was saved or re-labelled."
        return refused_form(request, connection, form, detail)


def _publish_and_return(request: AccountRequest, connection: Connection) -> HttpResponse:
    _publish(request, connection)
    one = {"account": request.access.account.slug, "connection_id": connection.id}
    return redirect(f"{reverse('connections:connection_edit', kwargs=one)}#response-handling")


def _publish(request: AccountRequest, connection: Connection) -> None:
    counts = publish_and_relabel(
        account=request.access.account,
        actor=request.access.actor,
        now=timezone.now(),
        connection_id=connection.id,
        override=request.POST.get("publish.override", "").strip() or None,
        limit=_limit(request.POST.get("try.answers", "")),
    )
    messages.success(request, f"Version {head_of(connection).number} is live.")
    _say_relabelled(request, counts)


def _relabel(request: AccountRequest, connection: Connection) -> None:
    counts = relabel_past(
        account=request.access.account,
        actor=request.access.actor,
        now=timezone.now(),
        connection_id=connection.id,
        limit=_limit(request.POST.get("try.answers", "")),
    )
    _say_relabelled(request, counts)


def _say_relabelled(request: AccountRequest, counts: Mapping[str, int]) -> None:
    each = ", ".join(f"{count:,} from {change}" for change, count in counts.items())
    messages.success(request, f"Re-labelled: {each}." if each else "Nothing was to be re-labelled.")


def _of_form(request: AccountRequest, connection: Connection, form: EditorForm) -> BacktestPage:
    limit = _limit(request.POST.get("try.answers", ""))
    try:
        rules = parse_rules(form.config_document()["response_rules"])
        return _backtested(request, connection, rules, limit=limit, is_saved=False)
    except CorrectInput as refused:
        problems = linked(form, map(of_config, refused.problems))
        return BacktestPage(connection, limit, is_saved=False, may_write=False, problems=problems)


def _backtested(
    request: AccountRequest,
    connection: Connection,
    rules: Sequence[ResponseRule],
    *,
    limit: int,
    is_saved: bool,
) -> BacktestPage:
    result = backtest(connection=connection, rules=rules, now=timezone.now(), limit=limit)
    return BacktestPage(
        connection,
        limit,
        is_saved=is_saved,
        may_write=_may_write(request, connection),
        result=backtest_shown(request.access, result),
    )


def _may_write(request: AccountRequest, connection: Connection) -> bool:
    return request.access.allows(Permission.CONNECTION_WRITE) and connection.status != "archived"


def _limit(text: str) -> int:
    is_number = text.isascii() and text.isdecimal() and len(text) < 9
    return min(max(int(text), 1), MOST_ANSWERS) if is_number else USUAL_ANSWERS
