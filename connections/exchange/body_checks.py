"""Parses what was rendered, before it leaves: JSON and XML that are not such are never sent."""

import json
from typing import Never

from lxml import etree

from connections.exchange.problems import RenderError

_PLACE = "/body/template"


def check_json(text: str) -> None:
    """Raise RenderError unless the text is strict JSON, every name once in its object."""
    try:
        _STRICT.decode(text)
    except json.JSONDecodeError as error:
        cause = error.msg[:1].lower() + error.msg[1:]
        raise _not_json(f"line {error.lineno}, column {error.colno}: {cause}", error) from None
    except (_NotStrict, RecursionError, ValueError) as error:
        cause = str(error) if isinstance(error, _NotStrict) else "too deep, or a number too long"
        raise _not_json(cause) from None


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


def _not_json(cause: str, error: json.JSONDecodeError | None = None) -> RenderError:
    return RenderError(
        "body_not_json",
        f"the body that was made is not JSON: {cause}",
        place=_PLACE,
        line=error.lineno if error else None,
        column=error.colno if error else None,
    )


def check_xml(text: str) -> None:
    """Raise RenderError unless the text is well-formed XML.

    A document type is refused before, when the template is compiled.
    """
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        etree.fromstring(text.encode(), parser)
    except UnicodeEncodeError:
        raise RenderError(
            "not_unicode", "the body holds half a character (a lone surrogate)", place=_PLACE
        ) from None
    except etree.XMLSyntaxError as error:
        cause = (error.msg or "it is cut off").rpartition(", line ")[0] or error.msg
        line, column = error.position
        raise RenderError(
            "body_not_xml",
            f"the body that was made is not XML: line {line}, column {column}: {cause}",
            place=_PLACE,
            line=line,
            column=column,
        ) from None
