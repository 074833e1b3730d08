"""Refusing a template, with the line and column of what cannot stand there."""

from collections.abc import Iterable, Mapping

from jinja2 import nodes

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
        self, code: str, detail: str, *, line: int = 1, column: int | None = None, near: str = ""
    ) -> None:
        place = f"line {line}, column {column}" if column else f"line {line}"
        super().__init__(f"{place}: {detail}")
        self.code = code
        self.detail = detail
        self.line = line
        self.column = column
        self.near = near
        """The word or sign in that line which is refused."""

    def located(self, source: str, tokens: Iterable[tuple[int, str, str]]) -> "TemplateRefused":
        """Return the same with its column, when the tokens of the source show it."""
        column = _column(source, tokens, self.line, self.near) if self.near else None
        return TemplateRefused(
            self.code, self.detail, line=self.line, column=column, near=self.near
        )


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


def _column(
    source: str, tokens: Iterable[tuple[int, str, str]], line: int, near: str
) -> int | None:
    source = source.replace("\r\n", "\n").replace("\r", "\n")  # as the lexer reads it
    end = 0
    for _, kind, text in tokens:
        start = source.find(text, end)  # what `{%-` strips is between two tokens
        if start < 0:
            return None
        end = start + len(text)
        if kind in ("name", "operator") and text == near:
            before = source[:start]
            if before.count("\n") + 1 == line:
                return start - before.rfind("\n")
    return None
