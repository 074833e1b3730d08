"""The list of connections, and adding one."""

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from accounts.account_pages import AccountRequest, require_permission
from accounts.errors import CorrectInput, Problem
from accounts.models import Account
from accounts.permissions import Permission
from connections import selectors, services
from connections.documents import parse_config
from connections.forms import AddForm, EditorChoices, bind, problems_by_field, read
from connections.models import Connection, TestRun
from connections.views.fragments import linked
from connections.views.presets import gallery


@dataclass(frozen=True, slots=True)
class ListedConnection:
    connection: Connection
    method: str
    host: str
    last_test: TestRun | None


@require_GET
@require_permission(Permission.CONNECTION_READ)
def connection_list(request: AccountRequest) -> HttpResponse:
    """Show the account's connections, those whose name or host contains `?q=`."""
    search = request.GET.get("q", "").strip()
    rows = _listed(request.access.account)
    page = {
        "rows": [row for row in rows if _fits(row, search)],
        "has_any": bool(rows),
        "search": search,
        "may_write": request.access.allows(Permission.CONNECTION_WRITE),
    }
    return render(request, "connections/connection_list.html", page)


def _listed(account: Account) -> list[ListedConnection]:
    connections = list(selectors.connections_of(account).order_by("name"))
    last_tests = selectors.latest_test_runs(account)
    return [_row(connection, last_tests.get(connection.id)) for connection in connections]


def _row(connection: Connection, last_test: TestRun | None) -> ListedConnection:
    version = connection.live_version or connection.head_version
    assert version is not None
    config = version.document
    host = selectors.main_host(config)
    return ListedConnection(connection, config.method.value, host, last_test)


def _fits(row: ListedConnection, search: str) -> bool:
    return search.casefold() in f"{row.connection.name}\n{row.host}".casefold()


@require_GET
@require_permission(Permission.CONNECTION_WRITE)
def connection_add(request: AccountRequest) -> HttpResponse:
    """Ask what kind of connection it is to be, or which platform it goes to."""
    return render(request, "connections/connection_add.html", {"gallery": gallery(request)})


@require_http_methods(["GET", "POST"])
@require_permission(Permission.CONNECTION_WRITE)
def connection_add_api(request: AccountRequest) -> HttpResponse:
    """Make a draft from a name and an endpoint, then open its editor."""
    if request.method == "GET":
        return _add_page(request, AddForm())
    form = read(AddForm, request.POST)
    try:
        connection = services.create_connection(
            account=request.access.account,
            actor=request.access.actor,
            now=timezone.now(),
            name=form.name,
            config=parse_config(form.config_document()),
        )
    except CorrectInput as refused:
        return _add_page(request, form, refused.problems)
    return redirect(
        "connections:connection_edit",
        account=request.access.account.slug,
        connection_id=connection.id,
    )


def _add_page(
    request: AccountRequest, form: AddForm, problems: Sequence[Problem] = ()
) -> HttpResponse:
    page = {
        "form": bind(form, problems_by_field(form, problems)),
        "problems": linked(form, problems),
        "choices": EditorChoices(),
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if problems else HTTPStatus.OK
    return render(request, "connections/connection_add_api.html", page, status=status)
