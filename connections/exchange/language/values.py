"""The values that templates work with, and how each one is written as text and as JSON."""

import math
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from json.encoder import encode_basestring  # in C where there is C

MAX_VALUE_CHARACTERS = 262_144


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
    raise ValueProblem("not_text", "a list or an object cannot be printed: write |tojson after it")


def json_of(value: object) -> str:
    """Return a value as JSON; a decimal is a number with the digits that it has.

    Raises: ValueProblem for what JSON cannot hold (NaN, infinity) and for what grows too large.
    """
    pieces: list[str] = []
    _write_json(value, pieces, MAX_VALUE_CHARACTERS)
    return "".join(pieces)


def _write_json(value: object, pieces: list[str], room: int) -> int:
    """Append a value's JSON to `pieces` and return how many characters still have room."""
    if isinstance(value, Mapping):
        return _write_object(value, pieces, room)
    if isinstance(value, list | tuple):
        return _write_list(value, pieces, room)
    return _append(_json_scalar(value), pieces, room)


def _append(piece: str, pieces: list[str], room: int) -> int:
    if len(piece) > room:
        raise too_large()
    pieces.append(piece)
    return room - len(piece)


def _write_object(members: Mapping[object, object], pieces: list[str], room: int) -> int:
    separator = "{"
    for name, member in members.items():
        room = _append(f"{separator}{encode_basestring(text_of(name))}: ", pieces, room)
        room = _write_json(member, pieces, room)
        separator = ", "
    return _append("}" if members else "{}", pieces, room)


def _write_list(items: list[object] | tuple[object, ...], pieces: list[str], room: int) -> int:
    separator = "["
    for item in items:
        room = _append(separator, pieces, room)
        room = _write_json(item, pieces, room)
        separator = ", "
    return _append("]" if items else "[]", pieces, room)


def _json_scalar(value: object) -> str:
    if isinstance(value, JsonLiteral):
        return value
    if isinstance(value, str):
        quoted: str = encode_basestring(value)
        return quoted
    if value is None:
        return "null"
    if isinstance(value, datetime):
        return f'"{text_of(value)}"'
    if isinstance(value, Decimal | float) and not math.isfinite(value):
        raise ValueProblem("not_a_number", "this number is infinite or undefined: JSON has no such")
    return text_of(value)


def too_large() -> ValueProblem:
    return ValueProblem("too_large", f"this comes to more than {MAX_VALUE_CHARACTERS:,} characters")
