"""The catalogue of attributes: the named facts that a referral can carry, and how they are read."""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

from connections.drafting.synonyms import ATTRIBUTE_OF
from connections.exchange.problems import suggestion

MAX_TEXT_CHARACTERS = 16_384
MAX_INTEGER_DIGITS = 18
MAX_DECIMAL_DIGITS = 30

AttributeValue = str | int | Decimal | None


class AttributeType(StrEnum):
    TEXT = "text"
    INTEGER = "integer"
    DECIMAL = "decimal"
    DATE = "date"
    DATETIME = "datetime"


@dataclass(frozen=True, slots=True)
class Attribute:
    name: str
    label: str
    type: AttributeType
    description: str
    example: str
    pii: bool


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

_ATTRIBUTES = (
    Attribute(
        "email",
        "Email address",
        AttributeType.TEXT,
        "The customer's email address.",
        "jane.citizen@example.com",
        pii=True,
    ),
    Attribute(
        "first_name",
        "First name",
        AttributeType.TEXT,
        "The customer's first name.",
        "Jane",
        pii=True,
    ),
    Attribute(
        "last_name",
        "Last name",
        AttributeType.TEXT,
        "The customer's last name.",
        "Citizen",
        pii=True,
    ),
    Attribute(
        "title", "Title", AttributeType.TEXT, "How the customer is addressed.", "Ms", pii=True
    ),
    Attribute(
        "mobile_number",
        "Mobile number",
        AttributeType.TEXT,
        "The customer's mobile number.",
        "7327572923",
        pii=True,
    ),
    Attribute(
        "address_line_1",
        "Address line 1",
        AttributeType.TEXT,
        "First line of the street address.",
        "123 Fake Street",
        pii=True,
    ),
    Attribute(
        "address_line_2",
        "Address line 2",
        AttributeType.TEXT,
        "Second line of the street address.",
        "Building A",
        pii=True,
    ),
    Attribute(
        "unit_number", "Unit number", AttributeType.TEXT, "Unit or apartment.", "4B", pii=True
    ),
    Attribute(
        "suburb",
        "Suburb",
        AttributeType.TEXT,
        "The customer's city or suburb.",
        "Seattle",
        pii=True,
    ),
    Attribute("state", "State", AttributeType.TEXT, "The customer's state.", "CA", pii=True),
    Attribute(
        "postal_code",
        "ZIP/postal code",
        AttributeType.TEXT,
        "ZIP or postal code; text, for leading zeros and letters matter.",
        "10010",
        pii=True,
    ),
    Attribute(
        "country", "Country", AttributeType.TEXT, "The customer's country.", "Australia", pii=False
    ),
    Attribute(
        "physical_address",
        "Physical address",
        AttributeType.TEXT,
        "The whole address on one line.",
        "123 Fake Street, Seattle",
        pii=True,
    ),
    Attribute("gender", "Gender", AttributeType.TEXT, "The customer's gender.", "Female", pii=True),
    Attribute("age", "Age", AttributeType.INTEGER, "The customer's age in years.", "25", pii=True),
    Attribute(
        "birth_date",
        "Birth date",
        AttributeType.DATE,
        "The customer's birth date.",
        "1991-11-27",
        pii=True,
    ),
    Attribute(
        "language", "Language", AttributeType.TEXT, "Two-letter language code.", "en", pii=False
    ),
    Attribute(
        "ip_address",
        "IP address",
        AttributeType.TEXT,
        "Address that the customer opted in from.",
        "203.0.113.7",
        pii=True,
    ),
    Attribute(
        "source",
        "Source",
        AttributeType.TEXT,
        "Where the referral comes from, as the receiver wants it named.",
        "rokt",
        pii=False,
    ),
    Attribute(
        "opted_in_at",
        "Date/time",
        AttributeType.DATETIME,
        "When the customer opted in to the offer.",
        "2026-10-27T01:42:00Z",
        pii=False,
    ),
    Attribute(
        "ad_response",
        "Ad response",
        AttributeType.TEXT,
        "Text of the positive response that the customer clicked.",
        "Yes, please",
        pii=False,
    ),
    Attribute(
        "ad_text",
        "Ad text",
        AttributeType.TEXT,
        "The offer as it was shown.",
        "Receive a call today to hear about our great value.",
        pii=False,
    ),
    Attribute(
        "ad_text_html",
        "Ad text (HTML)",
        AttributeType.TEXT,
        "The offer in HTML.",
        "<p>Receive a call today to hear about our great value.</p>",
        pii=False,
    ),
    Attribute(
        "audience_id",
        "Audience ID",
        AttributeType.TEXT,
        "Id of the audience; text, for it exceeds what JSON numbers hold exactly.",
        "2581697744617019994",
        pii=False,
    ),
    Attribute(
        "audience_name",
        "Audience name",
        AttributeType.TEXT,
        "Name of the audience.",
        "M/F: 25+",
        pii=False,
    ),
    Attribute(
        "creative_id",
        "Creative ID",
        AttributeType.TEXT,
        "Id of the creative that was shown.",
        "2581697744617020011",
        pii=False,
    ),
    Attribute(
        "creative_name",
        "Creative name",
        AttributeType.TEXT,
        "Name of the creative.",
        "Spring offer, blue",
        pii=False,
    ),
    Attribute(
        "bid_price",
        "Bid price",
        AttributeType.DECIMAL,
        "What the advertiser was charged for the referral.",
        "2.50",
        pii=False,
    ),
    Attribute(
        "currency",
        "Currency",
        AttributeType.TEXT,
        "ISO 4217 code of the bid price.",
        "USD",
        pii=False,
    ),
    Attribute(
        "browser",
        "Browser",
        AttributeType.TEXT,
        "The customer's browser.",
        "Chrome Mobile",
        pii=False,
    ),
    Attribute(
        "browser_version",
        "Browser version",
        AttributeType.INTEGER,
        "Major version of the browser.",
        "52",
        pii=False,
    ),
    Attribute(
        "browser_version_full",
        "Browser version (full)",
        AttributeType.TEXT,
        "Complete version of the browser.",
        "52.0.2743.98",
        pii=False,
    ),
    Attribute(
        "device_type", "Device type", AttributeType.TEXT, "Kind of device.", "mobile", pii=False
    ),
    Attribute(
        "operating_system",
        "Operating system",
        AttributeType.TEXT,
        "The device's operating system.",
        "Android",
        pii=False,
    ),
    Attribute(
        "click_id",
        "Click ID",
        AttributeType.TEXT,
        "Id of the accepted offer, for matching conversions.",
        "c-7f3a9d",
        pii=False,
    ),
)

CATALOGUE: Mapping[str, Attribute] = MappingProxyType(
    {attribute.name: attribute for attribute in _ATTRIBUTES}
)
"""Every attribute by its name, in the order in which pages list them."""
