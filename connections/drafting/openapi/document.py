"""An OpenAPI document: read within bounds, its references followed inside it only."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from connections.drafting.pasted import NotUnderstood

MAX_DOCUMENT_CHARACTERS = 3_000_000
_MOST_LEVELS = 60
_MOST_YAML_EVENTS = 400_000
_MOST_REFERENCES = 20
_MOST_OPERATIONS = 1_000
_METHODS = ("get", "post", "put", "patch", "delete")


class _PlainLoader(yaml.CSafeLoader):
    """Dates stay text, as JSON has them."""

    yaml_implicit_resolvers = {
        first: [pair for pair in resolvers if pair[0] != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
    }


@dataclass(frozen=True, slots=True)
class Operation:
    """One call that the document describes."""

    key: str
    """The operationId, or `POST /contacts` where it has none."""
    method: str
    path: str
    summary: str


@dataclass(frozen=True, slots=True)
class OpenApiDocument:
    root: Mapping[str, Any]

    def operations(self) -> list[Operation]:
        """Return every operation, in the order of the document."""
        found: list[Operation] = []
        for path, item in as_mapping(self.root.get("paths")).items():
            for method, operation in as_mapping(self.followed(item)).items():
                if str(method).lower() in _METHODS and len(found) < _MOST_OPERATIONS:
                    found.append(_operation(str(method).upper(), str(path), as_mapping(operation)))
        return found

    def chosen(self, key: str) -> Operation:
        """Return the operation with this operationId, or `METHOD /path`. *Raises* NotUnderstood."""
        operations = self.operations()
        for operation in operations:
            if key in (operation.key, f"{operation.method} {operation.path}"):
                return operation
        raise NotUnderstood(f'There is no operation "{key[:100]}" in this document.')

    def details(self, operation: Operation) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
        """Return what the document says of the operation, and of its path."""
        item = as_mapping(self.followed(as_mapping(self.root.get("paths")).get(operation.path)))
        wanted = operation.method.lower()
        return (
            next(
                (as_mapping(value) for name, value in item.items() if str(name).lower() == wanted),
                {},
            ),
            item,
        )

    def followed(self, node: object) -> object:
        """Return what a reference leads to; nothing when it leads out, nowhere or in a circle."""
        for _ in range(_MOST_REFERENCES):
            if not isinstance(node, Mapping) or not isinstance(node.get("$ref"), str):
                return node
            node = self._at(node["$ref"])
        return None

    def _at(self, reference: str) -> object:
        if not reference.startswith("#/"):
            return None
        node: object = self.root
        for step in reference[2:].split("/")[:_MOST_LEVELS]:
            name = (
                step.replace("~1", "/").replace("~0", "~").replace("%7B", "{").replace("%7D", "}")
            )
            if isinstance(node, list) and name.isascii() and name.isdigit() and len(name) < 6:
                node = node[int(name)] if int(name) < len(node) else None
            else:
                node = as_mapping(node).get(name)
        return node


def as_mapping(node: object) -> Mapping[str, Any]:
    return node if isinstance(node, Mapping) else {}


def as_list(node: object) -> list[Any]:
    return node if isinstance(node, list) else []


def read_openapi(source: str | Mapping[str, Any]) -> OpenApiDocument:
    """Return the document, from JSON or YAML, or from what a parser made of it.

    Raises: NotUnderstood.
    """
    root = _parsed(source) if isinstance(source, str) else source
    if not isinstance(root, Mapping):
        raise NotUnderstood("This is no OpenAPI document: paste all of it, as JSON or YAML.")
    _require_shallow(root)
    version = str(root.get("openapi", ""))
    if not version.startswith("3."):
        old = root.get("swagger")
        detail = "This is Swagger 2: convert it to OpenAPI 3 first." if old else _NO_VERSION
        raise NotUnderstood(detail)
    document = OpenApiDocument(root)
    if not document.operations():
        raise NotUnderstood("This document describes no operation: it has no paths.")
    return document


_NO_VERSION = 'This is no OpenAPI 3 document: it does not begin with openapi: "3.…".'


def _operation(method: str, path: str, details: Mapping[str, Any]) -> Operation:
    key = details.get("operationId")
    summary = details.get("summary") or details.get("description")
    return Operation(
        key if isinstance(key, str) and key else f"{method} {path}",
        method,
        path,
        str(summary or "").split("\n")[0][:200],
    )


def _parsed(text: str) -> object:
    if len(text) > MAX_DOCUMENT_CHARACTERS:
        raise NotUnderstood(f"This is longer than {MAX_DOCUMENT_CHARACTERS:,} characters.")
    if text.lstrip()[:1] == "{":
        try:
            return json.loads(text)
        except (ValueError, RecursionError) as error:
            raise NotUnderstood(f"This is no JSON: {str(error)[:100]}.") from None
    try:
        _check_yaml(text)
        return yaml.load(text, Loader=_PlainLoader)  # noqa: S506  a safe loader, of plain values
    except (yaml.YAMLError, ValueError, RecursionError, OverflowError, TypeError) as error:
        line = getattr(getattr(error, "problem_mark", None), "line", None)
        where = "" if line is None else f", at line {line + 1}"
        raise NotUnderstood(f"This is neither JSON nor YAML{where}.") from None


def _check_yaml(text: str) -> None:
    """Bound depth and size, and refuse aliases, with which a page can write a terabyte."""
    depth = 0
    for number, event in enumerate(yaml.parse(text, Loader=yaml.CSafeLoader)):
        if isinstance(event, yaml.AliasEvent):
            raise NotUnderstood("Aliases (*name) are not taken: convert the document to JSON.")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > _MOST_LEVELS or number > _MOST_YAML_EVENTS:
            raise NotUnderstood(_TOO_MUCH)


_TOO_MUCH = "This document is nested too deeply or too large: keep the operation that you need."


def _require_shallow(root: object) -> None:
    level = [root]
    for _ in range(_MOST_LEVELS):
        level = [child for node in level for child in _children(node)]
        if not level:
            return
    raise NotUnderstood(_TOO_MUCH)


def _children(node: object) -> Iterator[object]:
    if isinstance(node, Mapping):
        yield from node.values()
    elif isinstance(node, list):
        yield from node
