"""What stays the same from one answer to the next of a kind: its shape."""

import json
import re
from collections.abc import Mapping
from uuid import UUID

from accounts.vault import Vault
from connections.exchange.attributes import CATALOGUE, AttributeValue
from connections.exchange.responses import Reading, ReceivedResponse

MOST_CHARACTERS = 2_000
MOST_KEYS = 50
MOST_ITEMS = 10
MOST_LEVELS = 8
LONGEST_STRING = 200

_PERSON = "[person]"
_FLEETING = re.compile(
    r"""(?P<email>[\w.+%-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8})
    | (?P<address>https?://[^\s"'<>]+)
    | (?P<date>\b\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}[\d:.]*(?:Z|[+-]\d{2}:?\d{2})?)?)
    | (?P<id>\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b|\b[0-9a-f]{16,}\b)
    | (?P<number>[+-]?\b\d+(?:[.,:]\d+)*\b)
    | (?P<code>\b(?=[\w-]{0,40}\d)\w[\w-]*)
    | (?P<word>[^\W\d_]+)""",
    re.VERBOSE | re.IGNORECASE,
)
_PEOPLE = re.compile(rf"{re.escape(_PERSON)}(?:[\s.,'-]+{re.escape(_PERSON)})+")
_WORD = re.compile(r"[^\W\d_]{2,}")


class Normalizer:
    """Takes out of texts what differs from one referral to the next."""

    def __init__(self, attributes: Mapping[str, AttributeValue]) -> None:
        personal = (
            str(value)
            for name, value in attributes.items()
            if value is not None and CATALOGUE[name].pii
        )
        # Emails are found by their form: the words in them may be anything.
        self._person = {
            word.casefold()
            for value in personal
            if "@" not in value
            for word in _WORD.findall(value[:LONGEST_STRING])
        }

    def text(self, text: str) -> str:
        """Return the text with a word in brackets for each email, id, number, date and name."""
        replaced = _FLEETING.sub(self._replaced, text[:MOST_CHARACTERS])
        return _PEOPLE.sub(_PERSON, " ".join(replaced.split()))

    def _replaced(self, found: re.Match[str]) -> str:
        kind = found.lastgroup
        if kind == "word":
            return _PERSON if found[0].casefold() in self._person else found[0]
        return "[id]" if kind == "code" else f"[{kind}]"

    def json(self, value: object, level: int = 0) -> object:
        """Return the document with its keys and its short texts that stay the same."""
        if level > MOST_LEVELS:
            return "…"
        if isinstance(value, dict):
            some = sorted(value.items())[:MOST_KEYS]
            return {self.text(key): self.json(inner, level + 1) for key, inner in some}
        if isinstance(value, list):
            shapes = [self.json(inner, level + 1) for inner in value[:MOST_KEYS]]
            return [one for at, one in enumerate(shapes) if one not in shapes[:at]][:MOST_ITEMS]
        if isinstance(value, str):
            return self.text(value[:LONGEST_STRING])
        return value if value is None or isinstance(value, bool) else "[number]"


def shape_of(response: ReceivedResponse, attributes: Mapping[str, AttributeValue]) -> str:
    """Return the status and what stays the same of the body, without anything of the person.

    Shape: one line of at most `MOST_CHARACTERS`; the attributes are the referral's.
    """
    reading, normalizer = Reading(response), Normalizer(attributes)
    if isinstance(reading.json, dict | list):
        body = json.dumps(normalizer.json(reading.json), ensure_ascii=False)
    else:
        body = normalizer.text(reading.text)
    return f"{response.status} {body}".strip()[:MOST_CHARACTERS]


def shape_key(vault: Vault, shape: str) -> UUID:
    """Return what is kept of a shape in the clear: equal for equal shapes of the account only."""
    return UUID(bytes=vault.fingerprint(shape)[:16])
