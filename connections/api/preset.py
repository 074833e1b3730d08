"""The presets for REST clients."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.account_api import TokenRequired
from connections.api.examples import CONFIG
from connections.documents import dumped, parse_config
from connections.exchange.config import ConnectionConfig
from connections.presets import Category, InputKind, Preset, PresetInput, preset_of, presets
from connections.serializers.document_field import DocumentField


class PresetSourceOut(serializers.Serializer[Any]):
    """What the preset was written from, and when that was read."""

    url = serializers.URLField()
    read_on = serializers.DateField()


class PresetSummaryOut(serializers.Serializer[Any]):
    """A platform that there is a ready connection for."""

    slug = serializers.CharField()
    name = serializers.CharField()
    category = serializers.ChoiceField([*Category])
    summary = serializers.CharField()
    documentation = serializers.URLField(help_text="The vendor's page.")
    source = PresetSourceOut()  # type: ignore[assignment]


class PresetInputOut(serializers.Serializer[Any]):
    """A value to put in place of the example before the connection is added."""

    name = serializers.CharField()
    kind = serializers.ChoiceField([*InputKind])
    label = serializers.CharField()  # type: ignore[assignment]
    hint = serializers.CharField()
    example = serializers.CharField()
    pointers = serializers.ListField(
        child=serializers.CharField(),
        help_text=(
            "Where the value goes in the body of `POST /connections`. An `address` stands in the"
            " host of a URL, where the example is to be replaced."
        ),
    )


class PresetOut(PresetSummaryOut):
    notes = serializers.ListField(child=serializers.CharField())
    inputs = PresetInputOut(many=True)
    config = DocumentField(
        document=ConnectionConfig,
        parse=parse_config,
        help_text=(
            "With the examples of the inputs; `response_samples` are documented answers with"
            " the outcome that the rules give them."
        ),
    )


class PresetList(serializers.Serializer[Any]):
    """All of them, on one page."""

    results = PresetSummaryOut(many=True)
    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)


SUMMARY_EXAMPLE = {
    "slug": "example-crm",
    "name": "Example CRM",
    "category": "crm",
    "summary": "Adds a contact to a list.",
    "documentation": "https://developers.example.com/api/contacts",
    "source": {"url": "https://developers.example.com/openapi.json", "read_on": "2026-11-23"},
}
EXAMPLE = SUMMARY_EXAMPLE | {
    "notes": ["Up to 5 requests a second are taken."],
    "inputs": [
        {
            "name": "list_id",
            "kind": "variable",
            "label": "List ID",
            "hint": "In the settings of the list.",
            "example": "a1b2c3",
            "pointers": ["/config/variables/list_id"],
        }
    ],
    "config": CONFIG,
}


class PresetViewSet(TokenRequired):
    @extend_schema(
        operation_id="presets_list",
        summary="Ready connections for known platforms",
        responses=PresetList,
        examples=[
            OpenApiExample(
                "One of them",
                value={"results": [SUMMARY_EXAMPLE], "next": None, "previous": None},
            )
        ],
    )
    def list(self, request: Request) -> Response:  # noqa: ARG002
        """Return the platforms in the order of their names."""
        results = [_summary(preset) for preset in presets().values()]
        return Response({"results": results, "next": None, "previous": None})

    @extend_schema(
        operation_id="presets_retrieve",
        summary="One preset",
        responses=PresetOut,
        examples=[OpenApiExample("A preset", value=EXAMPLE)],
    )
    def retrieve(self, request: Request, preset: str) -> Response:  # noqa: ARG002
        """Return what a preset asks for, and its configuration filled with examples."""
        found = preset_of(preset)
        return Response(
            _summary(found)
            | {
                "notes": found.notes,
                "inputs": [_input(found, one) for one in found.inputs],
                "config": dumped(found.filled(found.examples())),
            }
        )


def _summary(preset: Preset) -> dict[str, object]:
    names = {"slug", "name", "category", "summary", "documentation", "source"}
    return preset.model_dump(mode="json", include=names)


def _input(preset: Preset, one: PresetInput) -> dict[str, object]:
    return dumped(one) | {"pointers": preset.pointers(one)}
