"""What an expression may say: an allow-list over Jinja's syntax tree."""

import math
import re
from collections.abc import Callable, Mapping
from typing import ClassVar, Never

from jinja2 import nodes

from connections.exchange.attributes import attribute_hint
from connections.exchange.language.arguments import ARGUMENT_CHECKS, ARGUMENT_SENTENCES, how_many
from connections.exchange.language.bindings import LOOP, LOOP_MEMBERS, Bindings
from connections.exchange.language.filters import FILTERS, JOIN, TESTS, Takes
from connections.exchange.language.refusal import TemplateRefused, place_of, word_of
from connections.exchange.language.scope import REQUEST, SECRETS, VARIABLES, Names, flat_name
from connections.exchange.language.unreadable import NO_SUCH_TAG
from connections.exchange.language.work import READ
from connections.exchange.problems import suggestion

MAX_NODES = 2_000
MAX_ENTRIES = 100
MAX_INTEGER = 10**15

LARGE_NUMBER = "this number is too large: put it in quotation marks"
TOO_LARGE = "the template has too many parts: make it shorter"
IDENTIFIER = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")


def refuse(node: nodes.Node, code: str, detail: str) -> Never:
    raise TemplateRefused(code, detail, at=place_of(node), near=word_of(node))


_INSTEAD: Mapping[type[nodes.Node], str] = {
    nodes.Call: "calls are not available: use a filter, like {{ email|lower }}",
    nodes.AssignBlock: "set without = is not available: write {% set name = expression %}",
    nodes.Getitem: "square brackets are not available: write variables.name, or |last(10)",
    nodes.BinExpr: "arithmetic is not available: send the value as it is, or write |plus(300)",
    nodes.UnaryExpr: "arithmetic is not available: send the value as it is",
    nodes.Expr: "this expression is not available: write a name, a constant or a filter",
    nodes.Node: NO_SUCH_TAG,
}

_ONLY_IN_HEADERS = (
    "request.… is the rest of the request, which only a header can look at: write it in a header"
)


def filtered(node: nodes.Expr, name: str, *arguments: int) -> nodes.Expr:
    """Return a filter of our own, which no template can write, around an expression."""
    constants = [nodes.Const(argument, lineno=node.lineno) for argument in arguments]
    return nodes.Filter(node, name, constants, [], None, None, lineno=node.lineno)


def refuse_kind(node: nodes.Node) -> Never:
    """Refuse a node for what it is."""
    for kind in type(node).__mro__:
        if kind in _INSTEAD:
            refuse(node, "template_not_allowed", _INSTEAD[kind])
    raise AssertionError("every node is a nodes.Node")


class Expressions:
    """Goes over the expressions of one template in order, and flattens their names.

    What passes has only constants, known names, and filters and tests of ours.
    """

    def __init__(self, names: Names) -> None:
        self.bindings: Bindings = {}
        """What the template has given a name to, where the next expression stands."""
        self.bodies = 0
        """How many loops the next expression stands in, each time in every round."""
        self.weight = 0
        """The nodes so far, had each name's expression been written where the name is."""
        self._names = names
        self._entries = 0

    def weigh(self, node: nodes.Node, weight: int) -> None:
        self.weight += weight
        if self.weight > MAX_NODES:
            detail = f"{TOO_LARGE}, and what a name is set to counts wherever the name stands"
            refuse(node, "template_too_large", detail)

    def check(self, node: nodes.Node) -> nodes.Expr:
        """Return the checked expression; raises TemplateRefused."""
        self.weigh(node, 1)
        check = self._CHECKS.get(type(node))
        return check(self, node) if check else refuse_kind(node)

    def _data(self, node: nodes.TemplateData) -> nodes.Expr:
        return node

    def _constant(self, node: nodes.Const) -> nodes.Expr:
        value = node.value
        if isinstance(value, int) and abs(value) > MAX_INTEGER:
            refuse(node, "template_number", LARGE_NUMBER)
        if isinstance(value, float) and not math.isfinite(value):
            refuse(node, "template_number", "this number is too large")
        return node

    def _name(self, node: nodes.Name) -> nodes.Expr:
        if node.name in self.bindings:
            return self._bound(node)
        if node.name == LOOP and (self.bodies or LOOP not in self._names.custom):
            detail = "loop cannot be used whole: write loop.index or loop.last"
            refuse(node, "template_name", detail)
        if node.name in self._names.alone():
            return node
        if node.name in self._names.roots():
            members = ("name",) if node.name == SECRETS else self._names.members(node.name)
            examples = " or ".join(f"{node.name}.{member}" for member in members[:3])
            refuse(node, "template_name", f"{node.name} cannot be used whole: write {examples}")
        if node.name == REQUEST:
            refuse(node, "template_name", _ONLY_IN_HEADERS)
        hint = attribute_hint(
            node.name, [*self.bindings, *self._names.alone(), *self._names.roots()]
        )
        refuse(node, "template_name", f'there is no attribute called "{node.name[:100]}".{hint}')

    def _bound(self, node: nodes.Name) -> nodes.Expr:
        binding = self.bindings[node.name]
        if binding is None:
            detail = f"{node.name} is set only in some branches of an if: set it before the if too"
            refuse(node, "template_name", detail)
        self.weigh(node, binding.weight)
        return filtered(nodes.Name(binding.flat, "load", lineno=node.lineno), READ)

    def _member(self, node: nodes.Getattr) -> nodes.Expr:
        root = node.node.name if isinstance(node.node, nodes.Name) else ""
        if root == LOOP:
            return self._of_loop(node)
        if node.attr in self._names.alone() and not self._has(root, node.attr):
            detail = f"{node.attr} stands by itself: write {{{{ {node.attr} }}}}"
            refuse(node, "template_name", detail)
        if root not in self._names.roots():
            self.check(node.node)  # says so when the name itself is unknown
            refuse(node, "template_not_allowed", f"nothing has a part called .{node.attr[:100]}")
        if root == SECRETS:
            if not IDENTIFIER.fullmatch(node.attr):
                refuse(node, "template_name", "names of secrets are letters, digits and _")
        elif node.attr not in self._names.members(root):
            hint = suggestion(node.attr, self._names.members(root))
            kind = f"no {root}.{node.attr[:100]}"
            if root == VARIABLES:
                kind = f'no variable called "{node.attr[:100]}": add it under Variables'
            refuse(node, "template_name", f"there is {kind}.{hint}")
        return nodes.Name(flat_name(root, node.attr), "load", lineno=node.lineno)

    def _of_loop(self, node: nodes.Getattr) -> nodes.Expr:
        if not self.bodies:
            detail = "loop.… is there only inside a loop, between {% for … %} and {% endfor %}"
            refuse(node, "template_name", detail)
        if node.attr not in LOOP_MEMBERS:
            detail = f"there is no loop.{node.attr[:100]}: use {', '.join(LOOP_MEMBERS)}"
            refuse(node, "template_name", detail)
        return node

    def _has(self, root: str, member: str) -> bool:
        if root == SECRETS or root not in self._names.roots():
            return root == SECRETS
        return member in self._names.members(root)

    def _filter(self, node: nodes.Filter) -> nodes.Expr:
        known = FILTERS.get(node.name)
        if known is None or node.node is None:
            hint = suggestion(node.name, FILTERS) or f" There are {', '.join(FILTERS)}."
            refuse(node, "template_filter", f"there is no filter called {node.name[:100]}.{hint}")
        if node.kwargs or node.dyn_args or node.dyn_kwargs:
            refuse(node, "template_filter", f"|{node.name} takes its arguments without names")
        if not known.required <= len(node.args) <= len(known.arguments):
            refuse(node, "template_filter", f"|{node.name} takes {how_many(node.name)}")
        node.node = self.check(node.node)
        node.args = [
            self._argument(node, takes, argument)
            for takes, argument in zip(known.arguments, node.args, strict=False)
        ]
        if known.arguments == (Takes.REGION,) and not node.args:
            node.args = [nodes.Name("country", "load", lineno=node.lineno)]
        return node

    def _argument(self, node: nodes.Filter, takes: Takes, argument: nodes.Expr) -> nodes.Expr:
        if takes is Takes.EXPRESSION:
            return self.check(argument)
        value = argument.value if isinstance(argument, nodes.Const) else None
        if not ARGUMENT_CHECKS[takes](value):
            refuse(node, "template_filter", f"|{node.name} takes {ARGUMENT_SENTENCES[takes]}")
        return argument

    def _test(self, node: nodes.Test) -> nodes.Expr:
        if node.name not in TESTS or node.args or node.kwargs or node.dyn_args or node.dyn_kwargs:
            detail = f"there is no test called {node.name[:100]}: use {', '.join(TESTS)}"
            refuse(node, "template_test", detail)
        node.node = self.check(node.node)
        return node

    def _negative(self, node: nodes.Neg) -> nodes.Expr:
        if not isinstance(node.node, nodes.Const) or isinstance(node.node.value, str | bool):
            refuse_kind(node)
        node.node = self.check(node.node)
        return node

    def _not(self, node: nodes.Not) -> nodes.Expr:
        node.node = self.check(node.node)
        return node

    def _both(self, node: nodes.And | nodes.Or) -> nodes.Expr:
        node.left = self.check(node.left)
        node.right = self.check(node.right)
        return node

    def _compare(self, node: nodes.Compare) -> nodes.Expr:
        node.expr = self._read(self.check(node.expr))
        for operand in node.ops:
            operand.expr = self._read(self.check(operand.expr))
        return node

    def _read(self, expression: nodes.Expr) -> nodes.Expr:
        """Let an expression that no filter may read count as read in every round of a loop."""
        return filtered(expression, READ) if self.bodies else expression

    def _choice(self, node: nodes.CondExpr) -> nodes.Expr:
        node.test = self.check(node.test)
        node.expr1 = self.check(node.expr1)
        # Without an else nothing is printed, so nothing is what it says.
        otherwise = node.expr2 or nodes.Const(None, lineno=node.lineno)
        node.expr2 = self.check(otherwise)
        return node

    def _list(self, node: nodes.List | nodes.Tuple) -> nodes.Expr:
        self._count_entries(node)
        node.items = [self.check(item) for item in node.items]
        return self._read(node)

    def _object(self, node: nodes.Dict) -> nodes.Expr:
        self._count_entries(node)
        for pair in node.items:
            if not isinstance(pair.key, nodes.Const) or not isinstance(pair.key.value, str):
                refuse(
                    node, "template_not_allowed", "put the names of an object in quotation marks"
                )
            pair.value = self.check(pair.value)
        return self._read(node)

    def _concat(self, node: nodes.Concat) -> nodes.Expr:
        parts = self._list(nodes.List(node.nodes, lineno=node.lineno))
        return filtered(parts, JOIN)

    def _count_entries(self, node: nodes.List | nodes.Tuple | nodes.Dict) -> None:
        self._entries += len(node.items)
        if self._entries > MAX_ENTRIES:
            detail = f"lists, objects and ~ have more than {MAX_ENTRIES} parts in all"
            refuse(node, "template_too_large", detail)

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
