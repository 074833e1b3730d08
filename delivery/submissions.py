"""Reads what a client posted as referrals: the shape only, intake judges the rest.

Written by hand rather than with serializers, because this is the busiest call of the API.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

from accounts.errors import CorrectInput, Problem
from delivery.intake import MAX_REFERRALS, Acceptance, Accepted, ReferralIn

FIELDS = ("campaign", "external_id", "occurred_at", "attributes")

Entry = ReferralIn | Accepted
"""A referral to be judged, or the refusal of something that has not even the shape of one."""


class NotJsonError(ValueError):
    """The body as a whole cannot be read; the message says where."""


@dataclass(frozen=True, slots=True)
class Submission:
    entries: Sequence[Entry]
    is_single: bool
    """Whether it was one object, and not a list or lines."""


def read_json(body: bytes) -> Submission:
    """Return what one object or one list holds.

    Raises: NotJsonError; CorrectInput for a list that is too long or something else altogether.
    """
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise NotJsonError(f"The body is not valid JSON: {error}.") from error
    if isinstance(value, dict):
        return Submission([_entry(value)], is_single=True)
    if not isinstance(value, list):
        detail = "Send one referral as an object, or a list of them."
        raise CorrectInput(Problem("", "not_an_object", detail))
    if len(value) > MAX_REFERRALS:
        detail = (
            f"A list holds at most {MAX_REFERRALS:,} referrals, this one has {len(value):,}: send"
            " several lists, or NDJSON."
        )
        raise CorrectInput(Problem("", "too_many", detail))
    return Submission([_entry(item) for item in value], is_single=False)


def read_lines(body: bytes) -> Submission:
    """Return what NDJSON holds; a line that is no JSON is refused by itself."""
    lines = enumerate(body.split(b"\n"), start=1)
    entries = [_line_entry(line, number) for number, line in lines if line.strip()]
    return Submission(entries, is_single=False)


def _line_entry(line: bytes, number: int) -> Entry:
    try:
        return _entry(orjson.loads(line))
    except orjson.JSONDecodeError as error:
        return _refused("", Problem("", "malformed_json", f"Line {number} is not JSON: {error}."))


def _entry(value: Any) -> Entry:
    if not isinstance(value, dict):
        return _refused("", Problem("", "not_an_object", "A referral is an object."))
    occurred_at, problems = _occurred_at(value)
    problems += [*_unknown_fields(value), *_missing_fields(value)]
    if problems:
        external_id = value.get("external_id")
        return _refused(external_id if isinstance(external_id, str) else "", *problems)
    return ReferralIn(
        campaign=value["campaign"],
        external_id=value["external_id"],
        attributes=value["attributes"],
        occurred_at=occurred_at,
    )


def _refused(external_id: str, *problems: Problem) -> Accepted:
    return Accepted(external_id, Acceptance.INVALID, errors=problems)


def _unknown_fields(value: Mapping[str, Any]) -> Iterator[Problem]:
    for name in value.keys() - set(FIELDS):
        detail = f'There is no field "{name[:100]}" here. Known: {", ".join(FIELDS)}.'
        pointer = "/" + name.replace("~", "~0").replace("/", "~1")
        yield Problem(pointer, "unknown_field", detail)


def _missing_fields(value: Mapping[str, Any]) -> Iterator[Problem]:
    for name in ("campaign", "external_id"):
        if not isinstance(value.get(name), str):
            yield Problem(f"/{name}", "required", f"Give {name} as text, in quotation marks.")
    if not isinstance(value.get("attributes"), dict):
        detail = 'Give attributes as an object, like {"email": "jane@example.com"}.'
        yield Problem("/attributes", "required", detail)


def _occurred_at(value: Mapping[str, Any]) -> tuple[datetime | None, list[Problem]]:
    text = value.get("occurred_at")
    if text is None:
        return None, []
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is not None:
            return moment.astimezone(UTC), []
    except (TypeError, ValueError, OverflowError):
        pass
    detail = "Write occurred_at in ISO 8601 with its offset, like 2026-11-23T13:30:00Z."
    return None, [Problem("/occurred_at", "not_a_time", detail)]
