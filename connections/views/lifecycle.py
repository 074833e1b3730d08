"""What becomes of a connection: live, paused, archived, back to an earlier version."""

from collections.abc import Callable
from http import HTTPStatus
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.account_pages import AccountRequest, require_permission
from accounts.errors import CorrectInput, DomainError, ResolveConflict
from accounts.permissions import Permission
from connections import selectors, services
from connections.forms import Field
from connections.models import Connection
from connections.views.fragments import LinkedProblem


@require_http_methods(["GET", "POST"])
@require_permission(Permission.CONNECTION_WRITE)
def connection_activate(request: AccountRequest, connection_id: UUID) -> HttpResponse:
    """Make the newest version live; without a passed test only with a reason."""
    connection = selectors.connection_of(request.access.account, connection_id)
    override = request.POST.get("override")
    field, problems = Field("override", override or ""), []
    if request.method == "POST":
        try:
            activated = services.activate_connection(
                account=request.access.account,
                actor=request.access.actor,
                now=timezone.now(),
                connection_id=connection.id,
                override=override,
            )
        except CorrectInput as refused:
            field = field._replace(problems=[refused.detail])
            problems = [LinkedProblem(field.id, refused.detail)]
        except DomainError as refused:
            problems = [LinkedProblem("", refused.detail)]
        else:
            number = activated.live_version.number if activated.live_version else 1
            messages.success(
                request, f"Version {number} is live. Link campaigns to it under Real-time referral."
            )
            return _to_editor(request, activated)
    page = {
        "connection": connection,
        "is_tested": selectors.is_tested(connection),
        "field": field,
        "problems": problems,
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if problems else HTTPStatus.OK
    return render(request, "connections/connection_activate.html", page, status=status)


@require_http_methods(["GET", "POST"])
@require_permission(Permission.CONNECTION_WRITE)
def connection_pause(request: AccountRequest, connection_id: UUID) -> HttpResponse:
    """Ask, then hold what comes for this connection."""
    return _change(request, connection_id, services.pause_connection, "pause", "is paused.")


@require_POST
@require_permission(Permission.CONNECTION_WRITE)
def connection_resume(request: AccountRequest, connection_id: UUID) -> HttpResponse:
    """Send again with the live version: after a pause, or to an endpoint that failed."""
    return _change(request, connection_id, services.resume_connection, "resume", "sends again.")


@require_http_methods(["GET", "POST"])
@require_permission(Permission.CONNECTION_WRITE)
def connection_archive(request: AccountRequest, connection_id: UUID) -> HttpResponse:
    """Ask, then take the connection out of use for good."""
    return _change(request, connection_id, services.archive_connection, "archive", "is archived.")


def _change(
    request: AccountRequest,
    connection_id: UUID,
    change: Callable[..., Connection],
    verb: str,
    done: str,
) -> HttpResponse:
    connection = selectors.connection_of(request.access.account, connection_id)
    if request.method == "GET":
        page = {"connection": connection}
        return render(request, f"connections/connection_{verb}.html", page)
    try:
        change(
            account=request.access.account,
            actor=request.access.actor,
            now=timezone.now(),
            connection_id=connection.id,
        )
    except DomainError as refused:
        messages.error(request, refused.detail)
    else:
        messages.success(request, f"{connection.name} {done}")
    return _to_editor(request, connection)


@require_GET
@require_permission(Permission.CONNECTION_READ)
def version_list(request: AccountRequest, connection_id: UUID) -> HttpResponse:
    """Show the versions, newest first."""
    connection = selectors.connection_of(request.access.account, connection_id)
    page = {
        "connection": connection,
        "versions": selectors.versions_of(connection).order_by("-number"),
        "may_write": request.access.allows(Permission.CONNECTION_WRITE),
    }
    return render(request, "connections/version_list.html", page)


@require_POST
@require_permission(Permission.CONNECTION_WRITE)
def version_restore(request: AccountRequest, connection_id: UUID, number: int) -> HttpResponse:
    """Make an earlier configuration the newest one again, as a new version that is not live."""
    try:
        change = services.restore_version(
            account=request.access.account,
            actor=request.access.actor,
            now=timezone.now(),
            connection_id=connection_id,
            number=number,
        )
    except ResolveConflict as refused:
        messages.error(request, refused.detail)
        return redirect(
            "connections:version_list",
            account=request.access.account.slug,
            connection_id=connection_id,
        )
    head = change.connection.head_version
    if head is not None and change.new_version:
        messages.success(
            request,
            f"Version {head.number} was made from version {number}. Test it, then make it live.",
        )
    return _to_editor(request, change.connection)


def _to_editor(request: AccountRequest, connection: Connection) -> HttpResponse:
    return redirect(
        "connections:connection_edit",
        account=request.access.account.slug,
        connection_id=connection.id,
    )
