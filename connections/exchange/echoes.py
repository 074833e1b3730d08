"""Takes out of an answer the secrets that were sent, before anybody reads or keeps it."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from urllib.parse import quote, quote_plus

from connections.exchange.request import MASK, PreparedRequest
from connections.exchange.responses import ReceivedResponse

MIN_SECRET_CHARACTERS = 4
"""Shorter values stand everywhere by chance; masking them would only spoil answers."""


def spoken_secrets(secrets: Mapping[str, str], request: PreparedRequest) -> tuple[str, ...]:
    """Return every form in which an answer could repeat a secret of this request.

    Shape: longest first, so that a secret inside another one leaves nothing behind.
    """
    forms = {form for value in _values(secrets, request) for form in _forms(value)}
    return tuple(sorted(forms, key=len, reverse=True))


def without_secrets(response: ReceivedResponse, secrets: Iterable[str]) -> ReceivedResponse:
    """Return the response with each of the secrets replaced by a mask."""
    body, headers = response.body, response.headers
    for secret in secrets:
        body = body.replace(secret.encode(), MASK.encode())
        headers = tuple((name, value.replace(secret, MASK)) for name, value in headers)
    return replace(response, body=body, headers=headers)


def _values(secrets: Mapping[str, str], request: PreparedRequest) -> Iterator[str]:
    yield from secrets.values()
    for (_, sent), (_, shown) in zip(request.headers, request.shown.headers, strict=True):
        if sent != shown:  # a header made from a secret; what stands before it is none
            yield sent.removeprefix(shown.partition(MASK)[0])


def _forms(value: str) -> Iterator[str]:
    if len(value) < MIN_SECRET_CHARACTERS:
        return
    yield value
    if not (value.isascii() and value.isalnum()):  # else all forms are the same
        yield quote(value, safe="")
        yield quote_plus(value, safe="")
        yield json.dumps(value)[1:-1]
