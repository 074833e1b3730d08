"""Takes out of an answer the secrets that were sent, before anybody reads or keeps it."""

import html
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import AnyStr
from urllib.parse import quote, quote_plus, unquote_plus

from connections.exchange.problems import RenderError
from connections.exchange.request import MASK, PreparedRequest
from connections.exchange.responses import MAX_HEADER_BYTES, ReceivedResponse

MIN_SECRET_CHARACTERS = 4
"""Shorter values stand everywhere by chance; masking them would only spoil answers."""

# Bytes; as characters an answer's headers are fewer when they are not ASCII.
_CUT_AT = MAX_HEADER_BYTES // 4
MIN_MADE_CHARACTERS = 8
"""What was made of secrets may be a word of everybody, like a client ID that is `client`."""
MAX_MADE = 200
"""Each has up to ten forms, and an answer is searched for each: 30 microseconds."""
_PERCENT = re.compile("%[0-9A-F]{2}")
_ESCAPED_BY_DOTNET = re.compile(r"""["'&+<>`]|[^ -~]""")


def spoken_secrets(secrets: Mapping[str, str], request: PreparedRequest) -> tuple[str, ...]:
    """Return every form in which an answer could repeat a secret of this request.

    Shape: longest first, so that a secret inside another one leaves nothing behind.
    """
    forms = {form for value in _values(secrets, request) for form in _forms(value)}
    return tuple(sorted(forms, key=len, reverse=True))


def without_secrets(response: ReceivedResponse, secrets: Sequence[str]) -> ReceivedResponse:
    """Return the response with each of the secrets replaced by a mask."""
    body, headers = response.body, response.headers
    encodings = ("utf-8", "utf-16-le", "utf-16-be") if b"\x00" in body else ("utf-8",)
    for secret in secrets:
        for encoding in encodings:
            body = body.replace(secret.encode(encoding), MASK.encode(encoding))
        headers = tuple((name, value.replace(secret, MASK)) for name, value in headers)
    if response.truncated:
        body = _without_beginning(body, [secret.encode() for secret in secrets], MASK.encode())
    if headers and sum(len(name) + len(value) for name, value in response.headers) >= _CUT_AT:
        *others, (name, value) = headers
        headers = (*others, (name, _without_beginning(value, secrets, MASK)))
    return replace(response, body=body, headers=headers)


def _without_beginning(text: AnyStr, secrets: Sequence[AnyStr], mask: AnyStr) -> AnyStr:
    """Mask what may be the beginning of a secret at the end of a text that was cut."""
    longest = max((_cut_off(text, secret) for secret in secrets), default=0)
    return text[:-longest] + mask if longest else text


def _cut_off(text: AnyStr, secret: AnyStr) -> int:
    """Return how much of a secret, less than all of it, the text ends with; 0 if too little."""
    end, beginning = text[1 - len(secret) :], secret[:MIN_SECRET_CHARACTERS]
    at = end.find(beginning)
    while at >= 0 and not secret.startswith(end[at:]):
        at = end.find(beginning, at + 1)
    return len(end) - at if at >= 0 else 0


def check_made_of_secrets(request: PreparedRequest) -> None:
    """Raise RenderError when an answer could repeat too much for us to take it out in time."""
    if len(_all_made_of_secrets(request)) > MAX_MADE:
        raise RenderError(
            "too_many_secrets",
            f"this request has more than {MAX_MADE} different values that are made of secrets,"
            " which we could not all mask in the answer: print fewer of them",
        )


def _values(secrets: Mapping[str, str], request: PreparedRequest) -> Iterator[str]:
    yield from secrets.values()
    for made in _all_made_of_secrets(request):
        yield made
        yield unquote_plus(made)


def _all_made_of_secrets(request: PreparedRequest) -> frozenset[str]:
    shown = request.shown
    headers = zip(request.headers, shown.headers, strict=True)
    pairs = [(sent, masked) for (_, sent), (_, masked) in headers]
    pairs.append((request.url, shown.url))
    if MASK in shown.body:
        pairs.append((request.body.decode(), shown.body))
    found = (_made_of_secrets(sent, masked) for sent, masked in pairs if sent != masked)
    return frozenset(
        made for several in found for made in several if len(made) >= MIN_MADE_CHARACTERS
    )


def _made_of_secrets(sent: str, shown: str) -> Iterator[str]:
    """Yield what stands in a text where the shown one has a mask: a digest for instance."""
    start, *texts = shown.split(MASK)
    at = len(start)
    for index, text in enumerate(texts, start=1):
        end = sent.find(text, at) if index < len(texts) else len(sent) - len(text)
        if end < at:
            return
        yield sent[at:end]
        at = end + len(text)


@lru_cache(maxsize=1_024)
def _forms(value: str) -> frozenset[str]:
    return frozenset(_written(value))


def _written(value: str) -> Iterator[str]:
    """Yield how others write a value: in addresses, in JSON (PHP and .NET too), in HTML."""
    if len(value) < MIN_SECRET_CHARACTERS:
        return
    yield value
    if value.isascii() and value.isalnum():  # else all forms are the same
        return
    for quoted in (quote(value, safe=""), quote_plus(value, safe="")):
        yield quoted
        yield _PERCENT.sub(lambda found: found[0].lower(), quoted)
    for written in (json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]):
        yield written
        yield written.replace("/", "\\/")
    backslashes = value.replace("\\", "\\\\")
    yield _ESCAPED_BY_DOTNET.sub(lambda found: f"\\u{ord(found[0]):04X}", backslashes)
    yield html.escape(value)
