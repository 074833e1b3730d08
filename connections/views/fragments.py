"""The two live parts of the editor: what would be sent, and what the rules say of an answer."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_POST

from accounts.account_pages import AccountRequest, require_permission
from accounts.errors import CorrectInput, Problem
from accounts.permissions import Permission
from connections import previews, selectors
from connections.documents import parse_config, parse_rules
from connections.exchange.config import ResponseRule
from connections.exchange.request import ShownRequest
from connections.forms import EditorForm, Field, PointedForm, TryForm, as_sentence, bind, read
from connections.models import Connection
from connections.views.draft_secrets import DraftSecret, draft_secrets

_STATUS = re.compile("[1-5][0-9]{2}")


@dataclass(frozen=True, slots=True)
class LinkedProblem:
    """A sentence, and the id of the field that it is about (empty: of none)."""

    field_id: str
    detail: str


@dataclass(frozen=True, slots=True)
class PreviewFragment:
    request: ShownRequest | None = None
    problems: Sequence[LinkedProblem] = ()
    lacks: Sequence[LinkedProblem] = ()
    """Secrets without a value: all else can be shown, and nothing can be sent."""


@dataclass(frozen=True, slots=True)
class SecretsFragment:
    """What has changed since the page asked last about the secrets that the draft names."""

    added: Sequence[DraftSecret]
    gone: Sequence[str]


@dataclass(frozen=True, slots=True)
class TryFragment:
    form: Mapping[str, Any]
    verdict: Mapping[str, object] | None = None
    rules: Sequence[ResponseRule] = ()
    problems: Sequence[LinkedProblem] = ()


@require_POST
@require_permission(Permission.CONNECTION_WRITE)
def connection_preview(request: AccountRequest, connection_id: UUID) -> HttpResponse:
    """Show what the form as it stands would send; nothing is sent or saved."""
    connection = selectors.connection_of(request.access.account, connection_id)
    form = EditorForm.posted(request.POST).tidy()
    page = {
        "preview": previewed(connection, form, now=timezone.now()),
        "secrets": _secrets_changed(form, draft_secrets(connection, form)),
    }
    return render(request, "connections/editor/preview_fragment.html", page)


def _secrets_changed(form: EditorForm, named: Sequence[DraftSecret]) -> SecretsFragment:
    """Return which fields the page lacks, and which it can do without: nothing typed is lost."""
    on_page = {row.reference for row in form.secrets}
    own = [secret for secret in named if not secret.is_credential]
    wanted = {secret.name for secret in own}
    return SecretsFragment(
        added=[secret for secret in own if secret.name not in on_page],
        gone=[
            row.reference
            for row in form.secrets
            if row.reference not in wanted and not row.typed(row.reference)
        ],
    )


@require_POST
@require_permission(Permission.CONNECTION_WRITE)
def connection_try(request: AccountRequest, connection_id: UUID) -> HttpResponse:
    """Show what the rules as they stand in the form say of a pasted answer."""
    selectors.connection_of(request.access.account, connection_id)
    form = EditorForm.posted(request.POST).tidy()
    fragment = tried(form, read(TryForm, request.POST, "try."), now=timezone.now())
    return render(request, "connections/editor/tried.html", {"trial": fragment})


def previewed(connection: Connection, form: EditorForm, *, now: datetime) -> PreviewFragment:
    try:
        config = parse_config(form.document_over(head_config(connection)))
        shown = previews.preview(connection=connection, config=config, now=now)
    except CorrectInput as refused:
        return PreviewFragment(problems=linked(form, refused.problems))
    named = draft_secrets(connection, form)
    return PreviewFragment(
        shown, lacks=[LinkedProblem(one.field_id, one.lack) for one in named if one.missing]
    )


def head_config(connection: Connection) -> Mapping[str, Any]:
    """Return the newest configuration as it is stored."""
    version = connection.head_version
    assert version is not None, "a connection has a version from its creation on"
    config: Mapping[str, Any] = version.config
    return config


def tried(form: EditorForm, answer: TryForm, *, now: datetime) -> TryFragment:
    page = bind(answer, {}, "try")
    if not _STATUS.fullmatch(answer.status):
        status: Field = page["status"]
        problem = LinkedProblem(status.id, "Write a status from 100 to 599, for example 201.")
        return TryFragment(page, problems=[problem])
    try:
        rules = parse_rules(form.config_document()["response_rules"])
        verdict = previews.classify_response(
            rules=rules,
            status=int(answer.status),
            headers=answer.header_pairs(),
            body=answer.body,
            now=now,
        )
    except CorrectInput as refused:
        return TryFragment(page, problems=linked(form, map(of_config, refused.problems)))
    return TryFragment(page, verdict.as_json(), rules)


def linked(form: PointedForm, problems: Iterable[Problem]) -> list[LinkedProblem]:
    """Return the problems with the ids of their fields, in the order given."""
    return [
        LinkedProblem(Field(name, "").id if name else "", as_sentence(problem.detail))
        for problem in problems
        for name in (form.field_at(problem.pointer),)
    ]


def of_config(problem: Problem) -> Problem:
    """Return what is wrong with rules by themselves as a problem of the configuration."""
    pointer = problem.pointer.replace("/rules", "/config/response_rules", 1)
    return Problem(pointer, problem.code, problem.detail)
