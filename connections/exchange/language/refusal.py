"""Refusing a template, with the line and column of what cannot stand there."""

from collections.abc import Iterable, Mapping

from jinja2 import nodes

from connections.exchange.language.places import Place, Token

_WORDS: Mapping[type[nodes.Node], str] = {
    nodes.For: "for",
    nodes.Assign: "set",
    nodes.AssignBlock: "set",
    nodes.Getitem: "[",
    nodes.Call: "(",
}


class TemplateRefused(Exception):
    """A template that cannot be accepted; the sentence begins with its line and column.

    What is wrong with the whole has line 1 and no column.
    """

    def __init__(self, code: str, detail: str, *, at: int = 1, near: str = "") -> None:
        column = at.column if isinstance(at, Place) else None
        place = f"line {at}, column {column}" if column else f"line {at}"
        super().__init__(f"{place}: {detail}")
        self.code = code
        self.detail = detail
        self.line = int(at)
        self.column = column
        self.near = near
        """The word or sign, from there on, which is refused."""

    def located(self, tokens: Iterable[Token]) -> "TemplateRefused":
        """Return the same with the place of its word, when it has one."""
        begin = (self.line, self.column or 1)
        for place, kind, text in tokens:
            if (
                text == self.near
                and kind in ("name", "operator")
                and (place, place.column) >= begin
            ):
                return TemplateRefused(self.code, self.detail, at=place)
        return self


class TextRefused(Exception):
    """A template's own text that cannot stand where it does, from `start` in it."""

    def __init__(self, code: str, detail: str, start: int) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.start = start


def word_of(node: nodes.Node) -> str:
    """Return the word or sign by which a node is found again in the source, or nothing."""
    match node:
        case nodes.Name() | nodes.Filter() | nodes.Test():
            return str(node.name)
        case nodes.Getattr():
            return node.attr
        case nodes.BinExpr():
            return node.operator or ""
    return next((word for kind, word in _WORDS.items() if isinstance(node, kind)), "")


def place_of(node: nodes.Node) -> int:
    """Return where a node begins; Jinja does not say it of one that is made around another."""
    inner = node if node.lineno else next(node.iter_child_nodes())
    return inner.lineno


def tag_of(node: nodes.Node) -> int:
    """Return where the braces open in which a node stands."""
    return node.lineno.tag if isinstance(node.lineno, Place) else node.lineno
