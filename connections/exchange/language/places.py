"""Where in a template a token stands: Jinja counts lines, this counts columns too."""

from collections.abc import Iterable, Iterator
from functools import cached_property

from jinja2 import TemplateSyntaxError
from jinja2.lexer import Lexer
from jinja2.sandbox import ImmutableSandboxedEnvironment


class Place(int):
    """A line that knows its column; both count from 1, in characters.

    It is a number because Jinja takes it for one, and carries it to every node and error.
    """

    column: int
    tag: "Place"
    """Where the braces open that it stands in; itself outside of them."""

    @classmethod
    def at(cls, line: int, column: int, tag: "Place | None" = None) -> "Place":
        place = cls(line)
        place.column = column
        place.tag = tag or place
        return place

    def after(self, text: str) -> "Place":
        """Return where what follows this text stands, when the text stands here."""
        lines = text.count("\n")
        column = len(text) - text.rfind("\n") if lines else self.column + len(text)
        return Place.at(self + lines, column, None if self.tag is self else self.tag)


Token = tuple[Place, str, str]
"""Place, kind and text."""

_OPENING = frozenset({"variable_begin", "block_begin", "comment_begin", "raw_begin"})
_CLOSING = frozenset({"variable_end", "block_end", "comment_end", "raw_end"})


class _PlacingLexer(Lexer):
    def tokeniter(
        self, source: str, name: str | None, filename: str | None = None, state: str | None = None
    ) -> Iterator[Token]:
        tokens = super().tokeniter(source, name, filename, state)
        return _placed(one_kind_of_line_break(source), tokens)


class PlacingSandbox(ImmutableSandboxedEnvironment):
    """Jinja's sandbox, in which every line number is a Place."""

    @cached_property
    def lexer(self) -> _PlacingLexer:
        return _PlacingLexer(self)

    def tokens(self, source: str) -> Iterator[Token]:
        """Yield all of a template, white space in braces too; raises TemplateSyntaxError."""
        return self.lexer.tokeniter(source, None)


def one_kind_of_line_break(source: str) -> str:
    """Return the source as Jinja's lexer reads it."""
    return source.replace("\r\n", "\n").replace("\r", "\n")


def _placed(source: str, tokens: Iterable[tuple[int, str, str]]) -> Iterator[Token]:
    end, place, tag = 0, Place.at(1, 1), None
    try:
        for _, kind, text in tokens:
            start = source.index(text, end)  # what `{%-` strips is between two tokens
            place = place.after(source[end:start])
            if kind in _OPENING:
                tag = place
            place = Place.at(place, place.column, tag)
            yield place, kind, text
            if kind in _CLOSING:
                tag = None
            end = start + len(text)
            place = Place.at(place, place.column, tag).after(text)
    except TemplateSyntaxError as error:
        error.lineno = place  # the lexer stopped after the token before
        raise
