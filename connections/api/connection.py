"""A connection's own life for REST clients: add, read, change, archive, use."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.account_api import AccountViewSet
from accounts.idempotency import idempotent
from accounts.permissions import Permission
from connections import selectors, services
from connections.api import examples
from connections.api.revisions import connection_answer, expected_revision
from connections.serializers.connection import (
    ActivationIn,
    ChangedConnectionOut,
    ConnectionChange,
    ConnectionIn,
    ConnectionOut,
    SecretIn,
)

IF_MATCH = OpenApiParameter(
    "If-Match",
    str,
    OpenApiParameter.HEADER,
    description='The ETag that you read, like `"7"`: when it is not the present one, 412.',
)
ONE = OpenApiExample("The connection", value=examples.CONNECTION, response_only=True)


class ConnectionViewSet(AccountViewSet):
    permissions = {
        "list": Permission.CONNECTION_READ,
        "create": Permission.CONNECTION_WRITE,
        "retrieve": Permission.CONNECTION_READ,
        "partial_update": Permission.CONNECTION_WRITE,
        "destroy": Permission.CONNECTION_WRITE,
        "activate": Permission.CONNECTION_WRITE,
        "pause": Permission.CONNECTION_WRITE,
        "resume": Permission.CONNECTION_WRITE,
        "set_secret": Permission.CONNECTION_WRITE,
    }

    @extend_schema(
        operation_id="connections_list",
        summary="Connections of the account",
        responses=ConnectionOut(many=True),
        examples=[ONE],
    )
    def list(self, request: Request, account: str) -> Response:  # noqa: ARG002
        """Return the connections that are not archived, the newest first."""
        connections = selectors.connections_of(self.access.account)
        return self.page(connections, selectors.connection_shown)

    @extend_schema(
        operation_id="connections_create",
        summary="Add a connection",
        request=ConnectionIn,
        responses={201: ConnectionOut},
        examples=[
            OpenApiExample("Name and endpoint", request_only=True, value=examples.SMALLEST_IN),
            OpenApiExample("A whole one", request_only=True, value=examples.CONNECTION_IN),
            ONE,
        ],
    )
    @idempotent
    def create(self, request: Request, account: str) -> Response:  # noqa: ARG002
        """Add a draft. A name and an endpoint are enough; the rest can be patched in later."""
        given = ConnectionIn(data=request.data)
        given.is_valid(raise_exception=True)
        connection = services.create_connection(**self._who, **given.validated_data)
        return connection_answer(self.access.account, connection.id, status=201)

    @extend_schema(
        operation_id="connections_retrieve",
        summary="One connection",
        responses=ConnectionOut,
        examples=[ONE],
    )
    def retrieve(self, request: Request, account: str, connection: UUID) -> Response:  # noqa: ARG002
        """Return the connection with its newest configuration; secrets are named only."""
        return connection_answer(self.access.account, connection)

    @extend_schema(
        operation_id="connections_update",
        summary="Change a connection",
        parameters=[IF_MATCH],
        request=ConnectionChange,
        responses=ChangedConnectionOut,
        examples=[
            OpenApiExample(
                "Another timeout, no variables",
                request_only=True,
                value={"config": {"delivery": {"timeout_seconds": 20}, "variables": None}},
            ),
            OpenApiExample("Changed", response_only=True, value=examples.CHANGED),
        ],
    )
    def partial_update(self, request: Request, account: str, connection: UUID) -> Response:  # noqa: ARG002
        """Merge what is given (RFC 7396); a configuration that differs is a new version.

        A new version of an active connection is sent with only after it is activated. When an
        environment gets another host, its secrets are dropped and named in the answer.
        """
        given = ConnectionChange(data=request.data)
        given.is_valid(raise_exception=True)
        change = services.change_connection(**self._guarded(connection), **given.validated_data)
        return connection_answer(
            self.access.account, connection, dropped_secrets=change.dropped_secrets
        )

    @extend_schema(
        operation_id="connections_archive",
        summary="Archive a connection",
        parameters=[IF_MATCH],
        responses={204: None},
    )
    def destroy(self, request: Request, account: str, connection: UUID) -> Response:  # noqa: ARG002
        """Take it out of use for good; what was not sent yet is cancelled, its secrets deleted."""
        services.archive_connection(**self._guarded(connection))
        return Response(status=204)

    @extend_schema(
        operation_id="connections_activate",
        summary="Activate the newest version",
        parameters=[IF_MATCH],
        request=ActivationIn,
        responses=ConnectionOut,
        examples=[
            OpenApiExample("After a passed test run", request_only=True, value={}),
            OpenApiExample(
                "Without one",
                request_only=True,
                value={"override": "Their staging system is down until Monday."},
            ),
            ONE,
        ],
    )
    def activate(self, request: Request, account: str, connection: UUID) -> Response:  # noqa: ARG002
        """Send referrals with the newest version from now on.

        It must have a production endpoint with all its secrets, and a passed test run or an
        override; what is missing is a 409 that says so.
        """
        given = ActivationIn(data=request.data)
        given.is_valid(raise_exception=True)
        services.activate_connection(**self._guarded(connection), **given.validated_data)
        return connection_answer(self.access.account, connection)

    @extend_schema(
        operation_id="connections_pause",
        summary="Pause a connection",
        parameters=[IF_MATCH],
        request=None,
        responses=ConnectionOut,
        examples=[ONE],
    )
    def pause(self, request: Request, account: str, connection: UUID) -> Response:  # noqa: ARG002
        """Hold what comes for it until it is resumed; nothing is lost."""
        services.pause_connection(**self._guarded(connection))
        return connection_answer(self.access.account, connection)

    @extend_schema(
        operation_id="connections_resume",
        summary="Resume a connection",
        parameters=[IF_MATCH],
        request=None,
        responses=ConnectionOut,
        examples=[ONE],
    )
    def resume(self, request: Request, account: str, connection: UUID) -> Response:  # noqa: ARG002
        """Send what was held, and what comes, with the version that was live before."""
        services.resume_connection(**self._guarded(connection))
        return connection_answer(self.access.account, connection)

    @extend_schema(
        operation_id="connections_set_secret",
        summary="Set a secret",
        parameters=[IF_MATCH],
        request=SecretIn,
        responses=ConnectionOut,
        examples=[
            OpenApiExample(
                "For tests only",
                request_only=True,
                value={"value": "correct horse battery staple", "environment": "testing"},
            ),
            ONE,
        ],
    )
    def set_secret(self, request: Request, account: str, connection: UUID, name: str) -> Response:  # noqa: ARG002
        """Set or replace the value that the configuration calls by this name.

        It is bound to the host that the environment has now, and never returned.
        """
        given = SecretIn(data=request.data)
        given.is_valid(raise_exception=True)
        services.set_secret(**self._guarded(connection), name=name, **given.validated_data)
        return connection_answer(self.access.account, connection)

    @property
    def _who(self) -> dict[str, Any]:
        return {"account": self.access.account, "actor": self.access.actor, "now": self.now}

    def _guarded(self, connection: UUID) -> dict[str, Any]:
        revision = expected_revision(self.request)
        return self._who | {"connection_id": connection, "expected_revision": revision}
