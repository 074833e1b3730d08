"""What an OpenAPI operation says of its answers, as response rules."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from connections.drafting.openapi.document import OpenApiDocument, as_mapping
from connections.drafting.samples import MOST_SAMPLES, draft_rules
from connections.exchange.config import Outcome, ResponseRule, ResponseSample

_DUPLICATE = re.compile(
    r"\bduplicat|already (?:exists?|subscribed|registered)|\bconflict", re.IGNORECASE
)
_MEANINGS: Mapping[int, Outcome] = {
    400: Outcome.REJECTED,
    401: Outcome.HOLD,
    403: Outcome.HOLD,
    404: Outcome.HOLD,
    405: Outcome.HOLD,
    408: Outcome.RETRY,
    409: Outcome.REJECTED,
    410: Outcome.HOLD,
    415: Outcome.HOLD,
    422: Outcome.REJECTED,
    425: Outcome.RETRY,
    429: Outcome.RETRY,
}
_MOST_BODY = 20_000


def documented_rules(
    document: OpenApiDocument, details: Mapping[str, Any]
) -> tuple[ResponseRule, ...]:
    """Return rules for the statuses that are documented, and none for a mere 4XX or default.

    A documented example that speaks of a duplicate separates it from other answers with its
    status; so does a 409 that is described as one.
    """
    samples = list(_samples(document, as_mapping(details.get("responses"))))[:MOST_SAMPLES]
    drafted = draft_rules(samples)
    return () if drafted.problems else drafted.rules


def _samples(document: OpenApiDocument, responses: Mapping[str, Any]) -> Iterator[ResponseSample]:
    for code, node in responses.items():
        status = int(code) if re.fullmatch(r"[1-5][0-9]{2}", str(code)) else 0
        response = as_mapping(document.followed(node))
        usual = _usual(status, str(response.get("description", "")))
        if usual is None:
            continue
        bodies = [body for body in _examples(document, response) if _DUPLICATE.search(body)]
        if usual is not Outcome.DUPLICATE and status >= 400:
            for number, body in enumerate(bodies):
                name = f"{status} duplicate {number}"
                yield _sample(name, status, body, Outcome.DUPLICATE)
        # Without a body: what else has this status means what it usually does.
        yield _sample(str(status), status, "", usual)


def _sample(name: str, status: int, body: str, outcome: Outcome) -> ResponseSample:
    return ResponseSample(name=name, status=status, body=body, expected_outcome=outcome)


def _usual(status: int, description: str) -> Outcome | None:
    if 200 <= status < 300:
        return Outcome.DELIVERED
    if status >= 500:
        return Outcome.RETRY
    if status == 409 and _DUPLICATE.search(description):
        return Outcome.DUPLICATE
    return _MEANINGS.get(status)


def _examples(document: OpenApiDocument, response: Mapping[str, Any]) -> Iterator[str]:
    for kind in as_mapping(response.get("content")).values():
        media = as_mapping(document.followed(kind))
        named = as_mapping(media.get("examples")).values()
        values = [as_mapping(document.followed(one)).get("value") for one in named]
        schema = as_mapping(document.followed(media.get("schema")))
        for value in (media.get("example"), schema.get("example"), *values):
            if value is not None:
                text = value if isinstance(value, str) else json.dumps(value, default=str)
                if len(text) <= _MOST_BODY and text.isprintable():
                    yield text
