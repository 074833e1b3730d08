"""A body that is written as a template."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from connections.exchange.compiler import Compiler
from connections.exchange.config import Encoding
from connections.exchange.language import Scope, Template
from connections.exchange.language.dialects import FORM, JSON, TEXT, XML, Dialect
from connections.exchange.request import MAX_BODY_BYTES, Draft, Rendered
from connections.exchange.well_formed import check_json, check_xml

_DIALECTS: dict[Encoding, Dialect] = {
    Encoding.JSON: JSON,
    Encoding.FORM: FORM,
    Encoding.TEXT: TEXT,
    Encoding.XML: XML,
}
_CHECKS: dict[Encoding, Callable[..., None]] = {
    Encoding.JSON: check_json,
    Encoding.XML: check_xml,
}
_XML_DECLARATION = re.compile(r"<\?xml[^>]*", re.IGNORECASE)
_OTHER_ENCODING = re.compile(r"""\bencoding\s*=\s*["'](?!utf-8["'])""", re.IGNORECASE)
POINTER = "/body/template"


@dataclass(frozen=True, slots=True)
class TemplateBody:
    content_type: str
    template: Template
    check: Callable[..., None] | None

    def render(self, scope: Scope, draft: Draft) -> Rendered:  # noqa: ARG002
        body = self.template.render(scope, limit=MAX_BODY_BYTES)
        if self.check:
            self.check(body.sent)
        return body


def _declares_another_encoding(source: str) -> bool:
    declarations = _XML_DECLARATION.finditer(source)
    return any(_OTHER_ENCODING.search(declaration[0]) for declaration in declarations)


def compile_template(
    source: str, encoding: Encoding, content_type: str, compiler: Compiler
) -> TemplateBody:
    """Return the compiled template; what is wrong with it goes to the compiler's problems."""
    if encoding is Encoding.XML and _declares_another_encoding(source):
        detail = 'we send UTF-8: write encoding="UTF-8" in the first line'
        compiler.refuse(POINTER, "xml_encoding", detail)
    template = compiler.template(source, dialect=_DIALECTS[encoding], pointer=POINTER)
    return TemplateBody(content_type, template, _CHECKS.get(encoding))
