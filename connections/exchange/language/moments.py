"""Dates and times in the format that an API wants: what `|date` does."""

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from connections.exchange.language.values import ValueProblem, is_empty, text_of

NAMED_FORMATS = ("iso", "epoch", "epoch_ms")

_FORMAT = re.compile(r"(?:[^%\x00-\x1f]|%[YmdHMSyjBbAaIpfz%])+")
_ZONE = re.compile(r"[A-Za-z0-9_+-]+(?:/[A-Za-z0-9_+-]+){0,2}")


def is_date_format(text: str) -> bool:
    return _FORMAT.fullmatch(text) is not None


def is_time_zone(name: str) -> bool:
    return _ZONE.fullmatch(name) is not None and _zone(name) is not None


def format_moment(value: object, form: str, zone: str | None = None) -> object:
    """Return a moment in a format, in a time zone when one is given.

    A moment that names no time zone is taken to stand in the given one already, so that a
    birthday stays on its day; without one it counts as UTC where that matters.
    """
    if is_empty(value):
        return value
    moment = value if isinstance(value, datetime) else _moment(text_of(value))
    try:
        return _format(_shifted(moment, zone), form)
    except (ValueError, OverflowError):  # near the year 1 or 9999
        raise _unreadable() from None


def _shifted(moment: datetime, zone: str | None) -> datetime:
    target = _zone(zone) if zone else None
    if target is None:
        return moment
    return moment.astimezone(target) if moment.tzinfo else moment.replace(tzinfo=target)


def _format(moment: datetime, form: str) -> object:
    match form:
        case "iso":
            return text_of(moment)
        case "epoch" | "epoch_ms":
            seconds = moment.replace(tzinfo=moment.tzinfo or UTC).timestamp()
            return int(seconds) if form == "epoch" else round(seconds * 1_000)
        case _:
            return moment.strftime(form)


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise _unreadable() from None


def _unreadable() -> ValueProblem:
    return ValueProblem(
        "not_a_date", "this value is not a date that |date can read, like 1991-11-27"
    )


def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
