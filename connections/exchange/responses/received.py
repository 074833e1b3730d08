"""What came back, and reading it as text, JSON or XML only when a rule asks for it."""

import codecs
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cached_property

from lxml import etree

from connections.exchange.responses.xml_path import FRAGMENT, Element

MAX_BODY_BYTES = 65_536
MAX_HEADER_BYTES = 8_192

_CHARSETS = {
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "us-ascii": "ascii",
    "ascii": "ascii",
    "iso-8859-1": "iso-8859-1",
    "latin1": "iso-8859-1",
    "windows-1252": "cp1252",
    "utf-16": "utf-16-le",
}
"""The only decoders an answer may name; others of Python are slow, or no text at all."""
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_CHARSET = re.compile(r"""charset\s*=\s*["']?([\w.\-]+)""", re.IGNORECASE)
_XML_ENCODING = re.compile(rb"""\s*<\?xml[^>]{0,100}?encoding\s*=\s*["']([\w.\-]+)""")
_MAX_DIGITS = 100


@dataclass(frozen=True, slots=True)
class ReceivedResponse:
    """An answer as it is kept: body to 64 KiB, headers to 8 KiB."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    truncated: bool = False

    def header_values(self, name: str) -> list[str]:
        """Return the values of the header, in the order received; case is ignored."""
        wanted = name.lower()
        return [value for key, value in self.headers if key.lower() == wanted]

    def text(self) -> str:
        """Return the body as text that PostgreSQL can store; bad bytes become `\ufffd`."""
        for mark, encoding in _BYTE_ORDER_MARKS:
            if self.body.startswith(mark):
                return storable(self.body[len(mark) :].decode(encoding, "replace"))
        return storable(self.body.decode(self._encoding(), "replace"))

    def _encoding(self) -> str:
        match = _CHARSET.search(next(iter(self.header_values("content-type")), ""))
        if match is not None:
            return _CHARSETS.get(match[1].lower(), "utf-8")
        declared = _XML_ENCODING.match(self.body)
        return _CHARSETS.get(declared[1].decode().lower(), "utf-8") if declared else "utf-8"


class _Missing:
    """The type of `MISSING`, which stands for a body that is not JSON."""


MISSING = _Missing()


@dataclass(slots=True)
class Found:
    """What stands at one place of a response: as it is, as texts, and as a trace shows it."""

    values: Sequence[object]
    texts: Sequence[str]
    shown: str | None


class Reading:
    """One response while rules look at it: each form and each place is read at most once."""

    def __init__(self, response: ReceivedResponse) -> None:
        self.response = response
        self.found: dict[str, Found] = {}
        """What conditions have looked up already, by source and path."""

    @cached_property
    def text(self) -> str:
        return self.response.text()

    @cached_property
    def json(self) -> object:
        """The body parsed as JSON, whatever Content-Type says, or MISSING."""
        try:
            return _DECODER.decode(self.text)
        except (ValueError, RecursionError):
            return MISSING

    @cached_property
    def xml(self) -> Element | None:
        """The root of the body parsed as XML, or None; a document with a DTD is refused.

        Elements beside each other, which have no root, are read inside one of ours.
        """
        if not self.text.lstrip().startswith("<"):
            return None
        root = _parse_xml(self.text)
        if root is None:
            return _parse_xml(f"<{FRAGMENT}>{self.text}</{FRAGMENT}>")
        return None if root.getroottree().docinfo.internalDTD is not None else root


def _parse_xml(text: str) -> Element | None:
    parser = etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        return etree.fromstring(text.encode(), parser)
    except (etree.XMLSyntaxError, ValueError):
        return None


def storable(text: str) -> str:
    """Replace what UTF-8 or PostgreSQL cannot hold: lone surrogates and NUL."""
    if "\x00" in text:
        text = text.replace("\x00", "\ufffd")
    if text.isascii():
        return text
    return text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")


def _integer(digits: str) -> int | str:
    return int(digits) if len(digits) <= _MAX_DIGITS else digits


def _decimal(digits: str) -> Decimal | str:
    try:
        return Decimal(digits)
    except InvalidOperation:
        return digits  # an exponent beyond all bounds


# Numbers keep the text they came in: an id of twenty digits, a price of 1.10.
_DECODER = json.JSONDecoder(
    parse_int=_integer, parse_float=_decimal, parse_constant=str, strict=False
)
