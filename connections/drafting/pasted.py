"""A request as somebody's documentation shows it, and what of it could not be understood."""

from dataclasses import dataclass

MAX_PASTED_CHARACTERS = 100_000


@dataclass(frozen=True, slots=True)
class Note:
    """One thing that was left out or changed, and what to do about it."""

    place: str
    """Where in what was pasted: `--cookie`, `header Host`, `body`."""
    detail: str


class NotUnderstood(Exception):
    """Nothing can be made of what was pasted; the message is a sentence for the user."""


@dataclass(frozen=True, slots=True)
class PastedRequest:
    method: str
    url: str
    headers: tuple[tuple[str, str], ...] = ()
    body: str = ""
    user: tuple[str, str] | None = None
    """User name and password, when they were given apart from the headers."""
    notes: tuple[Note, ...] = ()


def require_readable(text: str) -> str:
    """Return the text without surrounding space. *Raises* NotUnderstood."""
    if not text.strip():
        raise NotUnderstood("There is nothing to read: paste a request.")
    if len(text) > MAX_PASTED_CHARACTERS:
        raise NotUnderstood(f"This is longer than {MAX_PASTED_CHARACTERS:,} characters.")
    require_unicode(text)
    return text.strip()


def require_unicode(*texts: str) -> None:
    """*Raises* NotUnderstood for what no request could carry."""
    for text in texts:
        if "\x00" in text or any("\ud800" <= character <= "\udfff" for character in text):
            raise NotUnderstood("This holds a character that cannot be sent: copy it again.")
