"""The filters and tests that templates may use, and the arguments that each one takes."""

import re
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from types import MappingProxyType
from urllib.parse import quote

import phonenumbers
from jinja2.filters import do_title

from connections.exchange.language.amounts import cents, plus, rounded, whole_number
from connections.exchange.language.countries import region_of
from connections.exchange.language.digests import HASHES, base64url, hashing, signature
from connections.exchange.language.moments import format_moment
from connections.exchange.language.values import (
    MAX_VALUE_CHARACTERS,
    JsonLiteral,
    PercentLiteral,
    ValueProblem,
    XmlLiteral,
    bounded,
    entries_of,
    is_empty,
    json_of,
    not_unicode,
    text_of,
    too_large,
)

MAX_PARTS = 10_000
"""More than any attribute has, which may have been made longer before it is split."""

_MAX_NUMBER_CHARACTERS = 250
"""What phonenumbers reads at most."""

_XML_ESCAPES = str.maketrans(
    {
        "&": "&amp;",
        "<": "&lt;",
        ">": "&gt;",
        '"': "&quot;",
        "'": "&#39;",
        # A parser would turn these into spaces or line feeds.
        "\r": "&#13;",
        "\n": "&#10;",
        "\t": "&#9;",
    }
)
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TRUE = frozenset({"true", "yes", "y", "on", "1"})
_FALSE = frozenset({"false", "no", "n", "off", "0"})


class Takes(Enum):
    """What a filter's argument may be; everything but EXPRESSION is a constant."""

    EXPRESSION = auto()
    TEXT = auto()
    SOUGHT = auto()  # text, and not empty
    FLAG = auto()
    DATE_FORMAT = auto()
    TIME_ZONE = auto()
    REGION = auto()
    LENGTH = auto()
    DIGITS = auto()
    NUMBER = auto()
    HASH = auto()
    DIGEST_FORM = auto()
    KEY_FORM = auto()


@dataclass(frozen=True, slots=True)
class Filter:
    apply: Callable[..., object]
    arguments: tuple[Takes, ...] = ()
    required: int = 0
    work: Callable[[int], int] = int
    """What it spends of the budget for so many characters; one for each where that is enough."""


def percent_encode(text: str, safe: str = "") -> str:
    """Return the text with everything but unreserved characters (and `safe`) percent-encoded."""
    try:
        return quote(text, safe=safe)
    except UnicodeEncodeError:
        raise not_unicode() from None


def escape_xml(text: str) -> str:
    """Return the text as XML character data that is safe in attribute values too."""
    if _NOT_XML.search(text):
        raise ValueProblem("not_xml", "this value holds a character that XML cannot carry")
    return text.translate(_XML_ESCAPES)


def _of_text(change: Callable[[str], str]) -> Callable[[object], object]:
    """Make a filter of a function on text; what is empty stays empty."""

    def apply(value: object) -> object:
        return value if is_empty(value) else bounded(change(text_of(value)))

    return apply


def _of_bytes(change: Callable[[bytes], str]) -> Callable[[object], object]:
    """Make a filter of a function on the bytes of text in UTF-8."""

    def apply(text: str) -> str:
        try:
            return change(text.encode())
        except UnicodeEncodeError:
            raise not_unicode() from None

    return _of_text(apply)


def _first(value: object, length: int) -> object:
    return value if is_empty(value) else text_of(value)[:length]


def _last(value: object, length: int) -> object:
    return value if is_empty(value) else text_of(value)[-length:]


def _default(value: object, fallback: object = "", also_false: bool = False) -> object:
    return fallback if is_empty(value) or (also_false and not value) else value


def _truth(value: object) -> bool:
    if isinstance(value, str):
        word = value.strip().lower()
        if word and word not in _TRUE | _FALSE:
            raise ValueProblem("not_a_bool", "this value is neither true nor false, yes nor no")
        return word in _TRUE
    return bool(value)


def _replace(value: object, old: str, new: str) -> object:
    if is_empty(value):
        return value
    text = text_of(value)
    if len(text) + text.count(old) * (len(new) - len(old)) > MAX_VALUE_CHARACTERS:
        raise too_large()
    return text.replace(old, new)


def _work_of_title(characters: int) -> int:
    return 3 * characters


def _work_of_e164(characters: int) -> int:
    """Return the square, for punctuation; what is longer than any number is not looked at."""
    return characters + min(characters, _MAX_NUMBER_CHARACTERS) ** 2


def _e164(value: object, country: object = None) -> object:
    """Return a telephone number as +61491570156; `country` is a region code or a name."""
    if is_empty(value):
        return value
    try:
        number = phonenumbers.parse(text_of(value), region_of(text_of(country)))
    except phonenumbers.NumberParseException:
        number = None
    if number is None or not phonenumbers.is_possible_number(number):
        raise ValueProblem(
            "not_a_telephone_number",
            'this is not a telephone number of its country: write the region, |e164("AU"), if the'
            " country attribute does not say it",
        )
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _country_code(value: object) -> object:
    """Return the two letters, ISO 3166-1, of a country that is given by name or by code."""
    if is_empty(value):
        return value
    region = region_of(text_of(value))
    if region is None:
        raise ValueProblem(
            "not_a_country",
            "this is no country by its English name or its two letters: map it by a custom field",
        )
    return region


def _tojson(value: object) -> JsonLiteral:
    return value if isinstance(value, JsonLiteral) else JsonLiteral(json_of(value))


def _urlencode(value: object) -> PercentLiteral:
    return bounded(PercentLiteral(percent_encode(text_of(value))))


def _escape(value: object) -> XmlLiteral:
    if isinstance(value, XmlLiteral):
        return value
    return bounded(XmlLiteral(escape_xml(text_of(value))))


def join_text(parts: Sequence[object], separator: str = "") -> str:
    """Return the texts one after the other: what `~` becomes."""
    texts = [text_of(part) for part in parts]
    if sum(map(len, texts)) + len(texts) * len(separator) > MAX_VALUE_CHARACTERS:
        raise too_large()
    return separator.join(texts)


def _join(value: object, separator: str) -> str:
    return join_text([one for one in entries_of(value) if not is_empty(one)], separator)


def _split(value: object, separator: str) -> list[str]:
    """Return the parts of a text, trimmed and without empty ones; none of what is empty."""
    pieces = (piece.strip() for piece in text_of(value).split(separator))
    parts = [piece for piece in pieces if piece]
    if len(parts) > MAX_PARTS:
        raise ValueProblem("too_large", f"this text has more than {MAX_PARTS:,} parts")
    return parts


def _length(value: object) -> int:
    return len(value) if isinstance(value, list | tuple | dict) else len(text_of(value))


JOIN = "_join"
"""The name of `join_text` in a checked tree; no template can write it."""

FILTERS: Mapping[str, Filter] = MappingProxyType(
    {
        "default": Filter(_default, (Takes.EXPRESSION, Takes.FLAG)),
        "lower": Filter(_of_text(str.lower)),
        "upper": Filter(_of_text(str.upper)),
        "trim": Filter(_of_text(str.strip)),
        "title": Filter(_of_text(do_title), work=_work_of_title),
        "first": Filter(_first, (Takes.LENGTH,), required=1),
        "last": Filter(_last, (Takes.LENGTH,), required=1),
        "date": Filter(format_moment, (Takes.DATE_FORMAT, Takes.TIME_ZONE), required=1),
        **{name: Filter(hashing(name), (Takes.DIGEST_FORM,)) for name in HASHES},
        "hmac": Filter(
            signature,
            (Takes.HASH, Takes.EXPRESSION, Takes.DIGEST_FORM, Takes.KEY_FORM),
            required=2,
        ),
        "base64": Filter(_of_bytes(lambda data: b64encode(data).decode())),
        "base64url": Filter(_of_bytes(base64url)),
        "country_code": Filter(_country_code),
        "e164": Filter(_e164, (Takes.REGION,), work=_work_of_e164),
        "digits": Filter(_of_text(lambda text: re.sub("[^0-9]", "", text))),
        "replace": Filter(_replace, (Takes.SOUGHT, Takes.TEXT), required=2),
        "split": Filter(_split, (Takes.SOUGHT,), required=1),
        "join": Filter(_join, (Takes.TEXT,), required=1),
        "length": Filter(_length),
        "int": Filter(whole_number),
        "round": Filter(rounded, (Takes.DIGITS,)),
        "cents": Filter(cents),
        "plus": Filter(plus, (Takes.NUMBER,), required=1),
        "bool": Filter(_truth),
        "tojson": Filter(_tojson),
        "urlencode": Filter(_urlencode),
        "e": Filter(_escape),
    }
)

TESTS: Mapping[str, Callable[[object], bool]] = MappingProxyType(
    {
        # An attribute that the referral lacks is None, never undefined.
        "defined": lambda value: value is not None,
        "undefined": lambda value: value is None,
        "none": lambda value: value is None,
    }
)
