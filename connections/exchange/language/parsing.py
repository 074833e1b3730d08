"""From the text of a template to its checked tree, with bounds on what is parsed."""

import re
from collections.abc import Iterator
from contextlib import suppress

from jinja2 import TemplateSyntaxError, nodes

from connections.exchange.language.expressions import LARGE_NUMBER, MAX_NODES, TOO_LARGE
from connections.exchange.language.places import (
    Place,
    PlacingSandbox,
    Token,
    one_kind_of_line_break,
)
from connections.exchange.language.refusal import TemplateRefused
from connections.exchange.language.scope import Names
from connections.exchange.language.syntax import check_tree
from connections.exchange.language.unreadable import refused

MAX_SOURCE_BYTES = 65_536
MAX_TOKENS = 10_000
MAX_DEPTH = 40
MAX_DIGITS = 100
"""Of a number, before Python is asked to read it."""

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_TOO_DEEP = "brackets, ifs or loops are nested too deeply: write it flatter"


def parse_template(source: str, *, names: Names, environment: PlacingSandbox) -> nodes.Template:
    """Return the template's checked tree, in which `campaign.name` is the flat `campaign__name`.

    Raises: TemplateRefused with line, column and what to write instead.
    """
    _check_source(source)
    try:
        _check_tokens(environment.tokens(source))
        tree = environment.parse(source)
    except TemplateSyntaxError as error:
        raise refused(error, _readable(environment.tokens(source))) from None
    except (RecursionError, MemoryError):
        raise TemplateRefused("template_too_deep", _TOO_DEEP) from None
    _check_size(tree)
    try:
        check_tree(tree, names=names)
    except TemplateRefused as refusal:
        raise refusal.located(environment.tokens(source)) from None
    return tree


def _readable(tokens: Iterator[Token]) -> Iterator[Token]:
    """Yield the tokens up to the first that cannot be read."""
    with suppress(TemplateSyntaxError):
        yield from tokens


def _check_source(source: str) -> None:
    size = len(source.encode(errors="surrogatepass"))
    if size > MAX_SOURCE_BYTES:
        detail = f"the template is longer than {MAX_SOURCE_BYTES // 1024} KiB"
        raise TemplateRefused("template_too_large", detail)
    if control := _CONTROL.search(source):
        before = one_kind_of_line_break(source[: control.start()])
        detail = "there is an invisible control character: delete it"
        raise TemplateRefused("template_character", detail, at=Place.at(1, 1).after(before))


def _check_tokens(tokens: Iterator[Token]) -> None:
    """Bound the tokens before the parser, which is recursive, sees them."""
    depth = 0
    for count, (place, kind, text) in enumerate(tokens):
        if count > MAX_TOKENS:
            raise TemplateRefused("template_too_large", TOO_LARGE, at=place)
        if kind == "integer" and len(text) > MAX_DIGITS:
            raise TemplateRefused("template_number", LARGE_NUMBER, at=place)
        if kind == "operator":
            depth += (text in "([{") - (text in ")]}")
        if depth > MAX_DEPTH:
            raise TemplateRefused("template_too_deep", _TOO_DEEP, at=place)


def _check_size(tree: nodes.Template) -> None:
    """Bound the tree before anything walks it recursively."""
    count = 0
    level: list[nodes.Node] = [tree]
    for _ in range(MAX_DEPTH):
        count += len(level)
        if count > MAX_NODES:
            raise TemplateRefused("template_too_large", TOO_LARGE)
        level = [child for node in level for child in node.iter_child_nodes()]
        if not level:
            return
    raise TemplateRefused("template_too_deep", _TOO_DEEP, at=level[0].lineno)
