"""The body of a request: written as a template or as fields, and checked before it leaves."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from connections.exchange.body_checks import check_json, check_xml
from connections.exchange.body_fields import compile_fields, compile_multipart, compile_query_fields
from connections.exchange.compiler import Compiler
from connections.exchange.config import ConnectionConfig, Encoding, Method
from connections.exchange.language import Scope, Template
from connections.exchange.language.dialects import FORM, JSON, TEXT, XML, Dialect
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
_CHECKS: dict[Encoding, Callable[..., None]] = {
    Encoding.JSON: check_json,
    Encoding.XML: check_xml,
}
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
    check: Callable[..., None] | None

    def render(self, scope: Scope, draft: Draft) -> Rendered:  # noqa: ARG002
        body = self.template.render(scope, limit=MAX_BODY_BYTES)
        if self.check:
            self.check(body.sent)
        return body


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
    if body.encoding is Encoding.MULTIPART:
        return compile_multipart(body.fields or (), compiler)
    content_type = body.content_type or CONTENT_TYPES[body.encoding]
    if body.template:
        return _compile_template(body.template, body.encoding, content_type, compiler)
    return compile_fields(body.fields or (), body.encoding, content_type, compiler)


def _compile_query(config: ConnectionConfig, compiler: Compiler) -> Body:
    if config.body.template:
        detail = "a GET has no body: write the parameters as fields, or choose another method"
        compiler.refuse(_POINTER, "body_with_get", detail)
        return NoBody()
    return compile_query_fields(config.body.fields or (), compiler)


def _compile_template(
    source: str, encoding: Encoding, content_type: str, compiler: Compiler
) -> Body:
    if encoding is Encoding.XML and _XML_ENCODING.search(source):
        detail = 'we send UTF-8: write encoding="UTF-8" in the first line'
        compiler.refuse(_POINTER, "xml_encoding", detail)
    template = compiler.template(source, dialect=_TEMPLATE_DIALECTS[encoding], pointer=_POINTER)
    return TemplateBody(content_type, template, _CHECKS.get(encoding))
