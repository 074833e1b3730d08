"""Hides personal data in what is shown to who may not read it: structure stays, values go."""

import html
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote, quote_plus, urlsplit, urlunsplit

from lxml import etree

from connections.exchange.attributes import CATALOGUE, AttributeValue
from connections.exchange.request import MASK

MIN_VALUE_CHARACTERS = 2
READABLE_HEADERS = frozenset(
    {
        "accept",
        "accept-encoding",
        "authorization",  # masked already where it holds a secret
        "content-length",
        "content-type",
        "date",
        "host",
        "idempotency-key",
        "retry-after",
        "server",
        "user-agent",
        "x-test-lead",
    }
)
_STATUS = re.compile(r"[1-5][0-9]{2}")
# What points at a person even where the referral does not say it: emails, and hashes of them.
_TELLING = (r"[\w.+%-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}", r"\b[0-9a-f]{32,64}\b")


class PersonMask:
    """Hides what one referral, or one test lead, says about its person, wherever it is repeated."""

    def __init__(self, attributes: Mapping[str, AttributeValue]) -> None:
        values = {
            str(value)
            for name, value in attributes.items()
            if value is not None and CATALOGUE[name].pii
        }
        written = {form for value in values for form in _forms(value)}
        longest_first = sorted(written, key=len, reverse=True)
        words = [rf"(?<!\w){re.escape(form)}(?!\w)" for form in longest_first]
        self._telling = re.compile("|".join([*words, *_TELLING]), re.IGNORECASE)

    def text(self, text: str) -> str:
        """Hide the person in a sentence that is otherwise fit to be read."""
        return self._telling.sub(MASK, text)

    def values(self, named: Mapping[str, object]) -> dict[str, str]:
        return {name: self.text(str(value)) for name, value in named.items()}

    def attempt(self, record: Mapping[str, Any]) -> dict[str, Any]:
        """Return the record of an attempt, in the contract's shape, fit to be read."""
        return dict(record) | {
            "request": self._request(record["request"]),
            "response": self._response(record["response"]),
            "error": self._error(record["error"]),
            "verdict": self._verdict(record["verdict"]),
        }

    def _request(self, request: dict[str, Any] | None) -> dict[str, Any] | None:
        return request and request | {
            "url": self._url(request["url"]),
            "headers": _masked_headers(request["headers"]),
            "body": masked_body(request["body"]),
        }

    def _response(self, response: dict[str, Any] | None) -> dict[str, Any] | None:
        return response and response | {
            "headers": _masked_headers(response["headers"]),
            "body": masked_body(response["body"]),
        }

    def _error(self, error: dict[str, Any] | None) -> dict[str, Any] | None:
        return error and error | {"detail": self.text(error["detail"])}

    def _verdict(self, verdict: dict[str, Any] | None) -> dict[str, Any] | None:
        return verdict and verdict | {
            "reason": self.text(verdict["reason"]),
            "captures": self.values(verdict["captures"]),
            "trace": [_masked_trace(rule) for rule in verdict["trace"]],
        }

    def _url(self, url: str) -> str:
        parts = urlsplit(url)
        return urlunsplit(
            parts._replace(path=self.text(parts.path), query=_masked_form(parts.query))
        )


def masked_attributes(attributes: Mapping[str, AttributeValue]) -> dict[str, AttributeValue]:
    """Hide the values that the catalogue calls personal."""
    return {
        name: MASK if value is not None and CATALOGUE[name].pii else value
        for name, value in attributes.items()
    }


def masked_body(body: str) -> str:
    """Hide every value of a body; what is no JSON, XML or form is hidden whole."""
    stripped = body.strip()
    if not stripped:
        return body
    if stripped[0] in "{[":
        return _masked_json(stripped)
    if stripped[0] == "<":
        return _masked_xml(stripped)
    return _masked_form(stripped) if _is_form(stripped) else MASK


def _masked_json(body: str) -> str:
    try:
        return json.dumps(_masked_leaves(json.loads(body)), ensure_ascii=False)
    except (ValueError, RecursionError):
        return MASK


def _masked_leaves(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _masked_leaves(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_masked_leaves(inner) for inner in value]
    return None if value is None else MASK


def _masked_xml(body: str) -> str:
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(body.encode("utf-8", "replace"), parser)
    except (etree.XMLSyntaxError, ValueError):
        return MASK
    for element in root.iter():
        if not isinstance(element.tag, str):  # an entity, which may stand for anything
            return MASK
        element.text = _masked_space(element.text)
        element.tail = _masked_space(element.tail)
        for name in element.attrib:
            element.set(name, MASK)
    return etree.tostring(root, encoding="unicode")


def _masked_space(text: str | None) -> str | None:
    return MASK if text and text.strip() else text


def _is_form(body: str) -> bool:
    return all(re.fullmatch(r"[^=&\s]{1,200}=[^=&\s]*", pair) for pair in body.split("&"))


def _masked_form(query: str) -> str:
    pairs = (pair.partition("=") for pair in query.split("&")) if query else ()
    return "&".join(f"{name}={MASK}" if value else name + sign for name, sign, value in pairs)


def _masked_headers(headers: Iterable[tuple[str, str]]) -> list[list[str]]:
    return [[name, value if name.lower() in READABLE_HEADERS else MASK] for name, value in headers]


def _masked_trace(rule: dict[str, Any]) -> dict[str, Any]:
    conditions = [
        condition | {"found": _masked_found(condition["found"])} for condition in rule["conditions"]
    ]
    return rule | {"conditions": conditions}


def _masked_found(found: object) -> object:
    """A status may be read; what else was found is a part of the answer."""
    return found if found is None or _STATUS.fullmatch(str(found)) else MASK


def _forms(value: str) -> Iterable[str]:
    """Yield the ways in which a value is written in a URL, in JSON and in HTML."""
    if len(value) < MIN_VALUE_CHARACTERS:
        return
    yield value
    yield quote(value, safe="")
    yield quote_plus(value)
    yield json.dumps(value)[1:-1]
    yield html.escape(value)
