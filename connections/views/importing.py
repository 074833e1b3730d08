"""A connection from what the advertiser sent: pasted, read, looked at, and then made a draft."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.account_pages import AccountRequest, require_permission
from accounts.errors import CorrectInput, Problem
from accounts.permissions import Permission
from connections import drafts, previews
from connections.drafting.draft import Draft
from connections.drafting.openapi import Operation
from connections.exchange.request import ShownRequest
from connections.forms import bind, problems_by_field, read
from connections.forms.importing import ImportForm
from connections.models import Connection
from connections.views.fragments import linked


@dataclass(frozen=True, slots=True)
class ImportPage:
    """What was pasted, and as far as it could be read what would become of it."""

    form: ImportForm
    operations: Sequence[Operation] = ()
    draft: Draft | None = None
    preview: ShownRequest | None = None

    @property
    def choices(self) -> list[tuple[str, str]]:
        return [("", "Choose one")] + [
            (one.key, f"{one.method} {one.path}" + (f": {one.summary}" if one.summary else ""))
            for one in self.operations
        ]


@require_http_methods(["GET", "POST"])
@require_permission(Permission.CONNECTION_WRITE)
def connection_import(request: AccountRequest) -> HttpResponse:
    """Read what is pasted and show the draft; when that is confirmed, make it and open it."""
    if request.method == "GET":
        return _shown(request, ImportPage(ImportForm()))
    page = ImportPage(read(ImportForm, request.POST))
    try:
        page = _read(request, page.form)
        if request.POST.get("then") == "create" and page.draft:
            return _created(request, page.form, page.draft)
    except CorrectInput as refused:
        return _shown(request, page, refused.problems)
    return _shown(request, page)


def _read(request: AccountRequest, form: ImportForm) -> ImportPage:
    if not drafts.looks_like_openapi(form.text):
        draft = drafts.draft_of_request(form.text, pointer="/text")
        return _with_preview(request, ImportPage(form, draft=draft))
    document = drafts.openapi_document(form.text, pointer="/text")
    only = drafts.only_operation(document)
    page = ImportPage(form, operations=document.operations())
    key = form.operation or (only and only.key)
    if not key:
        return page
    draft = drafts.draft_of_operation(document, key)
    return _with_preview(request, replace(page, draft=draft))


def _with_preview(request: AccountRequest, page: ImportPage) -> ImportPage:
    assert page.draft is not None, "there is something to preview"
    connection = Connection(account=request.access.account, name=page.draft.name)
    try:
        shown = previews.preview(
            connection=connection, config=page.draft.config, now=timezone.now()
        )
    except CorrectInput as refused:
        raise CorrectInput(
            *(replace(one, pointer="/text") for one in refused.problems)
        ) from refused
    form = replace(page.form, name=page.form.name or page.draft.name)
    return replace(page, form=form, preview=shown)


def _created(request: AccountRequest, form: ImportForm, draft: Draft) -> HttpResponse:
    connection = drafts.create_from_draft(
        account=request.access.account,
        actor=request.access.actor,
        now=timezone.now(),
        draft=draft,
        pointer="/text",
        name=form.name,
    )
    return redirect(
        "connections:connection_edit",
        account=request.access.account.slug,
        connection_id=connection.id,
    )


def _shown(
    request: AccountRequest, page: ImportPage, problems: Sequence[Problem] = ()
) -> HttpResponse:
    context = {
        "page": page,
        "form": bind(page.form, problems_by_field(page.form, problems)),
        "problems": linked(page.form, problems),
        "preview": {"request": page.preview},
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if problems else HTTPStatus.OK
    return render(request, "connections/import.html", context, status=status)
