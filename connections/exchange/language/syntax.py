"""What a template may say: an allow-list over Jinja's syntax tree, applied before anything runs.

Whatever is not named here is refused. What passes has only constants, known names, and filters
and tests of ours, so the cost of a render is bounded by the size of the template and its data.
"""

import math
import re
from collections.abc import Callable, Mapping
from typing import ClassVar, Never

from jinja2 import nodes

from connections.exchange.attributes import attribute_hint
from connections.exchange.language.arguments import ARGUMENT_CHECKS, ARGUMENT_SENTENCES, how_many
from connections.exchange.language.confidentiality import is_confidential
from connections.exchange.language.filters import FILTERS, JOIN, TESTS, Takes
from connections.exchange.language.refusal import TemplateRefused, word_of
from connections.exchange.language.scope import REQUEST, SECRETS, VARIABLES, Names, flat_name
from connections.exchange.problems import suggestion

MAX_ENTRIES = 100
MAX_INTEGER = 10**15

_IDENTIFIER = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")


def _refuse(node: nodes.Node, code: str, detail: str) -> Never:
    raise TemplateRefused(code, detail, line=node.lineno, near=word_of(node))


_INSTEAD: Mapping[type[nodes.Node], str] = {
    nodes.Call: "calls are not available: use a filter, like {{ email|lower }}",
    nodes.For: "loops are not available: a referral has no lists. Write the values one by one",
    nodes.Assign: "set is not available: write the expression where it is needed",
    nodes.AssignBlock: "set is not available: write the text where it is needed",
    nodes.Getitem: "square brackets are not available: write variables.name, or |last(10)",
    nodes.BinExpr: "arithmetic is not available: send the value as it is, or write |plus(300)",
    nodes.UnaryExpr: "arithmetic is not available: send the value as it is",
    nodes.Expr: "this expression is not available: write a name, a constant or a filter",
    nodes.Node: "this tag is not available: templates have {{ … }}, {% if … %} and {% raw %}",
}

_ONLY_IN_HEADERS = (
    "request.… is the rest of the request, which only a header can look at: write it in a header"
)


def check_tree(tree: nodes.Template, *, names: Names) -> None:
    """Refuse what is not allowed and flatten the names, in the tree itself.

    Raises: TemplateRefused with the line, and the word in it.
    """
    _Checker(names).statements(tree.body)


class _Checker:
    """Goes over a tree once, refuses what is not allowed and flattens the names."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._entries = 0

    def statements(self, statements: list[nodes.Node]) -> None:
        for statement in statements:
            if isinstance(statement, nodes.Output):
                self._output(statement)
            elif isinstance(statement, nodes.If):
                self._if(statement)
            else:
                self._refuse_kind(statement)

    def _output(self, output: nodes.Output) -> None:
        for index, child in enumerate(output.nodes):
            output.nodes[index] = self.expression(child)

    def _if(self, statement: nodes.If) -> None:
        statement.test = self.expression(statement.test)
        if is_confidential(statement.test):
            detail = "a secret can only be printed: an if cannot look at it, nor at request.…"
            _refuse(statement, "template_secret", detail)
        self.statements(statement.body)
        self.statements(list(statement.elif_))
        self.statements(statement.else_)

    def expression(self, node: nodes.Node) -> nodes.Expr:
        check = self._CHECKS.get(type(node))
        return check(self, node) if check else self._refuse_kind(node)

    def _refuse_kind(self, node: nodes.Node) -> Never:
        for kind in type(node).__mro__:
            if kind in _INSTEAD:
                _refuse(node, "template_not_allowed", _INSTEAD[kind])
        raise AssertionError("every node is a nodes.Node")

    def _data(self, node: nodes.TemplateData) -> nodes.Expr:
        return node

    def _constant(self, node: nodes.Const) -> nodes.Expr:
        value = node.value
        if isinstance(value, int) and abs(value) > MAX_INTEGER:
            _refuse(node, "template_number", "this number is too large: put it in quotation marks")
        if isinstance(value, float) and not math.isfinite(value):
            _refuse(node, "template_number", "this number is too large")
        return node

    def _name(self, node: nodes.Name) -> nodes.Expr:
        if node.name in self._names.alone():
            return node
        if node.name in self._names.roots():
            members = ("name",) if node.name == SECRETS else self._names.members(node.name)
            examples = " or ".join(f"{node.name}.{member}" for member in members[:3])
            _refuse(node, "template_name", f"{node.name} cannot be used whole: write {examples}")
        if node.name == REQUEST:
            _refuse(node, "template_name", _ONLY_IN_HEADERS)
        hint = attribute_hint(node.name, [*self._names.alone(), *self._names.roots()])
        _refuse(node, "template_name", f'there is no attribute called "{node.name[:100]}".{hint}')

    def _member(self, node: nodes.Getattr) -> nodes.Expr:
        root = node.node.name if isinstance(node.node, nodes.Name) else ""
        if node.attr in self._names.alone() and not self._has(root, node.attr):
            detail = f"{node.attr} stands by itself: write {{{{ {node.attr} }}}}"
            _refuse(node, "template_name", detail)
        if root not in self._names.roots():
            self.expression(node.node)  # says so when the name itself is unknown
            _refuse(node, "template_not_allowed", f"nothing has a part called .{node.attr[:100]}")
        if root == SECRETS:
            if not _IDENTIFIER.fullmatch(node.attr):
                _refuse(node, "template_name", "names of secrets are letters, digits and _")
        elif node.attr not in self._names.members(root):
            hint = suggestion(node.attr, self._names.members(root))
            kind = f"no {root}.{node.attr[:100]}"
            if root == VARIABLES:
                kind = f'no variable called "{node.attr[:100]}": add it under Variables'
            _refuse(node, "template_name", f"there is {kind}.{hint}")
        return nodes.Name(flat_name(root, node.attr), "load", lineno=node.lineno)

    def _has(self, root: str, member: str) -> bool:
        if root == SECRETS or root not in self._names.roots():
            return root == SECRETS
        return member in self._names.members(root)

    def _filter(self, node: nodes.Filter) -> nodes.Expr:
        known = FILTERS.get(node.name)
        if known is None or node.node is None:
            hint = suggestion(node.name, FILTERS) or f" There are {', '.join(FILTERS)}."
            _refuse(node, "template_filter", f"there is no filter called {node.name[:100]}.{hint}")
        if node.kwargs or node.dyn_args or node.dyn_kwargs:
            _refuse(node, "template_filter", f"|{node.name} takes its arguments without names")
        if not known.required <= len(node.args) <= len(known.arguments):
            _refuse(node, "template_filter", f"|{node.name} takes {how_many(node.name)}")
        node.node = self.expression(node.node)
        node.args = [
            self._argument(node, takes, argument)
            for takes, argument in zip(known.arguments, node.args, strict=False)
        ]
        if known.arguments == (Takes.REGION,) and not node.args:
            node.args = [nodes.Name("country", "load", lineno=node.lineno)]
        return node

    def _argument(self, node: nodes.Filter, takes: Takes, argument: nodes.Expr) -> nodes.Expr:
        if takes is Takes.EXPRESSION:
            return self.expression(argument)
        value = argument.value if isinstance(argument, nodes.Const) else None
        if not ARGUMENT_CHECKS[takes](value):
            _refuse(node, "template_filter", f"|{node.name} takes {ARGUMENT_SENTENCES[takes]}")
        return argument

    def _test(self, node: nodes.Test) -> nodes.Expr:
        if node.name not in TESTS or node.args or node.kwargs or node.dyn_args or node.dyn_kwargs:
            detail = f"there is no test called {node.name[:100]}: use {', '.join(TESTS)}"
            _refuse(node, "template_test", detail)
        node.node = self.expression(node.node)
        return node

    def _negative(self, node: nodes.Neg) -> nodes.Expr:
        if not isinstance(node.node, nodes.Const) or isinstance(node.node.value, str | bool):
            self._refuse_kind(node)
        node.node = self.expression(node.node)
        return node

    def _not(self, node: nodes.Not) -> nodes.Expr:
        node.node = self.expression(node.node)
        return node

    def _both(self, node: nodes.And | nodes.Or) -> nodes.Expr:
        node.left = self.expression(node.left)
        node.right = self.expression(node.right)
        return node

    def _compare(self, node: nodes.Compare) -> nodes.Expr:
        node.expr = self.expression(node.expr)
        for operand in node.ops:
            operand.expr = self.expression(operand.expr)
        return node

    def _choice(self, node: nodes.CondExpr) -> nodes.Expr:
        node.test = self.expression(node.test)
        node.expr1 = self.expression(node.expr1)
        # Without an else nothing is printed, so nothing is what it says.
        otherwise = node.expr2 or nodes.Const(None, lineno=node.lineno)
        node.expr2 = self.expression(otherwise)
        return node

    def _list(self, node: nodes.List | nodes.Tuple) -> nodes.Expr:
        self._count_entries(node)
        node.items = [self.expression(item) for item in node.items]
        return node

    def _object(self, node: nodes.Dict) -> nodes.Expr:
        self._count_entries(node)
        for pair in node.items:
            if not isinstance(pair.key, nodes.Const) or not isinstance(pair.key.value, str):
                _refuse(
                    node, "template_not_allowed", "put the names of an object in quotation marks"
                )
            pair.value = self.expression(pair.value)
        return node

    def _concat(self, node: nodes.Concat) -> nodes.Expr:
        parts = self._list(nodes.List(node.nodes, lineno=node.lineno))
        return nodes.Filter(parts, JOIN, [], [], None, None, lineno=node.lineno)

    def _count_entries(self, node: nodes.List | nodes.Tuple | nodes.Dict) -> None:
        self._entries += len(node.items)
        if self._entries > MAX_ENTRIES:
            detail = f"lists, objects and ~ have more than {MAX_ENTRIES} parts in all"
            _refuse(node, "template_too_large", detail)

    _CHECKS: ClassVar[Mapping[type[nodes.Node], Callable[..., nodes.Expr]]] = {
        nodes.TemplateData: _data,
        nodes.Const: _constant,
        nodes.Name: _name,
        nodes.Getattr: _member,
        nodes.Filter: _filter,
        nodes.Test: _test,
        nodes.Neg: _negative,
        nodes.Not: _not,
        nodes.And: _both,
        nodes.Or: _both,
        nodes.Compare: _compare,
        nodes.CondExpr: _choice,
        nodes.List: _list,
        nodes.Tuple: _list,
        nodes.Dict: _object,
        nodes.Concat: _concat,
    }
