"""The attribute catalogue for REST clients."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.account_api import TokenRequired
from connections.exchange.attributes import CATALOGUE, AttributeType


class AttributeOut(serializers.Serializer[Any]):
    """A named fact that a referral can carry, and a template can use."""

    name = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    type = serializers.ChoiceField([*AttributeType])
    description = serializers.CharField()
    example = serializers.CharField()
    pii = serializers.BooleanField(help_text="Whether it is personal data.")


class AttributeList(serializers.Serializer[Any]):
    """All of them, on one page."""

    results = AttributeOut(many=True)
    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)


EMAIL_EXAMPLE = {
    "name": "email",
    "label": "Email address",
    "type": "text",
    "description": "The customer's email address.",
    "example": "jane.citizen@example.com",
    "pii": True,
}


class AttributeViewSet(TokenRequired):
    @extend_schema(
        operation_id="attributes_list",
        summary="The attribute catalogue",
        responses=AttributeList,
        examples=[
            OpenApiExample(
                "The first of them",
                value={"results": [EMAIL_EXAMPLE], "next": None, "previous": None},
            )
        ],
    )
    def retrieve(self, request: Request) -> Response:  # noqa: ARG002
        """Return the names that a referral's attributes may have."""
        attributes = AttributeOut([*CATALOGUE.values()], many=True).data
        return Response({"results": attributes, "next": None, "previous": None})
