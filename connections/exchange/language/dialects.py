"""Where in its surroundings an expression stands: inside a JSON string, in an XML attribute, …

A dialect follows the template's own text from state to state, and knows for each state how a
value is to be written there, or why none can stand there.
"""

import re
from collections.abc import Callable
from enum import Enum, auto
from typing import Protocol

from jinja2 import nodes

from connections.exchange.language.encoders import Encoder
from connections.exchange.language.filters import escape_xml, percent_encode
from connections.exchange.language.refusal import TemplateRefused, TextRefused, tag_of

_BREAK = re.compile("[\r\n]")


class Dialect(Protocol):
    """The language that a template writes."""

    def start(self) -> Enum: ...

    def advance(self, state: Enum, text: str) -> Enum:
        """Return the state after the template's own text; raises TextRefused."""

    def own_text(self, text: str) -> str:
        """Return the template's own text as it goes out; raises TextRefused."""

    def encoder(self, state: Enum, expression: nodes.Expr) -> Encoder:
        """Return how a value is written in this state, or refuse."""


class _Only(Enum):
    STATE = auto()


class PlainDialect:
    """A language in which every place is alike."""

    def __init__(self, encoder: Encoder, own_text: Callable[[str], str] = str) -> None:
        self._encoder = encoder
        self._own_text = own_text

    def start(self) -> Enum:
        return _Only.STATE

    def advance(self, state: Enum, text: str) -> Enum:  # noqa: ARG002
        return state

    def own_text(self, text: str) -> str:
        return self._own_text(text)

    def encoder(self, state: Enum, expression: nodes.Expr) -> Encoder:  # noqa: ARG002
        return self._encoder


class _Json(Enum):
    OUTSIDE = auto()
    STRING = auto()
    BACKSLASH = auto()


class JsonDialect:
    def start(self) -> Enum:
        return _Json.OUTSIDE

    def own_text(self, text: str) -> str:
        return text

    def advance(self, state: Enum, text: str) -> Enum:
        for character in text:
            state = self._after(state, character)
        return state

    @staticmethod
    def _after(state: Enum, character: str) -> Enum:
        if state is _Json.BACKSLASH:
            return _Json.STRING
        if character == "\\" and state is _Json.STRING:
            return _Json.BACKSLASH
        if character == '"':
            return _Json.OUTSIDE if state is _Json.STRING else _Json.STRING
        return state

    def encoder(self, state: Enum, expression: nodes.Expr) -> Encoder:
        if state is _Json.BACKSLASH:
            raise TemplateRefused(
                "template_place",
                "a value cannot stand right after a backslash: delete the backslash",
                at=tag_of(expression),
            )
        if state is _Json.OUTSIDE:
            return Encoder.JSON_VALUE
        if isinstance(expression, nodes.Filter) and expression.name == "tojson":
            raise TemplateRefused(
                "template_place",
                "|tojson brings its own quotation marks: delete those around the braces",
                at=tag_of(expression),
            )
        return Encoder.JSON_STRING


class _Xml(Enum):
    TEXT = auto()
    CDATA = auto()
    TAG = auto()
    DOUBLE_QUOTED = auto()
    SINGLE_QUOTED = auto()
    COMMENT = auto()
    INSTRUCTION = auto()


class XmlDialect:
    """XML without document types, which are refused."""

    # The state that the text is in: what ends it there, and the state that follows.
    _NEXT = {
        _Xml.TEXT: re.compile(r"<!\[CDATA\[|<!--|<\?|<!|<"),
        _Xml.CDATA: re.compile(r"\]\]>"),
        _Xml.TAG: re.compile("[\"'>]"),
        _Xml.DOUBLE_QUOTED: re.compile('"'),
        _Xml.SINGLE_QUOTED: re.compile("'"),
        _Xml.COMMENT: re.compile("-->"),
        _Xml.INSTRUCTION: re.compile(r"\?>"),
    }
    _AFTER_TEXT = {
        "<![CDATA[": _Xml.CDATA,
        "<!--": _Xml.COMMENT,
        "<?": _Xml.INSTRUCTION,
        "<": _Xml.TAG,
    }
    _AFTER_TAG = {'"': _Xml.DOUBLE_QUOTED, "'": _Xml.SINGLE_QUOTED, ">": _Xml.TEXT}
    _ENCODERS = {
        _Xml.TEXT: Encoder.XML,
        _Xml.CDATA: Encoder.XML_CDATA,
        _Xml.DOUBLE_QUOTED: Encoder.XML,
        _Xml.SINGLE_QUOTED: Encoder.XML,
    }

    def start(self) -> Enum:
        return _Xml.TEXT

    def own_text(self, text: str) -> str:
        return text

    def advance(self, state: Enum, text: str) -> Enum:
        assert isinstance(state, _Xml)
        position = 0
        while found := self._NEXT[state].search(text, position):
            if found[0] == "<!":
                detail = "XML may not have a document type (<!DOCTYPE …): delete it"
                raise TextRefused("template_place", detail, found.start())
            state = self._after(state, found[0])
            position = found.end()
        return state

    def _after(self, state: _Xml, found: str) -> _Xml:
        if state is _Xml.TEXT:
            return self._AFTER_TEXT[found]
        if state is _Xml.TAG:
            return self._AFTER_TAG[found]
        if state in (_Xml.DOUBLE_QUOTED, _Xml.SINGLE_QUOTED):
            return _Xml.TAG
        return _Xml.TEXT

    def encoder(self, state: Enum, expression: nodes.Expr) -> Encoder:
        assert isinstance(state, _Xml)
        if state not in self._ENCODERS:
            raise TemplateRefused(
                "template_place",
                "a value cannot stand in a comment, or inside <…> without quotation marks",
                at=tag_of(expression),
            )
        return self._ENCODERS[state]


def _one_line(text: str) -> str:
    # All white space at once: to seek the break in it takes the square of its length.
    joined = re.sub(r"\s+", lambda found: "" if _BREAK.search(found[0]) else found[0], text)
    return percent_encode(joined, safe=_RESERVED)


def _url_text(text: str) -> str:
    if "#" in text:
        detail = "a URL that is sent has no fragment: delete # and what follows, or write %23"
        raise TextRefused("template_place", detail, text.index("#"))
    return percent_encode(text, safe=_RESERVED)


def _header_text(text: str) -> str:
    if other := re.search(r"[^\x20-\x7e]", text):
        detail = "a header is one line of ASCII characters: delete the others"
        raise TextRefused("template_character", detail, other.start())
    return text


# RFC 3986 §2.2, and the percent sign of what is encoded already.
_RESERVED = "%:/?#[]@!$&'()*+,;="

TEXT = PlainDialect(Encoder.TEXT)
HEADER = PlainDialect(Encoder.HEADER, _header_text)
URL = PlainDialect(Encoder.PERCENT, _url_text)
PARAMETER = PlainDialect(Encoder.PERCENT, percent_encode)
"""The value of one parameter: all of it is data, the template's own text too."""
FORM = PlainDialect(Encoder.PERCENT, _one_line)
"""A whole form; lines are for the eye, so their breaks are not sent."""
JSON = JsonDialect()
ELEMENT = PlainDialect(Encoder.XML, escape_xml)
"""The text of one XML element: the template's own text is data too."""
XML = XmlDialect()
