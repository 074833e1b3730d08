"""Custom fields of an account for REST clients."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.account_api import AccountViewSet
from accounts.idempotency import idempotent
from accounts.permissions import Permission
from connections import selectors, services
from connections.documents import parse_custom_field
from connections.exchange.custom_fields import MAX_MAPPINGS, Comparison
from connections.models import CustomField


class CustomMappingIn(serializers.Serializer[Any]):
    match = serializers.CharField(max_length=200, help_text="Case does not matter.")
    value = serializers.CharField(max_length=1_000, allow_blank=True)


class CustomFieldIn(serializers.Serializer[Any]):
    """A value that follows from an attribute; templates use it by its name, like one."""

    name = serializers.CharField(max_length=64, help_text="Unique, and no attribute's name.")
    source = serializers.CharField(help_text="The attribute that is looked at.")  # type: ignore[assignment]
    condition = serializers.ChoiceField([*Comparison], required=False)
    mappings = CustomMappingIn(
        many=True, required=False, help_text=f"The first match decides; at most {MAX_MAPPINGS}."
    )
    default_when_empty = serializers.CharField(
        required=False, allow_null=True, allow_blank=True, help_text="When the attribute is empty."
    )
    default_when_nothing_matches = serializers.CharField(
        required=False, allow_null=True, allow_blank=True
    )


class CustomFieldOut(CustomFieldIn):
    id = serializers.CharField()
    used_by = serializers.ListField(
        child=serializers.CharField(), help_text="Ids of the connections that use it."
    )
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


REGION = {
    "name": "region",
    "source": "state",
    "condition": "equals",
    "mappings": [{"match": "NY", "value": "East"}, {"match": "CA", "value": "West"}],
    "default_when_empty": None,
    "default_when_nothing_matches": "Other",
}
ONE = OpenApiExample(
    "The custom field",
    response_only=True,
    value=REGION
    | {
        "id": "019a3f10-1111-7a90-8f21-0d1e2f3a4b5c",
        "used_by": ["019a3f10-0b3c-7a90-8f21-0d1e2f3a4b5c"],
        "created_at": "2026-11-23T13:30:00Z",
        "updated_at": "2026-11-23T13:30:00Z",
    },
)


class CustomFieldViewSet(AccountViewSet):
    permissions = {
        "list": Permission.CONNECTION_READ,
        "create": Permission.CONNECTION_WRITE,
        "retrieve": Permission.CONNECTION_READ,
        "partial_update": Permission.CONNECTION_WRITE,
        "destroy": Permission.CONNECTION_WRITE,
    }

    @extend_schema(
        operation_id="custom_fields_list",
        summary="Custom fields of the account",
        responses=CustomFieldOut(many=True),
        examples=[ONE],
    )
    def list(self, request: Request, account: str) -> Response:  # noqa: ARG002
        """Return the custom fields, the newest first."""
        users = selectors.connections_by_custom_field(self.access.account)
        fields = selectors.custom_fields_of(self.access.account)
        return self.page(fields, lambda field: selectors.custom_field_shown(field, users))

    @extend_schema(
        operation_id="custom_fields_create",
        summary="Add a custom field",
        request=CustomFieldIn,
        responses={201: CustomFieldOut},
        examples=[OpenApiExample("Regions", request_only=True, value=REGION), ONE],
    )
    @idempotent
    def create(self, request: Request, account: str) -> Response:  # noqa: ARG002
        """Add a field that templates use by its name, wherever they use an attribute."""
        field = services.create_custom_field(
            **self._who, definition=parse_custom_field(request.data)
        )
        return Response(self._shown(field), status=201)

    @extend_schema(
        operation_id="custom_fields_retrieve",
        summary="One custom field",
        responses=CustomFieldOut,
        examples=[ONE],
    )
    def retrieve(self, request: Request, account: str, custom_field: UUID) -> Response:  # noqa: ARG002
        """Return the field, and which connections use it."""
        return Response(self._shown(selectors.custom_field_of(self.access.account, custom_field)))

    @extend_schema(
        operation_id="custom_fields_update",
        summary="Change a custom field",
        request=CustomFieldIn(partial=True),
        responses=CustomFieldOut,
        examples=[
            OpenApiExample(
                "Another default",
                request_only=True,
                value={"default_when_nothing_matches": "Elsewhere"},
            ),
            ONE,
        ],
    )
    def partial_update(self, request: Request, account: str, custom_field: UUID) -> Response:  # noqa: ARG002
        """Merge what is given (RFC 7396); it takes effect at once in all connections.

        A field that is in use keeps its name: renaming it is a 409 that says where it is used.
        """
        field = services.change_custom_field(
            **self._who, field_id=custom_field, change=request.data
        )
        return Response(self._shown(field))

    @extend_schema(
        operation_id="custom_fields_delete",
        summary="Delete a custom field",
        responses={204: None},
    )
    def destroy(self, request: Request, account: str, custom_field: UUID) -> Response:  # noqa: ARG002
        """Delete a field; while a connection uses it, this is a 409 that says which."""
        services.delete_custom_field(**self._who, field_id=custom_field)
        return Response(status=204)

    @property
    def _who(self) -> dict[str, Any]:
        return {"account": self.access.account, "actor": self.access.actor, "now": self.now}

    def _shown(self, field: CustomField) -> dict[str, Any]:
        users = selectors.connections_by_custom_field(self.access.account)
        return selectors.custom_field_shown(field, users)
