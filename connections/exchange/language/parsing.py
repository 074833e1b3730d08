"""From the text of a template to its checked tree, with bounds on what is parsed."""

import re
from collections.abc import Iterator

from jinja2 import TemplateError, TemplateSyntaxError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from connections.exchange.language.expressions import MAX_NODES, TOO_LARGE
from connections.exchange.language.refusal import TemplateRefused
from connections.exchange.language.scope import Names
from connections.exchange.language.syntax import check_tree

MAX_SOURCE_BYTES = 65_536
MAX_TOKENS = 10_000
MAX_DEPTH = 40

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_TOO_DEEP = "brackets, ifs or loops are nested too deeply: write it flatter"


def parse_template(
    source: str, *, names: Names, environment: ImmutableSandboxedEnvironment
) -> nodes.Template:
    """Return the template's checked tree, in which `campaign.name` is the flat `campaign__name`.

    Raises: TemplateRefused with line, column and what to write instead.
    """
    _check_source(source)
    try:
        _check_tokens(environment.lex(source))
        tree = environment.parse(source)
    except TemplateSyntaxError as error:
        detail = f"the template cannot be read: {error.message}"
        raise TemplateRefused("template_syntax", detail, line=error.lineno) from None
    except (RecursionError, MemoryError):
        raise TemplateRefused("template_too_deep", _TOO_DEEP) from None
    except (TemplateError, ValueError, OverflowError):
        raise TemplateRefused("template_syntax", "the template cannot be read") from None
    _check_size(tree)
    try:
        check_tree(tree, names=names)
    except TemplateRefused as refused:
        raise refused.located(source, environment.lex(source)) from None
    return tree


_TOO_DEEP = "brackets, ifs or loops are nested too deeply: write it flatter"


def _check_source(source: str) -> None:
    size = len(source.encode(errors="surrogatepass"))
    if size > MAX_SOURCE_BYTES:
        detail = f"the template is longer than {MAX_SOURCE_BYTES // 1024} KiB"
        raise TemplateRefused("template_too_large", detail)
    if control := _CONTROL.search(source):
        line = source.count("\n", 0, control.start()) + 1
        detail = "there is an invisible control character: delete it"
        raise TemplateRefused("template_character", detail, line=line)


def _check_tokens(tokens: Iterator[tuple[int, str, str]]) -> None:
    """Bound the tokens before the parser, which is recursive, sees them."""
    depth = 0
    for count, (line, kind, text) in enumerate(tokens):
        if count > MAX_TOKENS:
            raise TemplateRefused("template_too_large", TOO_LARGE, line=line)
        if kind == "operator":
            depth += (text in "([{") - (text in ")]}")
        if depth > MAX_DEPTH:
            raise TemplateRefused("template_too_deep", _TOO_DEEP, line=line)


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
    raise TemplateRefused("template_too_deep", _TOO_DEEP, line=level[0].lineno)
