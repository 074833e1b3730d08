"""How attributes are read: from what a client sends to the types of the catalogue."""

import re
from collections.abc import Callable, Collection, Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

from connections.exchange.attributes.catalogue import CATALOGUE, AttributeType
from connections.exchange.attributes.synonyms import ATTRIBUTE_OF
from connections.exchange.problems import suggestion

MAX_TEXT_CHARACTERS = 16_384
MAX_INTEGER_DIGITS = 18
MAX_DECIMAL_DIGITS = 30

AttributeValue = str | int | Decimal | None


class AttributeProblem(NamedTuple):
    """One attribute that cannot be taken as it was given."""

    name: str
    code: str
    detail: str


class AttributeErrors(Exception):
    """Attributes that cannot be taken; `problems` has one entry for each."""

    def __init__(self, problems: list[AttributeProblem]) -> None:
        super().__init__("; ".join(problem.detail for problem in problems))
        self.problems = problems


def parse_attributes(raw: Mapping[str, object]) -> dict[str, AttributeValue]:
    """Return the attributes in the types of the catalogue.

    Shape: the names and order of `raw`; None and "" become None; integers and decimals become
    numbers, dates stay ISO 8601 text. Reading the result's own JSON form gives the same again.

    Raises: AttributeErrors with every problem found.
    """
    parsed: dict[str, AttributeValue] = {}
    problems: list[AttributeProblem] = []
    for name, value in raw.items():
        try:
            parsed[name] = _parse(name, value)
        except _RefusalError as refusal:
            problems.append(AttributeProblem(name, refusal.code, str(refusal)))
    if problems:
        raise AttributeErrors(problems)
    return parsed


def attribute_hint(name: str, known: Collection[str]) -> str:
    """Return ` Did you mean mobile_number?` for what others call it or what is spelt alike."""
    meant = ATTRIBUTE_OF.get(re.sub("[^a-z0-9]", "", name.lower()))
    return f" Did you mean {meant}?" if meant and meant in known else suggestion(name, known)


class _RefusalError(Exception):
    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code


def _parse(name: str, value: object) -> AttributeValue:
    attribute = CATALOGUE.get(name)
    if attribute is None:
        hint = attribute_hint(name, CATALOGUE)
        raise _RefusalError("unknown_attribute", f'there is no attribute "{name[:100]}".{hint}')
    if value is None or value == "":
        return None
    return _PARSERS[attribute.type](name, value)


def _text(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise _RefusalError("not_text", f"{name} must be text: put it in quotation marks")
    if len(value) > MAX_TEXT_CHARACTERS:
        raise _RefusalError("too_long", f"{name} is longer than {MAX_TEXT_CHARACTERS:,} characters")
    if not value.isascii() and any("\ud800" <= character <= "\udfff" for character in value):
        raise _RefusalError("not_unicode", f"{name} holds half a character (a lone surrogate)")
    return value


def _integer(name: str, value: object) -> int:
    refusal = _RefusalError("not_an_integer", f"{name} must be a whole number, like 25")
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise refusal
    if isinstance(value, str):
        digits = value.strip().removeprefix("-")
        if not (digits.isascii() and digits.isdigit() and len(digits) <= MAX_INTEGER_DIGITS):
            raise refusal
        return int(value)
    if abs(value) >= 10**MAX_INTEGER_DIGITS:
        raise refusal
    return value


def _decimal(name: str, value: object) -> Decimal:
    refusal = _RefusalError("not_a_number", f"{name} must be a number, like 2.50")
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        raise refusal
    if isinstance(value, int) and abs(value) >= 10**MAX_DECIMAL_DIGITS:
        raise refusal
    text = str(value).strip()
    if len(text) > MAX_DECIMAL_DIGITS + 10 or not text.isascii() or "_" in text:
        raise refusal
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise refusal from None
    # The exponent is bounded too: 1E+999999 is short to write and long to print.
    if not number.is_finite() or abs(number.adjusted()) > MAX_DECIMAL_DIGITS:
        raise refusal
    return number


def _date(name: str, value: object) -> str:
    text = _text(name, value)
    try:
        date.fromisoformat(text)
    except ValueError:
        raise _RefusalError("not_a_date", f"{name} must be a date, like 1991-11-27") from None
    return text


def _datetime(name: str, value: object) -> str:
    text = _text(name, value)
    try:
        datetime.fromisoformat(text)
    except ValueError:
        sentence = f"{name} must be a date and time, like 2026-10-27T01:42:00Z"
        raise _RefusalError("not_a_datetime", sentence) from None
    return text


_PARSERS: Mapping[AttributeType, Callable[[str, object], AttributeValue]] = {
    AttributeType.TEXT: _text,
    AttributeType.INTEGER: _integer,
    AttributeType.DECIMAL: _decimal,
    AttributeType.DATE: _date,
    AttributeType.DATETIME: _datetime,
}
