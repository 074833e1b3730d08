"""The body of a request: written as a template or as fields, and checked before it leaves."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from connections.exchange.body_checks import check_json, check_xml
from connections.exchange.compiler import Compiler
from connections.exchange.config import BodyField, ConnectionConfig, Encoding, Method
from connections.exchange.field_paths import (
    FieldNameProblem,
    FieldPaths,
    Path,
    Tree,
    as_json_value,
    build_tree,
    is_list,
    only_root,
)
from connections.exchange.language import Scope, Template, ValueTemplate
from connections.exchange.language.dialects import (
    ELEMENT,
    FORM,
    JSON,
    PARAMETER,
    TEXT,
    XML,
    Dialect,
)
from connections.exchange.language.filters import percent_encode
from connections.exchange.language.values import ValueProblem, is_empty, json_of
from connections.exchange.problems import RenderError
from connections.exchange.request import MAX_BODY_BYTES, Draft, Rendered

CONTENT_TYPES = {
    Encoding.JSON: "application/json",
    Encoding.FORM: "application/x-www-form-urlencoded",
    Encoding.TEXT: "text/plain; charset=utf-8",
    Encoding.XML: "application/xml; charset=utf-8",
}
_TEMPLATE_DIALECTS: dict[Encoding, Dialect] = {
    Encoding.JSON: JSON,
    Encoding.FORM: FORM,
    Encoding.TEXT: TEXT,
    Encoding.XML: XML,
}
_CHECKS: dict[Encoding, Callable[[str], None]] = {
    Encoding.JSON: check_json,
    Encoding.XML: check_xml,
}
_XML_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_XML_ENCODING = re.compile(r"""<\?xml[^>]*\bencoding\s*=\s*["'](?!utf-8["'])""", re.IGNORECASE)
_CONTENT_TYPE = re.compile(r"[!#$&^_.+\w-]+/[!#$&^_.+\w-]+[\x20-\x7e]*", re.ASCII)
_POINTER = "/body/template"


class Body(Protocol):
    """One way to write a body."""

    @property
    def content_type(self) -> str | None: ...

    def render(self, scope: Scope, draft: Draft) -> Rendered:
        """Return the body's text, or add to the draft what goes elsewhere; raises RenderError."""


@dataclass(frozen=True, slots=True)
class NoBody:
    content_type: None = None

    def render(self, scope: Scope, draft: Draft) -> Rendered:  # noqa: ARG002
        return Rendered.plain("")


@dataclass(frozen=True, slots=True)
class TemplateBody:
    content_type: str
    template: Template
    check: Callable[[str], None] | None

    def render(self, scope: Scope, draft: Draft) -> Rendered:  # noqa: ARG002
        body = self.template.render(scope, limit=MAX_BODY_BYTES)
        if self.check:
            self.check(body.sent)
        return body


@dataclass(frozen=True, slots=True)
class Field:
    """One compiled field: its name, where it goes in a nested body, and its value."""

    index: int
    source: BodyField
    path: Path
    value: Template | ValueTemplate

    def render(self, scope: Scope) -> tuple[object, object] | None:
        """Return the value as sent and as shown, or None when the field is left out."""
        value = self.value.render(scope, limit=MAX_BODY_BYTES)
        if not is_empty(value.sent):
            return value.sent, value.shown
        if self.source.required:
            raise RenderError(
                "required_field_empty",
                f"{self.source.name} was empty; the receiver needs it",
                place=f"/body/fields/{self.index}",
            )
        return None if self.source.omit_empty else (value.sent, value.shown)


Write = Callable[[Sequence[tuple[Field, object]]], str]


@dataclass(frozen=True, slots=True)
class FieldsBody:
    content_type: str
    fields: tuple[Field, ...]
    write: Write

    def render(self, scope: Scope, draft: Draft) -> Rendered:  # noqa: ARG002
        return _written(self.fields, scope, self.write)


@dataclass(frozen=True, slots=True)
class QueryFields:
    """The fields of a GET: they go into its query."""

    fields: tuple[Field, ...]
    content_type: None = None

    def render(self, scope: Scope, draft: Draft) -> Rendered:
        query = _written(self.fields, scope, _write_form)
        if query.sent:
            draft.query.append(query)
        return Rendered.plain("")


def _written(fields: tuple[Field, ...], scope: Scope, write: Write) -> Rendered:
    values = [(field, value) for field in fields if (value := field.render(scope)) is not None]
    try:
        return _both_forms(values, write)
    except ValueProblem as problem:
        raise RenderError(problem.code, str(problem), place="/body/fields") from None


def _both_forms(values: Sequence[tuple[Field, tuple[object, object]]], write: Write) -> Rendered:
    sent = write([(field, sent) for field, (sent, _) in values])
    if all(sent is shown for _, (sent, shown) in values):
        return Rendered.plain(sent)
    return Rendered(sent, write([(field, shown) for field, (_, shown) in values]))


def _write_json(values: Sequence[tuple[Field, object]]) -> str:
    return json_of(as_json_value(build_tree((field.path, value) for field, value in values)))


def _write_form(values: Sequence[tuple[Field, object]]) -> str:
    return "&".join(f"{percent_encode(field.source.name)}={value}" for field, value in values)


def _write_text(values: Sequence[tuple[Field, object]]) -> str:
    """One `name=value` on each line; line breaks inside a value become spaces."""
    return "\n".join(
        f"{field.source.name}={' '.join(str(value).splitlines())}" for field, value in values
    )


def _write_xml(values: Sequence[tuple[Field, object]]) -> str:
    tree = build_tree((field.path, value) for field, value in values)
    return '<?xml version="1.0" encoding="UTF-8"?>' + "".join(_elements(tree))


def _elements(tree: Tree) -> Iterator[str]:
    for name, content in tree.items():
        if not isinstance(content, dict):
            yield f"<{name}>{content}</{name}>"
        elif is_list(content):
            for item in content.values():
                yield from _elements({name: item})
        else:
            yield f"<{name}>{''.join(_elements(content))}</{name}>"


_WRITERS: dict[Encoding, tuple[Dialect, Write]] = {
    Encoding.FORM: (PARAMETER, _write_form),
    Encoding.TEXT: (TEXT, _write_text),
    Encoding.XML: (ELEMENT, _write_xml),
}


def compile_body(config: ConnectionConfig, compiler: Compiler) -> Body:
    """Return the compiled body; what is wrong with it goes to the compiler's problems."""
    body = config.body
    if body.content_type is not None and not _CONTENT_TYPE.fullmatch(body.content_type):
        detail = "a content type looks like application/json: correct it or leave it empty"
        compiler.refuse("/body/content_type", "content_type", detail)
    if body.encoding is Encoding.NONE or not (body.template or body.fields):
        return NoBody()
    if config.method is Method.GET:
        return _compile_query(config, compiler)
    content_type = body.content_type or CONTENT_TYPES[body.encoding]
    if body.template:
        return _compile_template(body.template, body.encoding, content_type, compiler)
    return _compile_fields(body.fields or (), body.encoding, content_type, compiler)


def _compile_query(config: ConnectionConfig, compiler: Compiler) -> Body:
    if config.body.template:
        detail = "a GET has no body: write the parameters as fields, or choose another method"
        compiler.refuse(_POINTER, "body_with_get", detail)
        return NoBody()
    fields = enumerate(config.body.fields or ())
    return QueryFields(tuple(_text_field(*field, (), PARAMETER, compiler) for field in fields))


def _compile_template(
    source: str, encoding: Encoding, content_type: str, compiler: Compiler
) -> Body:
    if encoding is Encoding.XML and _XML_ENCODING.search(source):
        detail = 'we send UTF-8: write encoding="UTF-8" in the first line'
        compiler.refuse(_POINTER, "xml_encoding", detail)
    template = compiler.template(source, dialect=_TEMPLATE_DIALECTS[encoding], pointer=_POINTER)
    return TemplateBody(content_type, template, _CHECKS.get(encoding))


def _compile_fields(
    sources: tuple[BodyField, ...], encoding: Encoding, content_type: str, compiler: Compiler
) -> Body:
    nested = encoding in (Encoding.JSON, Encoding.XML)
    paths: Sequence[Path] = (
        _place_fields(sources, compiler) if nested else [(source.name,) for source in sources]
    )
    if encoding is Encoding.JSON:
        fields = [
            Field(index, source, path, compiler.value(source.value, pointer=_pointer(index)))
            for index, (source, path) in enumerate(zip(sources, paths, strict=True))
        ]
        return FieldsBody(content_type, tuple(fields), _write_json)
    if encoding is Encoding.XML:
        _check_xml_names(paths, compiler)
    dialect, write = _WRITERS[encoding]
    placed = enumerate(zip(sources, paths, strict=True))
    fields = [_text_field(index, *field, dialect, compiler) for index, field in placed]
    return FieldsBody(content_type, tuple(fields), write)


def _text_field(
    index: int, source: BodyField, path: Path, dialect: Dialect, compiler: Compiler
) -> Field:
    template = compiler.template(source.value, dialect=dialect, pointer=_pointer(index))
    return Field(index, source, path, template)


def _place_fields(sources: tuple[BodyField, ...], compiler: Compiler) -> list[Path]:
    paths: list[Path] = []
    places = FieldPaths()
    for index, source in enumerate(sources):
        try:
            paths.append(places.add(source.name))
        except FieldNameProblem as problem:
            compiler.refuse(f"/body/fields/{index}/name", "field_name", str(problem))
            paths.append((source.name,))
    return paths


def _check_xml_names(paths: Sequence[Path], compiler: Compiler) -> None:
    if only_root(paths) is None:
        detail = "XML has one outermost element: begin all names with the same one, like lead.email"
        compiler.refuse("/body/fields", "xml_root", detail)
    for index, path in enumerate(paths):
        wrong = [step for step in path if isinstance(step, str) and not _XML_NAME.fullmatch(step)]
        if wrong:
            detail = f'"{wrong[0]}" cannot name an element: use letters, digits, _ and -'
            compiler.refuse(f"/body/fields/{index}/name", "field_name", detail)


def _pointer(index: int) -> str:
    return f"/body/fields/{index}/value"
