"""Parses what was rendered, before it leaves: JSON and XML that are not such are never sent."""

import json
from typing import Never

from lxml import etree

from connections.exchange.problems import RenderError

_TEMPLATE = "/body/template"


def check_json(text: str, *, place: str = _TEMPLATE) -> None:
    """Raise RenderError unless the text is strict JSON, every name once in its object."""
    try:
        _STRICT.decode(text)
    except json.JSONDecodeError as error:
        cause = error.msg[:1].lower() + error.msg[1:]
        raise _not_json(
            f"line {error.lineno}, column {error.colno}: {cause}", place, error
        ) from None
    except (_NotStrict, RecursionError, ValueError) as error:
        cause = str(error) if isinstance(error, _NotStrict) else "too deep, or a number too long"
        raise _not_json(cause, place) from None


class _NotStrict(Exception):
    pass


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        # The name is not told: it may come from the data.
        raise _NotStrict("an object has the same name twice")
    return members


def _no_constant(_: str) -> Never:
    raise _NotStrict("NaN and Infinity are not JSON")


_STRICT = json.JSONDecoder(object_pairs_hook=_once, parse_constant=_no_constant)


def _not_json(cause: str, place: str, error: json.JSONDecodeError | None = None) -> RenderError:
    return RenderError(
        "body_not_json",
        f"the body that was made is not JSON: {cause}",
        place=place,
        line=error.lineno if error else None,
        column=error.colno if error else None,
    )


def check_xml(text: str, *, place: str = _TEMPLATE) -> None:
    """Raise RenderError unless the text is well-formed XML, or elements that follow each other.

    A document type is refused before, when the template is compiled.
    """
    try:
        _parse(text)
    except UnicodeEncodeError:
        raise RenderError(
            "not_unicode", "the body holds half a character (a lone surrogate)", place=place
        ) from None
    except etree.XMLSyntaxError as error:
        if _is_fragment(text):
            return
        cause = (error.msg or "it is cut off").rpartition(", line ")[0] or error.msg
        line, column = error.position
        raise RenderError(
            "body_not_xml",
            f"the body that was made is not XML: line {line}, column {column}: {cause}",
            place=place,
            line=line,
            column=column,
        ) from None


def _parse(text: str) -> etree._Element:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    return etree.fromstring(text.encode(), parser)


def _is_fragment(text: str) -> bool:
    """Say whether the text is elements that follow each other, with nothing between them."""
    try:
        root = _parse(f"<fragment>{text}</fragment>")
    except etree.XMLSyntaxError:
        return False
    between = [root.text, *(child.tail for child in root)]
    return len(root) > 0 and not any(text and text.strip() for text in between)
