"""The value of one parameter: text, a value that keeps its type, or a document of its own."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from connections.exchange.compiler import Compiler
from connections.exchange.config import NestedEncoding, QueryParameter
from connections.exchange.language import Scope, Template
from connections.exchange.language.dialects import ELEMENT, JSON, PARAMETER, TEXT, XML, Dialect
from connections.exchange.language.filters import escape_xml, percent_encode
from connections.exchange.language.template import RenderedValue
from connections.exchange.request import Rendered
from connections.exchange.well_formed import check_json, check_xml

Check = Callable[..., None]


class ParameterValue(Protocol):
    """A compiled value."""

    def render(self, scope: Scope, *, limit: int) -> Rendered | RenderedValue:
        """Return the value, written for its place; raises RenderError."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where parameters stand, and so how their values are written."""

    dialect: Dialect | None
    """None where values keep their type."""
    encode: Callable[[str], str]
    """Writes finished text there."""


IN_JSON = Place(None, str)
IN_URL = Place(PARAMETER, percent_encode)
IN_TEXT = Place(TEXT, str)
IN_XML = Place(ELEMENT, escape_xml)

_INNER: Mapping[NestedEncoding, tuple[Dialect, Check]] = {
    NestedEncoding.JSON: (JSON, check_json),
    NestedEncoding.XML: (XML, check_xml),
}


@dataclass(frozen=True, slots=True)
class DocumentValue:
    """A value that is JSON or XML by itself: escaped and checked as such, then for its place."""

    template: Template
    check: Check
    encode: Callable[[str], str]
    pointer: str

    def render(self, scope: Scope, *, limit: int) -> Rendered:
        document = self.template.render(scope, limit=limit)
        if document.sent:
            self.check(document.sent, place=self.pointer)
        return document.encoded(self.encode)


def compile_parameter(
    source: QueryParameter, place: Place, compiler: Compiler, *, pointer: str
) -> ParameterValue:
    if source.value_encoding:
        dialect, check = _INNER[source.value_encoding]
        template = compiler.template(source.value, dialect=dialect, pointer=pointer)
        return DocumentValue(template, check, place.encode, pointer)
    if place.dialect is None:
        return compiler.value(source.value, pointer=pointer)
    return compiler.template(source.value, dialect=place.dialect, pointer=pointer)
