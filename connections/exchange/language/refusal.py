"""Refusing a template, with the line and column of what cannot stand there."""

from collections.abc import Iterable, Iterator, Mapping

from jinja2 import nodes

Token = tuple[int, str, str]
"""Line, kind and text, as Jinja's lexer gives them."""

_WORDS: Mapping[type[nodes.Node], str] = {
    nodes.For: "for",
    nodes.Assign: "set",
    nodes.AssignBlock: "set",
    nodes.Getitem: "[",
    nodes.Call: "(",
}


class TemplateRefused(Exception):
    """A template that cannot be accepted; the sentence begins with its line."""

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        line: int = 1,
        column: int | None = None,
        near: str = "",
        expression: int | None = None,
    ) -> None:
        place = f"line {line}, column {column}" if column else f"line {line}"
        super().__init__(f"{place}: {detail}")
        self.code = code
        self.detail = detail
        self.line = line
        self.column = column
        self.near = near
        """The word or sign in that line which is refused."""
        self.expression = expression
        """Or the number of the printed expression, from 1, that cannot stand where it does."""

    def located(self, source: str, tokens: Iterable[Token]) -> "TemplateRefused":
        """Return the same with its column, when the tokens of the source show it."""
        for number, (line, column, kind, text) in enumerate(_placed(source, tokens, self)):
            if self.expression:
                found = number == self.expression - 1
            else:
                found = (line, text) == (self.line, self.near) and kind in ("name", "operator")
            if found:
                return TemplateRefused(self.code, self.detail, line=line, column=column)
        return self


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


def _placed(
    source: str, tokens: Iterable[Token], refused: TemplateRefused
) -> Iterator[tuple[int, int, str, str]]:
    """Yield line, column, kind and text of the tokens that could be what is refused."""
    source = source.replace("\r\n", "\n").replace("\r", "\n")  # as the lexer reads it
    end = 0
    for _, kind, text in tokens:
        start = source.find(text, end)  # what `{%-` strips is between two tokens
        if start < 0:
            return
        end = start + len(text)
        if kind == "variable_begin" if refused.expression else text == refused.near:
            line_start = source.rfind("\n", 0, start)
            yield source.count("\n", 0, start) + 1, start - line_start, kind, text
