"""Parts of a request body that are typed documents, and how OpenAPI describes them."""

from collections.abc import Callable
from typing import Any

from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from drf_spectacular.plumbing import ResolvedComponent
from pydantic import TypeAdapter
from rest_framework import serializers

_REFERENCES = "#/components/schemas/{model}"


class DocumentField(serializers.Field[Any, Any, Any, Any]):
    """Reads a document with `parse`; what that refuses is a problem of the whole request."""

    def __init__(self, *, document: Any, parse: Callable[[object], object], **options: Any) -> None:
        super().__init__(**options)
        self.document = document
        self._parse = parse

    def to_internal_value(self, data: object) -> object:
        return self._parse(data)

    def to_representation(self, value: object) -> object:
        return value


class DocumentFieldSchema(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]
    """Takes the schema from the document's own types, so that there is one source of it."""

    target_class = DocumentField

    def map_serializer_field(self, auto_schema: Any, direction: str) -> dict[str, Any]:  # noqa: ARG002
        adapter: TypeAdapter[Any] = TypeAdapter(self.target.document)
        schema = adapter.json_schema(ref_template=_REFERENCES)
        for name, definition in schema.pop("$defs", {}).items():
            _register(auto_schema, name, definition)
        if "properties" in schema:
            return _register(auto_schema, schema["title"], schema)
        return schema


def _register(auto_schema: Any, name: str, schema: dict[str, Any]) -> dict[str, Any]:
    component = ResolvedComponent(  # type: ignore[no-untyped-call]
        name=name, type=ResolvedComponent.SCHEMA, schema=schema, object=name
    )
    auto_schema.registry.register_on_missing(component)
    reference: dict[str, Any] = component.ref
    return reference
