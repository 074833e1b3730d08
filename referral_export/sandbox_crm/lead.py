"""What the sandbox CRM understands of a request, whatever its encoding."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qsl

from lxml import etree

Understood = dict[str, "Understood"] | list["Understood"] | str | int | float | bool | None

# Every request has these, and nobody wants to see them.
DULL_HEADERS = frozenset(
    {"accept", "accept-encoding", "connection", "content-length", "host", "user-agent"}
)


@dataclass(frozen=True, slots=True)
class Lead:
    """One request to the CRM."""

    received_at: datetime
    method: str
    path: str
    behaviour: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    """Names in lower case."""
    body: str
    understood: Understood

    @property
    def idempotency_key(self) -> str | None:
        return self.headers.get("idempotency-key")

    @property
    def is_test(self) -> bool:
        return self.headers.get("x-test-lead", "").lower() == "true"

    @property
    def email(self) -> str | None:
        """The first value, however deep, whose name holds "email"."""
        found = (*_emails(self.understood), *_emails(dict(self.query)))
        return found[0].strip().lower() if found else None

    @property
    def shown_headers(self) -> dict[str, str]:
        return {name: value for name, value in self.headers.items() if name not in DULL_HEADERS}


def understand(content_type: str, body: bytes) -> Understood:
    """Return what the body says; text that is not what its type promises stays text."""
    text = body.decode("utf-8", errors="replace")
    try:
        if content_type.endswith("json"):
            understood: Understood = json.loads(body)
            return understood
        if content_type.endswith("xml"):
            return _from_xml(body)
    except (ValueError, etree.XMLSyntaxError):
        return text
    if content_type == "application/x-www-form-urlencoded":
        return _from_pairs(parse_qsl(text, keep_blank_values=True))
    return text


def _from_pairs(pairs: Sequence[tuple[str, str]]) -> Understood:
    """Return the pairs as a dictionary, a name that comes twice with the list of its values."""
    names = dict.fromkeys(name for name, _ in pairs)
    values = {name: [value for other, value in pairs if other == name] for name in names}
    return {name: [*found] if len(found) > 1 else found[0] for name, found in values.items()}


def _from_xml(body: bytes) -> Understood:
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    root = etree.fromstring(body, parser)
    return {str(root.tag): _from_element(root)}


def _from_element(element: etree._Element) -> Understood:
    children = [child for child in element if isinstance(child.tag, str)]
    attributes: dict[str, Understood] = {
        "@" + str(name): str(value) for name, value in element.items()
    }
    if not children:
        text = element.text or ""
        return attributes | {"text": text} if attributes else text
    understood: dict[str, Understood] = dict(attributes)
    for child in children:
        name = str(child.tag)
        same = [_from_element(other) for other in children if other.tag == child.tag]
        understood[name] = same if len(same) > 1 else same[0]
    return understood


def _emails(understood: Understood) -> Iterator[str]:
    if isinstance(understood, list):
        for value in understood:
            yield from _emails(value)
    elif isinstance(understood, dict):
        for name, value in understood.items():
            if "email" in name.lower() and isinstance(value, str) and value.strip():
                yield value
            else:
                yield from _emails(value)
