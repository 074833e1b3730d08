"""The custom fields of an account: listed, added, changed and deleted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from accounts.account_pages import AccountRequest, require_permission
from accounts.errors import CorrectInput, Problem, ResolveConflict
from accounts.permissions import Permission
from connections import selectors, services
from connections.documents import parse_custom_field
from connections.exchange.custom_fields import CustomField as Definition
from connections.forms import bind, problems_by_field, read, with_rows_changed
from connections.forms.custom_field import COMPARISONS, SOURCES, CustomFieldForm, MappingRow
from connections.models import Connection, CustomField
from connections.views.fragments import LinkedProblem, linked


@dataclass(frozen=True, slots=True)
class ListedField:
    field: CustomField
    definition: Definition
    users: Sequence[Connection]


@dataclass(frozen=True, slots=True)
class FieldPage:
    form: Mapping[str, Any]
    problems: Sequence[LinkedProblem]
    field: CustomField | None
    """None: it is about to be added."""
    users: Sequence[Connection]
    sources: Sequence[tuple[str, str]] = SOURCES
    comparisons: Sequence[tuple[str, str]] = COMPARISONS


@require_GET
@require_permission(Permission.CONNECTION_READ)
def custom_field_list(request: AccountRequest) -> HttpResponse:
    """Show the account's custom fields, and where they are used."""
    account = request.access.account
    users = selectors.connections_by_custom_field(account)
    rows = [
        ListedField(field, field.document, users.get(field.name, ()))
        for field in selectors.custom_fields_of(account).order_by("name")
    ]
    page = {"rows": rows, "may_write": request.access.allows(Permission.CONNECTION_WRITE)}
    return render(request, "connections/custom_fields/list.html", page)


@require_http_methods(["GET", "POST"])
@require_permission(Permission.CONNECTION_WRITE)
def custom_field_add(request: AccountRequest) -> HttpResponse:
    """Ask what the field is, and add it."""
    if request.method == "GET":
        return _page(request, None, CustomFieldForm())
    return _take(request, None)


@require_http_methods(["GET", "POST"])
@require_permission(Permission.CONNECTION_WRITE)
def custom_field_edit(request: AccountRequest, field_id: UUID) -> HttpResponse:
    """Show the field as a form, which this also takes."""
    field = selectors.custom_field_of(request.access.account, field_id)
    if request.method == "GET":
        return _page(request, field, CustomFieldForm.of(field.document))
    return _take(request, field)


@require_http_methods(["GET", "POST"])
@require_permission(Permission.CONNECTION_WRITE)
def custom_field_delete(request: AccountRequest, field_id: UUID) -> HttpResponse:
    """Ask, then delete the field; one that is used says where."""
    account = request.access.account
    field = selectors.custom_field_of(account, field_id)
    if request.method == "GET":
        users = selectors.connections_by_custom_field(account).get(field.name, ())
        page = {"field": field, "users": users}
        return render(request, "connections/custom_fields/delete.html", page)
    try:
        services.delete_custom_field(
            account=account, actor=request.access.actor, now=timezone.now(), field_id=field.id
        )
    except ResolveConflict as refused:
        messages.error(request, refused.detail)
    else:
        messages.success(request, f"{field.name} is deleted.")
    return redirect("custom_fields:custom_field_list", account=account.slug)


def _take(request: AccountRequest, field: CustomField | None) -> HttpResponse:
    """Save the form; or change its rows, for pages without JavaScript."""
    action, _, path = request.POST.get("then", "save").partition(":")
    form = read(CustomFieldForm, request.POST)
    if action != "save":
        return _page(request, field, with_rows_changed(form, action, path))
    form = form.tidy()
    try:
        saved = _save(request, field, form)
    except CorrectInput as refused:
        return _page(request, field, form, refused.problems)
    except ResolveConflict as refused:
        return _page(request, field, form, [Problem("/name", refused.code, refused.detail)])
    messages.success(request, f"{saved.name} is saved.")
    return redirect("custom_fields:custom_field_list", account=request.access.account.slug)


def _save(request: AccountRequest, field: CustomField | None, form: CustomFieldForm) -> CustomField:
    who: dict[str, Any] = {
        "account": request.access.account,
        "actor": request.access.actor,
        "now": timezone.now(),
    }
    if field is None:
        return services.create_custom_field(**who, definition=parse_custom_field(form.document()))
    return services.change_custom_field(**who, field_id=field.id, change=form.document())


def _page(
    request: AccountRequest,
    field: CustomField | None,
    form: CustomFieldForm,
    problems: Sequence[Problem] = (),
) -> HttpResponse:
    used = selectors.connections_by_custom_field(request.access.account) if field else {}
    form = replace(form, mappings=form.mappings or (MappingRow(),))
    page = FieldPage(
        form=bind(form, problems_by_field(form, problems)),
        problems=linked(form, problems),
        field=field,
        users=used.get(field.name, ()) if field else (),
    )
    status = HTTPStatus.UNPROCESSABLE_ENTITY if problems else HTTPStatus.OK
    return render(request, "connections/custom_fields/edit.html", {"page": page}, status=status)
