"""The body of a request: written as a template or as fields, and checked before it leaves."""

import re
from dataclasses import dataclass
from typing import Protocol

from connections.exchange.body.fields import compile_fields, compile_multipart, compile_query_fields
from connections.exchange.body.template import POINTER, compile_template
from connections.exchange.compiler import Compiler
from connections.exchange.config import ConnectionConfig, Encoding, Method
from connections.exchange.language import Scope
from connections.exchange.request import Draft, Rendered

__all__ = ["Body", "compile_body"]

_CONTENT_TYPES = {
    Encoding.JSON: "application/json",
    Encoding.FORM: "application/x-www-form-urlencoded",
    Encoding.TEXT: "text/plain; charset=utf-8",
    Encoding.XML: "application/xml; charset=utf-8",
}
_CONTENT_TYPE = re.compile(r"[!#$&^_.+\w-]+/[!#$&^_.+\w-]+[\x20-\x7e]*", re.ASCII)


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
    content_type = body.content_type or _CONTENT_TYPES[body.encoding]
    if body.template:
        return compile_template(body.template, body.encoding, content_type, compiler)
    return compile_fields(body.fields or (), body.encoding, content_type, compiler)


def _compile_query(config: ConnectionConfig, compiler: Compiler) -> Body:
    if config.body.template:
        detail = "a GET has no body: write the parameters as fields, or choose another method"
        compiler.refuse(POINTER, "body_with_get", detail)
        return NoBody()
    return compile_query_fields(config.body.fields or (), compiler)
