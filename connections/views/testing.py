"""Testing a connection: where the leads go, the result, and what was tested before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from accounts.account_pages import AccountRequest, require_permission
from accounts.errors import DomainError
from accounts.permissions import Permission
from connections import selectors, services
from connections.curl import as_curl
from connections.exchange.config import ConnectionConfig, Environment
from connections.models import Connection, ConnectionVersion, TestRun, TestRunStatus
from connections.views.fragments import LinkedProblem

MOST_RUNS_LISTED = 50


@dataclass(frozen=True, slots=True)
class Target:
    """An environment that test leads can be sent to."""

    environment: Environment
    host: str
    is_usual: bool


@dataclass(frozen=True, slots=True)
class ShownResult:
    """One test case of a run; `attempt` and `verdict` are in the shape of the REST API."""

    test_case: str
    expected_outcome: str
    passed: bool | None
    attempt: Mapping[str, Any] | None
    verdict: Mapping[str, Any] | None
    curl: str


@dataclass(frozen=True, slots=True)
class ResultPage:
    connection: Connection
    run: TestRun
    config: ConnectionConfig
    results: Sequence[ShownResult]

    @property
    def is_running(self) -> bool:
        return self.run.status == TestRunStatus.RUNNING

    @property
    def passed_count(self) -> int:
        return sum(result.passed is True for result in self.results)

    @property
    def can_go_live(self) -> bool:
        """Whether this run allows its version to be activated, and it is not live yet."""
        connection = self.connection
        is_newest = self.run.version_id == connection.head_version_id
        is_live = connection.live_version_id == self.run.version_id
        return self.run.status == TestRunStatus.PASSED and is_newest and not is_live


@require_http_methods(["GET", "POST"])
@require_permission(Permission.CONNECTION_READ)
def test_list(request: AccountRequest, connection_id: UUID) -> HttpResponse:
    """Show what was tested, newest first; a POST tests again."""
    connection = selectors.connection_of(request.access.account, connection_id)
    if request.method == "POST":
        request.access.require(Permission.CONNECTION_TEST)
        return start_test(request, connection)
    runs = selectors.test_runs_of(connection).order_by("-id")[:MOST_RUNS_LISTED]
    page = {
        "connection": connection,
        "runs": runs,
        "may_test": request.access.allows(Permission.CONNECTION_TEST),
    }
    return render(request, "connections/test_list.html", page)


@require_GET
@require_permission(Permission.CONNECTION_TEST)
def test_new(request: AccountRequest, connection_id: UUID) -> HttpResponse:
    """Ask where the test leads are to go."""
    connection = selectors.connection_of(request.access.account, connection_id)
    return _choice(request, connection)


def start_test(request: AccountRequest, connection: Connection) -> HttpResponse:
    """Start a test run and go to its result; or ask, when it would reach production."""
    config = _head(connection).document
    by_name = {environment.value: environment for environment in config.environments}
    environment = by_name.get(request.POST.get("environment", ""))
    is_confirmed = "confirm_production" in request.POST
    target = environment or config.environment_for_tests()
    slug = request.access.account.slug
    if target is Environment.PRODUCTION and not is_confirmed:
        if "asked" in request.POST:
            detail = "Tick the box to send a test lead to production."
            return _choice(request, connection, LinkedProblem("confirm_production", detail))
        return redirect("connections:test_new", account=slug, connection_id=connection.id)
    try:
        run = services.start_test_run(
            account=request.access.account,
            actor=request.access.actor,
            now=timezone.now(),
            connection_id=connection.id,
            environment=environment,
            confirm_production=is_confirmed,
        )
    except DomainError as refused:
        return _choice(request, connection, LinkedProblem("", refused.detail))
    return redirect(
        "connections:test_show", account=slug, connection_id=connection.id, run_id=run.id
    )


def _choice(
    request: AccountRequest, connection: Connection, *problems: LinkedProblem
) -> HttpResponse:
    config = _head(connection).document
    usual = config.environment_for_tests()
    targets = [
        Target(environment, urlsplit(endpoint.url).netloc, environment is usual)
        for environment, endpoint in config.environments.items()
    ]
    page = {
        "connection": connection,
        "config": config,
        "targets": targets,
        "problems": problems,
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if problems else HTTPStatus.OK
    return render(request, "connections/test_new.html", page, status=status)


@require_GET
@require_permission(Permission.CONNECTION_READ)
def test_show(request: AccountRequest, connection_id: UUID, run_id: UUID) -> HttpResponse:
    """Show the result of a test run; while it runs, htmx asks again and again."""
    connection = selectors.connection_of(request.access.account, connection_id)
    run = selectors.test_run_of(connection, run_id)
    may_read = request.access.allows(Permission.PERSONAL_DATA_READ)
    shown = selectors.test_run_shown(run, with_personal_data=may_read)
    results = [_result(result) for result in shown["results"]]
    page = {
        "page": ResultPage(connection, run, run.version.document, results),
        "may_write": request.access.allows(Permission.CONNECTION_WRITE),
        "may_test": request.access.allows(Permission.CONNECTION_TEST),
        "may_read": may_read,
    }
    if "HX-Request" in request.headers:
        return render(request, "connections/test_show.html#result", page | {"is_fragment": True})
    return render(request, "connections/test_show.html", page)


def _result(result: Mapping[str, Any]) -> ShownResult:
    attempt = result["attempt"]
    sent = attempt and attempt["request"]
    return ShownResult(**result, curl=as_curl(sent) if sent else "")


def _head(connection: Connection) -> ConnectionVersion:
    version = connection.head_version
    assert version is not None, "a connection has a version from its creation on"
    return version
