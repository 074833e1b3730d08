"""How a value is written at the place where a template prints it, so that it cannot break out."""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from enum import StrEnum
from json.encoder import encode_basestring
from types import MappingProxyType

from connections.exchange.language.filters import escape_xml, percent_encode
from connections.exchange.language.values import (
    JsonLiteral,
    PercentLiteral,
    ValueProblem,
    XmlLiteral,
    json_of,
    text_of,
)

_JSON_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_JSON_WORDS = frozenset({"true", "false", "null"})
_NOT_HEADER = re.compile(r"[^\x20-\x7e]")
_SPECIAL_IN_XML = re.compile("[]<>&\r]")


class Encoder(StrEnum):
    """The kinds of place; the values are filter names that no template can write."""

    TEXT = "_text"
    JSON_STRING = "_json_string"
    JSON_VALUE = "_json_value"
    XML = "_xml"
    XML_CDATA = "_xml_cdata"
    PERCENT = "_percent"
    HEADER = "_header"


def _json_string(value: object) -> str:
    """Write the inside of a JSON string."""
    quoted: str = encode_basestring(text_of(value))
    return quoted[1:-1]


def _json_value(value: object) -> str:
    """Write a whole JSON value; text must be marked by quotes or `|tojson`, or be one already."""
    if isinstance(value, JsonLiteral):
        return value
    if value is None or isinstance(value, bool | int | float | Decimal):
        return json_of(value)
    text = text_of(value)
    if text in _JSON_WORDS or _JSON_NUMBER.fullmatch(text):
        return text
    raise ValueProblem(
        "json_needs_quotes",
        "this value is text: put quotation marks around the braces, or write |tojson in them",
    )


def _xml(value: object) -> str:
    return value if isinstance(value, XmlLiteral) else escape_xml(text_of(value))


def _xml_cdata(value: object) -> str:
    """Write into a CDATA section, by leaving it for what could end it or is lost in it."""
    text = text_of(value)
    escaped = escape_xml(text)
    return f"]]>{escaped}<![CDATA[" if _SPECIAL_IN_XML.search(text) else text


def _percent(value: object) -> str:
    return value if isinstance(value, PercentLiteral) else percent_encode(text_of(value))


def _header(value: object) -> str:
    text = text_of(value)
    if _NOT_HEADER.search(text):
        raise ValueProblem(
            "not_a_header_value",
            "this value holds a line break or a character that a header cannot carry: write"
            " |urlencode after it if the receiver decodes that",
        )
    return text


ENCODERS: Mapping[Encoder, Callable[[object], str]] = MappingProxyType(
    {
        Encoder.TEXT: text_of,
        Encoder.JSON_STRING: _json_string,
        Encoder.JSON_VALUE: _json_value,
        Encoder.XML: _xml,
        Encoder.XML_CDATA: _xml_cdata,
        Encoder.PERCENT: _percent,
        Encoder.HEADER: _header,
    }
)
