"""Test runs for REST clients: start one, wait for it, read it again."""

import time
from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from accounts.account_api import AccountViewSet
from accounts.errors import CorrectInput, Problem
from accounts.idempotency import idempotent
from accounts.permissions import Permission
from connections import selectors, services
from connections.api import examples
from connections.models import TestRun, TestRunStatus
from connections.serializers.connection import TestRunIn, TestRunOut, TestRunSummary

MAX_WAIT_SECONDS = 20
POLL_SECONDS = 0.1


class TestRunViewSet(AccountViewSet):
    __test__ = False  # not a class of tests, whatever pytest thinks of its name

    permissions = {
        "list": Permission.CONNECTION_READ,
        "create": Permission.CONNECTION_TEST,
        "retrieve": Permission.CONNECTION_READ,
    }

    @extend_schema(
        operation_id="tests_list",
        summary="Test runs of a connection",
        responses=TestRunSummary(many=True),
        examples=[OpenApiExample("A run", value=examples.RUN_SUMMARY)],
    )
    def list(self, request: Request, account: str, connection: UUID) -> Response:  # noqa: ARG002
        """Return the runs, the newest first, without what was exchanged."""
        found = selectors.connection_of(self.access.account, connection)
        return self.page(selectors.test_runs_of(found), selectors.test_run_summary)

    @extend_schema(
        operation_id="tests_create",
        summary="Send test leads",
        parameters=[
            OpenApiParameter(
                "wait",
                int,
                description=f"Seconds to wait for the end, up to {MAX_WAIT_SECONDS}: 200 then.",
            )
        ],
        request=TestRunIn,
        responses={200: TestRunOut, 202: TestRunOut},
        examples=[
            OpenApiExample("All test cases", request_only=True, value={}),
            OpenApiExample(
                "One lead, to production",
                request_only=True,
                value={
                    "environment": "production",
                    "attributes": {"email": "jane.citizen@example.com"},
                    "expected_outcome": "delivered",
                    "confirm_production": True,
                },
            ),
            OpenApiExample("Started", response_only=True, status_codes=["202"], value=examples.RUN),
            OpenApiExample(
                "Done", response_only=True, status_codes=["200"], value=examples.FINISHED_RUN
            ),
        ],
    )
    def create(self, request: Request, account: str, connection: UUID) -> Response:
        """Send test leads with the newest version, through the engine that production uses.

        Each carries `X-Test-Lead: true`. They go where the connection's tests go; to production
        only with `confirm_production`. At most 10 runs a minute for one connection.
        """
        wait_seconds = _wait_seconds(request)
        started: Response = self._start(request, account, connection)
        run_id = started.data["id"]
        is_done = _await_end(self._run(connection, run_id), wait_seconds)
        location = reverse("api:test", [account, connection, run_id], request=request)
        return Response(
            self._shown(self._run(connection, run_id)),
            status=200 if wait_seconds and is_done else 202,
            headers=dict(started.headers) | {"Location": location},
        )

    @extend_schema(
        operation_id="tests_retrieve",
        summary="One test run",
        responses=TestRunOut,
        examples=[OpenApiExample("Done", value=examples.FINISHED_RUN)],
    )
    def retrieve(self, request: Request, account: str, connection: UUID, test: UUID) -> Response:  # noqa: ARG002
        """Return the run with each request as sent, the response as received, and the verdict.

        Personal data is masked without the scope `pii:read`.
        """
        return Response(self._shown(self._run(connection, test)))

    # What is awaited happens after the commit of what is done once.
    @idempotent
    def _start(self, request: Request, account: str, connection: UUID) -> Response:  # noqa: ARG002
        given = TestRunIn(data=request.data)
        given.is_valid(raise_exception=True)
        run = services.start_test_run(
            account=self.access.account,
            actor=self.access.actor,
            now=self.now,
            connection_id=connection,
            **given.validated_data,
        )
        return Response({"id": str(run.id)}, status=202)

    def _shown(self, run: TestRun) -> dict[str, Any]:
        personal = self.access.allows(Permission.PERSONAL_DATA_READ)
        return selectors.test_run_shown(run, with_personal_data=personal)

    def _run(self, connection: UUID, run_id: UUID | str) -> TestRun:
        found = selectors.connection_of(self.access.account, connection)
        return selectors.test_run_of(found, run_id)


def _await_end(run: TestRun, wait_seconds: int) -> bool:
    """Wait until the run is over or the time is; tell whether it is over."""
    deadline = time.monotonic() + wait_seconds
    while run.status == TestRunStatus.RUNNING and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
        run.refresh_from_db(fields=["status"])
    return run.status != TestRunStatus.RUNNING


def _wait_seconds(request: Request) -> int:
    text = request.query_params.get("wait", "0")
    is_number = text.isascii() and text.isdigit() and len(text) < 9
    if not (is_number and int(text) <= MAX_WAIT_SECONDS):
        detail = f"Write wait as whole seconds, 0 to {MAX_WAIT_SECONDS}."
        raise CorrectInput(Problem("/wait", "invalid", detail))
    return int(text)
