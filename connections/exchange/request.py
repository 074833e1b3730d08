"""A request while it is built, and as it is sent beside the same as it may be shown."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Self

MASK = "••••"
USER_AGENT = "ReferralExport/1"
MAX_BODY_BYTES = 262_144
BODY_TOO_LARGE = f"the body is larger than {MAX_BODY_BYTES // 1024} KiB"
MAX_LINE_CHARACTERS = 8_192
"""How long a URL or the value of one header may be."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """A text as it is sent, beside the same with secrets masked."""

    sent: str
    shown: str

    @classmethod
    def plain(cls, text: str) -> Self:
        return cls(text, text)

    def after(self, start: "Rendered") -> "Rendered":
        """Return `start` followed by this text, in both forms."""
        return Rendered(start.sent + self.sent, start.shown + self.shown)

    def encoded(self, encode: Callable[[str], str]) -> "Rendered":
        """Return this text encoded piece by piece, with the masks left as they are."""
        sent = encode(self.sent)
        if self.shown == self.sent:
            return Rendered.plain(sent)
        return Rendered(sent, MASK.join(map(encode, self.shown.split(MASK))))


@dataclass(frozen=True, slots=True)
class Draft:
    """The parts of a request that more than one place of a configuration adds to."""

    headers: list[tuple[str, Rendered]] = field(default_factory=list)
    query: list[Rendered] = field(default_factory=list)
    """Parameters as they stand in the URL: `name=value`, percent-encoded."""


@dataclass(frozen=True, slots=True)
class ShownRequest:
    """A request in which every secret is masked; safe to store and to show."""

    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    body: str


@dataclass(frozen=True, slots=True)
class PreparedRequest:
    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    shown: ShownRequest


def prepare_request(*, method: str, url: Rendered, draft: Draft, body: Rendered) -> PreparedRequest:
    """Return the finished request; the body must be text that UTF-8 can carry."""
    return PreparedRequest(
        method=method,
        url=url.sent,
        headers=tuple((name, value.sent) for name, value in draft.headers),
        body=body.sent.encode(),
        shown=ShownRequest(
            method=method,
            url=url.shown,
            headers=tuple((name, value.shown) for name, value in draft.headers),
            body=body.shown,
        ),
    )
