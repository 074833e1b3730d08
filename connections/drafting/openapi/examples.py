"""From a schema to one example: what is required, and what we can fill."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from connections.drafting.openapi.document import OpenApiDocument, as_list, as_mapping
from connections.drafting.recognition import Recogniser, attribute_named

_RECOGNISER = Recogniser(frozenset(), {})
_MOST_LEVELS = 10
_MOST_NODES = 2_000
NOTHING = object()
"""No example can be made, for the schema goes in circles or says nothing."""


@dataclass
class ExampleMaker:
    """Makes one example; lists what it left out and what it made up."""

    document: OpenApiDocument
    left_out: list[str] = field(default_factory=list)
    made_up: list[str] = field(default_factory=list)
    required: list[str] = field(default_factory=list)
    """Paths of the values that the schema demands, whole way down."""
    _nodes: int = 0
    _open: list[object] = field(default_factory=list)
    """The schemas that are being made, from the outermost on."""

    def make(self, schema: object, path: tuple[str, ...] = (), *, required: bool = True) -> object:
        """Return an example, or NOTHING."""
        target = self.document.followed(schema)
        self._nodes += 1
        in_circle = any(target is one for one in self._open)
        if in_circle or len(path) > _MOST_LEVELS or self._nodes > _MOST_NODES:
            return NOTHING
        self._open.append(target)
        try:
            return self._made(self._merged(target), path, required=required)
        finally:
            self._open.pop()

    def _made(self, node: Mapping[str, Any], path: tuple[str, ...], *, required: bool) -> object:
        if isinstance(node.get("properties"), Mapping) and node.get("type", "object") != "array":
            return self._object(node, path, required=required)
        said = said_example(node)
        if said is not NOTHING and not (node.get("type") == "array" and said == []):
            return self._noted(said, path, required=required)
        if _type(node) == "array":
            item = self.make(node.get("items"), (*path, "0"), required=required)
            return (
                NOTHING if item is NOTHING and not required else [] if item is NOTHING else [item]
            )
        if _type(node) == "object":
            return {} if required else NOTHING
        return self._noted(self._invented(node, path, required=required), path, required=required)

    def _object(self, node: Mapping[str, Any], path: tuple[str, ...], *, required: bool) -> object:
        """Take what is required and what is an attribute of ours, at whatever depth."""
        demanded = {name for name in as_list(node.get("required")) if isinstance(name, str)}
        example: dict[str, object] = {}
        for name, schema in node["properties"].items():
            child_path = (*path, str(name))
            child = self.make(schema, child_path, required=required and name in demanded)
            if child is NOTHING or not (name in demanded or self._is_ours(name, child)):
                self.left_out.append(".".join(child_path))
            else:
                example[str(name)] = child
        return example if example or required else NOTHING

    def _is_ours(self, name: object, child: object) -> bool:
        if isinstance(child, dict):
            return any(self._is_ours(key, value) for key, value in child.items())
        if isinstance(child, list):
            return any(self._is_ours(name, value) for value in child)
        if isinstance(child, bool) or not isinstance(child, str | int):
            return False
        return _RECOGNISER.recognise((str(name),), str(child)) is not None

    def _noted(self, value: object, path: tuple[str, ...], *, required: bool) -> object:
        if required and path:
            self.required.append(".".join(path))
        return value

    def _invented(
        self, node: Mapping[str, Any], path: tuple[str, ...], *, required: bool
    ) -> object:
        kind = _type(node)
        name = path[-1] if path else ""
        if not required and attribute_named(name) is None:
            return NOTHING
        if required and attribute_named(name) is None:
            self.made_up.append(".".join(path))
        return {"integer": 0, "number": 0, "boolean": True, "null": None}.get(kind, "")

    def _merged(self, schema: object, level: int = 0) -> Mapping[str, Any]:
        """Follow references, join `allOf`, and take the first of `oneOf` and `anyOf`."""
        node = as_mapping(self.document.followed(schema))
        if level > _MOST_LEVELS:
            return node
        parts = as_list(node.get("allOf"))[:20]
        parts += (as_list(node.get("oneOf")) or as_list(node.get("anyOf")))[:1]
        merged: dict[str, Any] = {}
        for part in parts:
            merged = _joined(merged, self._merged(part, level + 1))
        return _joined(merged, node)


def said_example(node: Mapping[str, Any]) -> object:
    """Return the value that a schema or a parameter gives itself, or NOTHING."""
    for key in ("example", "const", "default"):
        if key in node:
            value: object = node[key]
            return value
    for key in ("examples", "enum"):
        if values := as_list(node.get(key)):
            first: object = values[0]
            return first
    return NOTHING


def _joined(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any]:
    properties = {**as_mapping(first.get("properties")), **as_mapping(second.get("properties"))}
    demanded = [*as_list(first.get("required")), *as_list(second.get("required"))]
    joined = {**first, **second}
    if properties:
        joined["properties"] = properties
    if demanded:
        joined["required"] = demanded
    return joined


def _type(node: Mapping[str, Any]) -> str:
    kind = node.get("type", "")
    if isinstance(kind, list):
        kind = next((one for one in kind if one != "null"), "null")
    return str(kind)
