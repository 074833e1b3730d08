"""The template language: what Jinja2 is cut down to, its filters, and escaping by position."""

from connections.exchange.language.refusal import TemplateRefused
from connections.exchange.language.scope import Names, request_in_scope, values_in_scope
from connections.exchange.language.template import (
    Scope,
    Template,
    ValueTemplate,
    open_scope,
    widen_scope,
)

__all__ = [
    "Names",
    "Scope",
    "Template",
    "TemplateRefused",
    "ValueTemplate",
    "open_scope",
    "request_in_scope",
    "values_in_scope",
    "widen_scope",
]
