"""A request as it is sent, beside the same as it may be shown."""

from dataclasses import dataclass

MASK = "••••"


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
