"""A body that is written as fields."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from connections.exchange.body.field_paths import FieldNameProblem, FieldPaths, Path, only_root
from connections.exchange.body.writers import (
    Placed,
    write_form,
    write_json,
    write_multipart,
    write_text,
    write_xml,
    xml_name_problem,
)
from connections.exchange.compiler import Compiler
from connections.exchange.config import BodyField, EmptyValue, Encoding
from connections.exchange.language import Scope, Template
from connections.exchange.language.dialects import HEADER
from connections.exchange.language.values import ValueProblem, is_empty, size_of
from connections.exchange.parameters import (
    IN_JSON,
    IN_TEXT,
    IN_URL,
    IN_XML,
    ParameterValue,
    Place,
    compile_parameter,
)
from connections.exchange.problems import RenderError
from connections.exchange.request import (
    BODY_TOO_LARGE,
    MAX_BODY_BYTES,
    MAX_LINE_CHARACTERS,
    Draft,
    Rendered,
)
from connections.exchange.well_formed import check_xml

Write = Callable[[Placed], str]

_POINTER = "/body/fields"
_PLACES: Mapping[Encoding, Place] = {
    Encoding.JSON: IN_JSON,
    Encoding.FORM: IN_URL,
    Encoding.MULTIPART: IN_TEXT,
    Encoding.TEXT: IN_TEXT,
    Encoding.XML: IN_XML,
}
_WRITERS: Mapping[Encoding, Write] = {
    Encoding.JSON: write_json,
    Encoding.FORM: write_form,
    Encoding.TEXT: write_text,
    Encoding.XML: write_xml,
}
_NESTED = frozenset({Encoding.JSON, Encoding.XML})
_EMPTY: Mapping[EmptyValue, tuple[object, object] | None] = {
    EmptyValue.NULL: (None, None),
    EmptyValue.EMPTY: ("", ""),
    EmptyValue.OMIT: None,
}


@dataclass(frozen=True, slots=True)
class Field:
    """One compiled field: where it goes, its value, and what is sent when that is empty."""

    index: int
    source: BodyField
    path: Path
    value: ParameterValue

    def render(self, scope: Scope) -> tuple[object, object] | None:
        """Return the value as sent and as shown, or None when the field is left out."""
        value = self.value.render(scope, limit=MAX_BODY_BYTES)
        # What is made of a secret counts as something, or its absence would tell of the secret.
        if not is_empty(value.shown):
            return value.sent, value.shown
        if self.source.required:
            raise RenderError(
                "required_field_empty",
                f"{self.source.name} was empty; the receiver needs it",
                place=f"{_POINTER}/{self.index}",
            )
        policy = EmptyValue.OMIT if self.source.omit_empty else self.source.empty
        return _EMPTY[policy] if policy else (value.sent, value.shown)


@dataclass(frozen=True, slots=True)
class FieldsBody:
    content_type: str
    fields: tuple[Field, ...]
    write: Write

    def render(self, scope: Scope, draft: Draft) -> Rendered:  # noqa: ARG002
        body = _written(self.fields, scope, self.write)
        if self.write is write_xml:
            check_xml(body.sent, place=_POINTER)
        return body


@dataclass(frozen=True, slots=True)
class QueryFields:
    """The fields of a GET: they go into its query."""

    fields: tuple[Field, ...]
    content_type: None = None

    def render(self, scope: Scope, draft: Draft) -> Rendered:
        query = _written(self.fields, scope, write_form)
        if query.sent:
            draft.query.append(query)
        return Rendered.plain("")


@dataclass(frozen=True, slots=True)
class MultipartBody:
    """Fields as the parts of a form with a boundary that nobody can foresee: RFC 7578."""

    fields: tuple[Field, ...]
    boundary: Template
    content_type: None = None

    def render(self, scope: Scope, draft: Draft) -> Rendered:
        boundary = self.boundary.render(scope, limit=MAX_LINE_CHARACTERS).sent
        content_type = f"multipart/form-data; boundary={boundary}"
        draft.headers.append(("Content-Type", Rendered.plain(content_type)))
        return _written(self.fields, scope, partial(write_multipart, boundary=boundary))


def _written(fields: tuple[Field, ...], scope: Scope, write: Write) -> Rendered:
    values = _values(fields, scope)
    try:
        sent = write([(path, sent) for path, (sent, _) in values])
        if all(sent is shown for _, (sent, shown) in values):
            return Rendered.plain(sent)
        return Rendered(sent, write([(path, shown) for path, (_, shown) in values]))
    except ValueProblem as problem:
        raise RenderError(problem.code, str(problem), place=_POINTER) from None


def _values(fields: tuple[Field, ...], scope: Scope) -> list[tuple[Path, tuple[object, object]]]:
    """Return what each field that is not left out has, as sent and as shown."""
    values = []
    room = MAX_BODY_BYTES
    for field in fields:
        value = field.render(scope)
        if value is None:
            continue
        room -= size_of(value[0])
        if room < 0:  # before the next one takes memory as well
            raise RenderError("too_large", BODY_TOO_LARGE, place="/body")
        values.append((field.path, value))
    return values


def compile_query_fields(sources: Sequence[BodyField], compiler: Compiler) -> QueryFields:
    return QueryFields(_compile(sources, Encoding.FORM, compiler))


def compile_fields(
    sources: Sequence[BodyField], encoding: Encoding, content_type: str, compiler: Compiler
) -> FieldsBody:
    return FieldsBody(content_type, _compile(sources, encoding, compiler), _WRITERS[encoding])


def compile_multipart(sources: Sequence[BodyField], compiler: Compiler) -> MultipartBody:
    boundary = compiler.template("{{ nonce }}", dialect=HEADER, pointer=_POINTER)
    return MultipartBody(_compile(sources, Encoding.MULTIPART, compiler), boundary)


def _compile(
    sources: Sequence[BodyField], encoding: Encoding, compiler: Compiler
) -> tuple[Field, ...]:
    place = _PLACES[encoding]
    paths = _paths(sources, encoding, compiler)
    fields = []
    for index, (source, path) in enumerate(zip(sources, paths, strict=True)):
        if source.empty is EmptyValue.NULL and encoding is not Encoding.JSON:
            detail = "there is null only in JSON: send it empty or leave it out"
            compiler.refuse(f"{_POINTER}/{index}/empty", "empty_value", detail)
        value = compile_parameter(source, place, compiler, pointer=f"{_POINTER}/{index}/value")
        fields.append(Field(index, source, path, value))
    return tuple(fields)


def _paths(sources: Sequence[BodyField], encoding: Encoding, compiler: Compiler) -> list[Path]:
    if encoding not in _NESTED:
        return [(source.name,) for source in sources]
    paths = _place_fields(sources, compiler)
    if encoding is Encoding.XML:
        _check_xml_names(paths, compiler)
    return paths


def _place_fields(sources: Sequence[BodyField], compiler: Compiler) -> list[Path]:
    paths: list[Path] = []
    places = FieldPaths()
    for index, source in enumerate(sources):
        try:
            paths.append(places.add(source.name))
        except FieldNameProblem as problem:
            compiler.refuse(f"{_POINTER}/{index}/name", "field_name", str(problem))
            paths.append((source.name,))
    return paths


def _check_xml_names(paths: Sequence[Path], compiler: Compiler) -> None:
    if only_root(paths) is None:
        detail = "XML has one outermost element: begin all names with the same one, like lead.email"
        compiler.refuse(_POINTER, "xml_root", detail)
    for index, path in enumerate(paths):
        if problem := xml_name_problem(path):
            compiler.refuse(f"{_POINTER}/{index}/name", "field_name", problem)
