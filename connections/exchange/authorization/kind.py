"""What every kind of authorization can do."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from connections.exchange.language import Scope, Template
from connections.exchange.request import MASK, MAX_LINE_CHARACTERS, Draft, Rendered

AUTHORIZATION = "Authorization"


@dataclass(frozen=True, slots=True)
class Sending:
    """The request that is being authorized, for the kinds that look at it."""

    delivery_id: str
    now: datetime
    body: str
    access_token: str | None
    """None where none is needed, and in a preview."""


class AuthorizationKind(Protocol):
    """A compiled authorization; made of its configuration and a compiler."""

    @property
    def headers(self) -> tuple[str, ...]:
        """The headers that it sets, which the connection's own headers may not."""

    def add_to(self, draft: Draft, scope: Scope, sending: Sending) -> None:
        """Add itself to a request, masked in the shown form; raises RenderError."""


def credential(template: Template, scope: Scope) -> str:
    """Return a rendered credential as it is sent."""
    return template.render(scope, limit=MAX_LINE_CHARACTERS).sent


def masked(value: str, *, prefix: str = "") -> Rendered:
    """Return a credential of which only the prefix may be seen, whoever wrote it."""
    return Rendered(prefix + value, prefix + MASK)
