"""The editor of a connection: one form, saved as one version."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from http import HTTPStatus
from typing import TypeVar
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.account_pages import AccountRequest, require_permission
from accounts.errors import CorrectInput, Problem, ReadAgain, ResolveConflict
from accounts.permissions import Permission
from connections import selectors, services
from connections.documents import (
    Contact,
    DocumentationLink,
    parse_config,
    parse_contacts,
    parse_documentation,
)
from connections.exchange.config import ConnectionConfig
from connections.exchange.rendering import referenced_secrets
from connections.forms import EditorForm, TryForm, read, with_rows_changed
from connections.models import Connection, ConnectionStatus
from connections.services import Change
from connections.views.draft_secrets import draft_secrets
from connections.views.editor_page import editor_page, form_of, with_drafted_rule
from connections.views.fragments import previewed, tried
from connections.views.revisions import opened_revision
from connections.views.shown_page import shown_page
from connections.views.testing import start_test

Parsed = TypeVar("Parsed")


@require_http_methods(["GET", "POST"])
@require_permission(Permission.CONNECTION_READ)
def connection_edit(request: AccountRequest, connection_id: UUID) -> HttpResponse:
    """Show the connection: to whom may write it as a form, which this also takes."""
    connection = selectors.connection_of(request.access.account, connection_id)
    if request.method == "POST":
        request.access.require(Permission.CONNECTION_WRITE)
        return _take(request, connection)
    may_write = request.access.allows(Permission.CONNECTION_WRITE)
    if may_write and connection.status != ConnectionStatus.ARCHIVED:
        form, has_draft = with_drafted_rule(form_of(connection), request.GET.get("rule", ""))
        return _page(request, connection, form, has_draft=has_draft)
    return render(
        request,
        "connections/connection_show.html",
        {"page": shown_page(connection, now=timezone.now())},
    )


def _take(request: AccountRequest, connection: Connection) -> HttpResponse:
    """Save the form and perhaps test it; or change its rows, for pages without JavaScript."""
    action, _, path = request.POST.get("then", "save").partition(":")
    form = EditorForm.posted(request.POST)
    if action == "try":
        return _page(request, connection, form, answer=read(TryForm, request.POST, "try."))
    if action not in ("save", "overwrite", "test"):
        return _page(request, connection, with_rows_changed(form, action, path))
    if action == "overwrite":
        form = replace(form, revision=str(connection.revision))
    go_on = start_test if action == "test" else None
    return save_and_go_on(request, connection, form.tidy(), go_on=go_on)


def save_and_go_on(
    request: AccountRequest,
    connection: Connection,
    form: EditorForm,
    *,
    go_on: Callable[[AccountRequest, Connection], HttpResponse] | None = None,
) -> HttpResponse:
    """Save the form and do what comes next; or show the editor with what is wrong."""
    try:
        change = _save(request, connection, form, now=timezone.now())
    except CorrectInput as refused:
        return _page(request, connection, form, problems=refused.problems)
    except ReadAgain:
        return _page(request, connection, form, is_stale=True)
    except ResolveConflict as refused:
        problem = Problem("", refused.code, refused.detail)
        return _page(request, connection, form, problems=(problem,))
    response = go_on(request, change.connection) if go_on else redirect(request.path)
    if change.dropped_secrets:
        messages.warning(request, _dropped(change))
    elif not go_on:
        _say_saved(request, change)
    return response


def refused_form(
    request: AccountRequest, connection: Connection, form: EditorForm, detail: str
) -> HttpResponse:
    """Show the editor with the form as it was posted, and why nothing came of it."""
    return _page(request, connection, form, problems=(Problem("", "refused", detail),))


def _say_saved(request: AccountRequest, change: Change) -> None:
    """Say what was saved, and which secrets are still to be set before it can be sent."""
    named = draft_secrets(change.connection, form_of(change.connection))
    if lacks := [secret.lack for secret in named if secret.missing]:
        messages.warning(request, " ".join((_saved(change), *lacks)))
    else:
        messages.success(request, _saved(change))


@transaction.atomic
def _save(
    request: AccountRequest, connection: Connection, form: EditorForm, *, now: datetime
) -> Change:
    """Save everything that was typed, or nothing of it."""
    config, contacts, documentation = _documents(connection, form)
    account, actor = request.access.account, request.access.actor
    # What was typed for a name that is gone from the templates could never be seen again.
    named = referenced_secrets(config, custom_fields=selectors.custom_definitions(account))
    typed = [one for one in form.typed_secrets() if one.name in named]
    change = services.change_connection(
        account=account,
        actor=actor,
        now=now,
        connection_id=connection.id,
        expected_revision=opened_revision(form.revision),
        name=form.name,
        config=config,
        contacts=contacts,
        documentation=documentation,
        secret_values={one.name: one.value for one in typed if one.environment is None},
    )
    for one in typed:
        if one.environment is not None:
            services.set_secret(
                account=account,
                actor=actor,
                now=now,
                connection_id=connection.id,
                name=one.name,
                value=one.value,
                environment=one.environment,
            )
    return change


def _documents(
    connection: Connection,
    form: EditorForm,
) -> tuple[ConnectionConfig, tuple[Contact, ...], tuple[DocumentationLink, ...]]:
    """Return the typed documents. *Raises* CorrectInput with the problems of all of them."""
    problems: list[Problem] = []

    def parsed(parse: Callable[[object], Parsed], raw: object) -> Parsed | None:
        try:
            return parse(raw)
        except CorrectInput as refused:
            problems.extend(refused.problems)
            return None

    head = connection.head_version
    # The samples have a page of their own, and saving here does not lose them.
    kept = {"response_samples": head.config.get("response_samples", ()) if head else ()}
    config = parsed(parse_config, form.config_document() | kept)
    contacts = parsed(parse_contacts, [asdict(row) for row in form.contacts])
    documentation = parsed(parse_documentation, [asdict(row) for row in form.documentation])
    if config is None or contacts is None or documentation is None:
        raise CorrectInput(*problems)
    return config, contacts, documentation


def _page(
    request: AccountRequest,
    connection: Connection,
    form: EditorForm,
    *,
    answer: TryForm | None = None,
    problems: Sequence[Problem] = (),
    is_stale: bool = False,
    has_draft: bool = False,
) -> HttpResponse:
    now = timezone.now()
    page = editor_page(
        connection,
        form,
        preview=previewed(connection, form.tidy(), now=now),
        trial=tried(form.tidy(), answer, now=now) if answer else None,
        problems=problems,
        is_stale=is_stale,
        has_draft=has_draft,
    )
    status = HTTPStatus.CONFLICT if is_stale else HTTPStatus.OK
    status = HTTPStatus.UNPROCESSABLE_ENTITY if problems else status
    return render(request, "connections/connection_edit.html", {"page": page}, status=status)


def _dropped(change: Change) -> str:
    return (
        "Saved. The endpoint has another host now, so secrets of the old one were removed:"
        f" {', '.join(change.dropped_secrets)}. Enter them again."
    )


def _saved(change: Change) -> str:
    version = change.connection.head_version
    if change.new_version and version is not None:
        return f"Saved as version {version.number}."
    return "Saved."
