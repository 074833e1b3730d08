"""Versions of a connection's configuration for REST clients."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.account_api import AccountViewSet
from accounts.permissions import Permission
from connections import selectors, services
from connections.api import examples
from connections.api.connection import IF_MATCH
from connections.api.revisions import connection_answer, expected_revision
from connections.models import ConnectionVersion
from connections.serializers.connection import ChangedConnectionOut, VersionOut


class VersionViewSet(AccountViewSet):
    permissions = {
        "list": Permission.CONNECTION_READ,
        "restore": Permission.CONNECTION_WRITE,
    }

    @extend_schema(
        operation_id="versions_list",
        summary="Versions of a connection",
        responses=VersionOut(many=True),
        examples=[OpenApiExample("A version", value=examples.VERSION)],
    )
    def list(self, request: Request, account: str, connection: UUID) -> Response:  # noqa: ARG002
        """Return the configurations that it had, the newest first."""
        found = selectors.connection_of(self.access.account, connection)

        def shown(version: ConnectionVersion) -> dict[str, Any]:
            return {
                "number": version.number,
                "config": version.config,
                "created_by": version.created_by,
                "created_at": version.created_at,
                "is_live": version.id == found.live_version_id,
            }

        return self.page(selectors.versions_of(found), shown)

    @extend_schema(
        operation_id="versions_restore",
        summary="Restore a version",
        parameters=[IF_MATCH],
        request=None,
        responses=ChangedConnectionOut,
        examples=[OpenApiExample("Restored", response_only=True, value=examples.CHANGED)],
    )
    def restore(self, request: Request, account: str, connection: UUID, number: int) -> Response:  # noqa: ARG002
        """Make an earlier configuration the newest again, under a new number."""
        change = services.restore_version(
            account=self.access.account,
            actor=self.access.actor,
            now=self.now,
            connection_id=connection,
            number=number,
            expected_revision=expected_revision(request),
        )
        return connection_answer(
            self.access.account, connection, dropped_secrets=change.dropped_secrets
        )
