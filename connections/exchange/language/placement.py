"""Puts the right encoder around every expression of a checked template, and masks its secrets."""

from enum import Enum

from jinja2 import nodes

from connections.exchange.language.confidentiality import is_confidential
from connections.exchange.language.dialects import Dialect
from connections.exchange.language.encoders import Encoder
from connections.exchange.language.places import Place
from connections.exchange.language.refusal import TemplateRefused, TextRefused, tag_of
from connections.exchange.language.values import LIST_PRINTED
from connections.exchange.language.work import READ
from connections.exchange.request import MASK


def place_values(tree: nodes.Template, dialect: Dialect, *, masked: bool) -> None:
    """Change the tree so that it prints every value as its place demands.

    With `masked`, whatever could show a secret prints bullets and never reads it, and no name is
    set to one.

    Raises: TemplateRefused where no value can stand, or where ifs and loops leave it open what
    stands where.
    """
    _Placement(dialect, masked=masked).walk(tree.body, dialect.start())


class _Placement:
    def __init__(self, dialect: Dialect, *, masked: bool) -> None:
        self._dialect = dialect
        self._masked = masked
        self._lists: frozenset[str] = frozenset()
        """The names that are set to a list or an object, whichever way led here."""

    def walk(self, statements: list[nodes.Node], state: Enum) -> Enum:
        """Return the state after the statements, which the checker has left to be only these."""
        if self._masked:
            statements[:] = [one for one in statements if not _sets_confidential(one)]
        for statement in statements:
            if isinstance(statement, nodes.If):
                state = self._if(statement, state)
            elif isinstance(statement, nodes.For):
                self._for(statement, state)
            elif isinstance(statement, nodes.Output):
                state = self._output(statement, state)
            elif isinstance(statement, nodes.Assign):
                self._set(statement)
        return state

    def _if(self, statement: nodes.If, state: Enum) -> Enum:
        branches = (
            statement.body,
            *(branch.body for branch in statement.elif_),
            statement.else_,
        )
        before, lists, ends = self._lists, [], set()
        for branch in branches:
            self._lists = before
            ends.add(self.walk(branch, state))
            lists.append(self._lists)
        self._lists = frozenset.intersection(*lists)
        if len(ends) > 1:
            raise TemplateRefused(
                "template_place",
                "the ways through this if end at different places: open and close quotation"
                " marks and tags in the same part of it",
                at=statement.lineno,
            )
        return ends.pop()

    def _for(self, statement: nodes.For, state: Enum) -> None:
        ends = {self.walk(statement.body, state), self.walk(statement.else_, state)}
        if ends != {state}:
            raise TemplateRefused(
                "template_place",
                "a round of this loop ends at another place than it begins: open and close"
                " quotation marks and tags in the same round",
                at=statement.lineno,
            )

    def _output(self, output: nodes.Output, state: Enum) -> Enum:
        for index, child in enumerate(output.nodes):
            if isinstance(child, nodes.TemplateData):
                state = self._own_text(child, state)
            else:
                encoder = self._dialect.encoder(state, child)
                if self._is_list(child):
                    raise TemplateRefused("not_text", LIST_PRINTED, at=tag_of(child))
                output.nodes[index] = self._print(child, encoder)
        return state

    def _own_text(self, text: nodes.TemplateData, state: Enum) -> Enum:
        try:
            state = self._dialect.advance(state, text.data)
            text.data = self._dialect.own_text(text.data)
        except TextRefused as refused:
            place = text.lineno
            if isinstance(place, Place):
                place = place.after(text.data[: refused.start])
            raise TemplateRefused(refused.code, refused.detail, at=place) from None
        return state

    def _set(self, statement: nodes.Assign) -> None:
        assert isinstance(statement.target, nodes.Name)
        name = statement.target.name
        if self._is_list(statement.node):
            self._lists |= {name}
        else:
            self._lists -= {name}

    def _is_list(self, expression: nodes.Node) -> bool:
        """Return whether it is a list or an object, whatever the values are."""
        match expression:
            case nodes.List() | nodes.Tuple() | nodes.Dict() | nodes.Filter(name="split"):
                return True
            case nodes.Filter(name=name, node=nodes.Node() as kept) if name == READ:
                return self._is_list(kept)
            case nodes.CondExpr(expr1=first, expr2=nodes.Node() as second):
                return self._is_list(first) and self._is_list(second)
            case nodes.Name(name=name):
                return name in self._lists
        return False

    def _print(self, expression: nodes.Expr, encoder: Encoder) -> nodes.Expr:
        line = expression.lineno
        if self._masked and is_confidential(expression):
            mask = f'"{MASK}"' if encoder is Encoder.JSON_VALUE else MASK
            return nodes.TemplateData(mask, lineno=line)
        return nodes.Filter(expression, str(encoder), [], [], None, None, lineno=line)


def _sets_confidential(statement: nodes.Node) -> bool:
    return isinstance(statement, nodes.Assign) and is_confidential(statement.target)
