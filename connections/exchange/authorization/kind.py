"""What every kind of authorization can do."""

from typing import Protocol

from connections.exchange.language import Scope, Template
from connections.exchange.request import MASK, MAX_LINE_CHARACTERS, Draft, Rendered

AUTHORIZATION = "Authorization"


class AuthorizationKind(Protocol):
    """A compiled authorization; made of its configuration and a compiler."""

    @property
    def header(self) -> str | None:
        """The header that it sets, which the connection's own headers may not."""

    def add_to(self, draft: Draft, scope: Scope, *, access_token: str | None) -> None:
        """Add itself to a request, masked in the shown form; raises RenderError."""


def credential(template: Template, scope: Scope) -> str:
    """Return a rendered credential as it is sent."""
    return template.render(scope, limit=MAX_LINE_CHARACTERS).sent


def masked(value: str, *, prefix: str = "") -> Rendered:
    """Return a credential of which only the prefix may be seen, whoever wrote it."""
    return Rendered(prefix + value, prefix + MASK)
