"""The gallery of presets, and a connection from one of them."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.account_pages import AccountRequest, require_permission
from accounts.errors import CorrectInput, Problem
from accounts.models import Account
from accounts.permissions import Permission
from connections import previews, services
from connections.documents import DocumentationLink
from connections.exchange.request import ShownRequest
from connections.forms import Field, PresetForm, problems_by_field
from connections.models import Connection
from connections.presets import Category, Preset, found_presets, preset_of
from connections.presets.filling import filled_preset
from connections.views.fragments import linked

logger = logging.getLogger(__name__)

MAX_LOGGED_CHARACTERS = 60
CATEGORIES = (
    (Category.CRM, "CRM"),
    (Category.EMAIL, "Email marketing"),
    (Category.AUTOMATION, "Marketing automation"),
    (Category.MESSAGING, "Messaging"),
    (Category.FORM, "Forms"),
)


@dataclass(frozen=True, slots=True)
class Gallery:
    """The presets that fit what is searched for."""

    presets: Sequence[tuple[Preset, str]]
    """Each with the words for its category."""
    search: str
    category: str
    categories: Sequence[tuple[str, str]]


def gallery(request: AccountRequest) -> Gallery:
    """Return what `?q=` and `?category=` find; a search that finds nothing is logged."""
    search = request.GET.get("q", "").strip()
    chosen = request.GET.get("category", "")
    category = Category(chosen) if chosen in list(Category) else None
    found = found_presets(search=search, category=category)
    if search and not found:
        _log_miss(search, request.access.account)
    words = dict(CATEGORIES)
    return Gallery(
        presets=[(preset, words[preset.category]) for preset in found],
        search=search,
        category=category or "",
        categories=CATEGORIES,
    )


def _log_miss(search: str, account: Account) -> None:
    """Write down which platform somebody wanted; an email address is nobody's platform."""
    if "@" not in search:
        logger.info(
            "preset not found: search=%r account=%s", search[:MAX_LOGGED_CHARACTERS], account.slug
        )


@require_http_methods(["GET", "POST"])
@require_permission(Permission.CONNECTION_WRITE)
def preset_show(request: AccountRequest, preset: str) -> HttpResponse:
    """Show what a preset sends and asks for; make a draft of it, then open its editor."""
    chosen = preset_of(preset)
    if request.method == "GET":
        return _page(request, PresetForm.empty(chosen))
    form = PresetForm.posted(chosen, request.POST)
    try:
        connection = _create(request, form)
    except CorrectInput as refused:
        return _page(request, form, refused.problems)
    return redirect(
        "connections:connection_edit",
        account=request.access.account.slug,
        connection_id=connection.id,
    )


def _create(request: AccountRequest, form: PresetForm) -> Connection:
    preset = form.preset
    return services.create_connection(
        account=request.access.account,
        actor=request.access.actor,
        now=timezone.now(),
        name=form.name,
        config=filled_preset(preset, form.values),
        documentation=[DocumentationLink(title=preset.name, url=str(preset.documentation))],
        secret_values=form.secret_values(),
    )


def _page(
    request: AccountRequest, form: PresetForm, problems: Sequence[Problem] = ()
) -> HttpResponse:
    by_field = problems_by_field(form, problems)
    page = {
        "preset": form.preset,
        "name": Field("name", form.name, by_field.get("name", ())),
        "fields": form.fields(by_field),
        "problems": linked(form, problems),
        "preview": {"request": _preview(request.access.account, form.preset, timezone.now())},
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if problems else HTTPStatus.OK
    return render(request, "connections/preset_show.html", page, status=status)


def _preview(account: Account, preset: Preset, now: datetime) -> ShownRequest:
    """Return what the preset sends with its examples, for a connection that nobody saves."""
    connection = Connection(account=account, name=preset.name)
    config = preset.filled(preset.examples())
    return previews.preview(connection=connection, config=config, now=now)
