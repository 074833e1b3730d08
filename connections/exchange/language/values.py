"""The values that templates work with, and how each one is written as text and as JSON."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import TypeVar

import orjson

Text = TypeVar("Text", bound=str)

MAX_VALUE_CHARACTERS = 262_144
LIST_PRINTED = "a list or an object cannot be printed: write |tojson after it"


class ValueProblem(Exception):
    """A value that cannot be put where the template wants it; the sentence never quotes it."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code


class JsonLiteral(str):
    """Finished JSON: the result of `|tojson`."""

    __slots__ = ()


class PercentLiteral(str):
    """Finished percent-encoding: the result of `|urlencode`."""

    __slots__ = ()


class XmlLiteral(str):
    """Finished XML text: the result of `|e`."""

    __slots__ = ()


def is_empty(value: object) -> bool:
    return value is None or value == ""


def entries_of(value: object) -> Sequence[object]:
    """Return the entries of a list.

    Raises: ValueProblem for anything else.
    """
    if isinstance(value, list | tuple):
        return value
    raise ValueProblem("not_a_list", 'this is not a list: write |split(",") after a text')


def size_of(value: object) -> int:
    """Return how many characters a value comes to at least, however it is written."""
    if isinstance(value, str):
        return len(value)
    if isinstance(value, list | tuple):
        return sum(1 + size_of(entry) for entry in value)
    return size_of([*value.values()]) if isinstance(value, dict) else 0


def text_of(value: object) -> str:
    """Return a value as people write it; nothing for None.

    Raises: ValueProblem for lists and objects, which have no one way to be written.
    """
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds").replace("+00:00", "Z")
    if isinstance(value, int | float):
        return str(value)
    raise ValueProblem("not_text", LIST_PRINTED)


def json_of(value: object) -> str:
    """Return a value as JSON; a decimal is a number with the digits that it has.

    Raises: ValueProblem for what JSON cannot hold (NaN, half a character) or what is too large.
    """
    try:
        text = orjson.dumps(value, default=_special_json, option=_JSON_OPTIONS).decode()
    except orjson.JSONEncodeError as error:
        if isinstance(error.__cause__, ValueProblem):
            raise error.__cause__ from None
        raise not_unicode() from None
    return bounded(text)


_JSON_OPTIONS = orjson.OPT_PASSTHROUGH_SUBCLASS | orjson.OPT_PASSTHROUGH_DATETIME


def _special_json(value: object) -> object:
    """Say how orjson writes what it leaves to us."""
    if isinstance(value, JsonLiteral):
        return orjson.Fragment(str(value))
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise ValueProblem(
                "not_a_number", "this number is infinite or undefined: JSON has no such"
            )
        return orjson.Fragment(text_of(value))
    return str(text_of(value))


def bounded(text: Text) -> Text:
    """Return the text unless it is longer than any value may become."""
    if len(text) > MAX_VALUE_CHARACTERS:
        raise too_large()
    return text


def too_large() -> ValueProblem:
    return ValueProblem("too_large", f"this comes to more than {MAX_VALUE_CHARACTERS:,} characters")


def not_unicode() -> ValueProblem:
    return ValueProblem("not_unicode", "this value holds half a character (a lone surrogate)")
