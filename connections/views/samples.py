"""Rules from sample answers: pasted with what they mean, looked at, and then put in place."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.account_pages import AccountRequest, require_permission
from accounts.errors import CorrectInput, Problem, ReadAgain, ResolveConflict
from accounts.permissions import Permission
from connections import drafts, selectors
from connections.documents import parse_samples
from connections.drafts import RulesDraft
from connections.exchange.config import ResponseSample
from connections.exchange.rule_lint import (
    ReadSample,
    RuleWarning,
    lint_rules,
    read_samples,
    received_sample,
)
from connections.forms import EditorChoices, bind, problems_by_field, read, with_rows_changed
from connections.forms.binding import without_blank_rows
from connections.forms.samples import SamplesForm
from connections.models import Connection
from connections.rule_warnings import known_answers
from connections.services import Change
from connections.views.fragments import linked
from connections.views.revisions import opened_revision


@dataclass(frozen=True, slots=True)
class SamplesPage:
    connection: Connection
    drafted: RulesDraft | None = None
    readings: Sequence[ReadSample] = ()
    warnings: Sequence[RuleWarning] = ()
    choices: EditorChoices = field(default_factory=EditorChoices)


@require_http_methods(["GET", "POST"])
@require_permission(Permission.CONNECTION_WRITE)
def connection_samples(request: AccountRequest, connection_id: UUID) -> HttpResponse:
    """Show the samples that are kept, draft rules from them, and save either."""
    connection = selectors.connection_of(request.access.account, connection_id)
    if request.method == "GET":
        return _shown(request, SamplesPage(connection), _form_of(connection))
    action, _, path = request.POST.get("then", "draft").partition(":")
    form = read(SamplesForm, request.POST)
    if action in ("add", "remove"):
        return _shown(request, SamplesPage(connection), with_rows_changed(form, action, path))
    return _take(request, connection, without_blank_rows(form), action)


def _form_of(connection: Connection) -> SamplesForm:
    head = connection.head_version
    samples = head.document.response_samples if head else ()
    return SamplesForm.of(revision=connection.revision, samples=samples)


def _take(
    request: AccountRequest, connection: Connection, form: SamplesForm, action: str
) -> HttpResponse:
    page = SamplesPage(connection)
    try:
        if action == "keep":
            samples = parse_samples(form.documents()) if form.samples else ()
            return _saved(request, _keep(request, connection, form, samples))
        drafted = drafts.rules_separating(parse_samples(form.documents()))
        if action == "use":
            return _saved(request, _use(request, connection, form, drafted))
        page = _with_draft(connection, drafted)
    except CorrectInput as refused:
        return _shown(request, page, form, refused.problems)
    except (ReadAgain, ResolveConflict) as refused:
        return _shown(request, page, form, (Problem("", refused.code, refused.detail),))
    return _shown(request, page, form)


def _with_draft(connection: Connection, drafted: RulesDraft) -> SamplesPage:
    seen = [received_sample(sample) for sample in drafted.samples]
    return SamplesPage(
        connection,
        drafted=drafted,
        readings=read_samples(drafted.rules, drafted.samples),
        warnings=lint_rules(drafted.rules, seen=[*seen, *known_answers(connection)]),
    )


def _keep(
    request: AccountRequest,
    connection: Connection,
    form: SamplesForm,
    samples: Sequence[ResponseSample],
) -> Change:
    return drafts.save_samples(
        account=request.access.account,
        actor=request.access.actor,
        now=timezone.now(),
        connection_id=connection.id,
        samples=samples,
        expected_revision=opened_revision(form.revision),
    )


def _use(
    request: AccountRequest, connection: Connection, form: SamplesForm, drafted: RulesDraft
) -> Change:
    return drafts.save_rules(
        account=request.access.account,
        actor=request.access.actor,
        now=timezone.now(),
        connection_id=connection.id,
        drafted=drafted,
        expected_revision=opened_revision(form.revision),
    )


def _saved(request: AccountRequest, change: Change) -> HttpResponse:
    version = change.connection.head_version
    number = f" as version {version.number}" if version and change.new_version else ""
    messages.success(request, f"Saved{number}.")
    account = request.access.account.slug
    editor = reverse("connections:connection_edit", args=(account, change.connection.id))
    return redirect(f"{editor}#response-handling")


def _shown(
    request: AccountRequest,
    page: SamplesPage,
    form: SamplesForm,
    problems: Sequence[Problem] = (),
) -> HttpResponse:
    context = {
        "page": page,
        "form": bind(form, problems_by_field(form, problems)),
        "problems": linked(form, problems),
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if problems else HTTPStatus.OK
    return render(request, "connections/samples.html", context, status=status)
