"""What a template may say: an allow-list over Jinja's syntax tree, applied before anything runs.

Whatever is not named here is refused. A name is used only where it has a value, whichever way led
there. What a name is set to counts wherever the name stands, so that a template with `set` costs
what it would cost without; what a loop costs is counted when it runs. So the cost of a render is
bounded by the size of the template and its data.
"""

from collections.abc import Set as AbstractSet

from jinja2 import nodes

from connections.exchange.language.bindings import LOOP, TAKEN, Binding, after_branches
from connections.exchange.language.confidentiality import (
    SET_CONFIDENTIAL,
    is_confidential,
    names_in,
    set_confidentially,
)
from connections.exchange.language.expressions import (
    IDENTIFIER,
    Expressions,
    filtered,
    refuse,
    refuse_kind,
)
from connections.exchange.language.scope import Names
from connections.exchange.language.work import READ, ROUNDS

MAX_LOOPS = 2

_NOT_SHOWN = (
    "a secret can only be printed: {} cannot look at it, at request.… or at what is set to them"
)


def check_tree(tree: nodes.Template, *, names: Names) -> None:
    """Refuse what is not allowed and flatten the names, in the tree itself.

    Raises: TemplateRefused with the line, and the word in it.
    """
    _Checker(names, set_confidentially(tree)).statements(tree.body)


class _Checker(Expressions):
    """Goes over the statements of a template as well."""

    def __init__(self, names: Names, confidential: AbstractSet[str]) -> None:
        super().__init__(names)
        self._confidential = confidential
        self._loops = 0

    def statements(self, statements: list[nodes.Node]) -> None:
        for statement in statements:
            self.weigh(statement, 1)
            match statement:
                case nodes.Output():
                    statement.nodes = [self.check(child) for child in statement.nodes]
                case nodes.If():
                    self._if(statement)
                case nodes.Assign():
                    self._set(statement)
                case nodes.For():
                    self._for(statement)
                case _:
                    refuse_kind(statement)

    def _if(self, statement: nodes.If) -> None:
        before, ends = self.bindings, []
        for branch in (statement, *statement.elif_):
            self.bindings = before
            branch.test = self._looked_at(branch, branch.test, "an if")
            self.statements(branch.body)
            ends.append(self.bindings)
        self.bindings = before
        self.statements(statement.else_)
        self.bindings = after_branches([*ends, self.bindings])

    def _set(self, statement: nodes.Assign) -> None:
        if not isinstance(statement.target, nodes.Name):
            detail = "set gives a value to one name: write {% set name = expression %}"
            refuse(statement, "template_not_allowed", detail)
        before = self.weight
        # What is kept for the rest of the request counts as read, or sets could fill the memory.
        statement.node = filtered(self.check(statement.node), READ)
        name = statement.target.name
        kind = SET_CONFIDENTIAL if name in self._confidential else "_set_"
        self._bind(statement.target, kind, self.weight - before)

    def _for(self, statement: nodes.For) -> None:
        self._check_loop(statement)
        entries = self._looked_at(statement, statement.iter, "a loop")
        before, outside = self.weight, self.bindings
        targets = self._targets(statement)
        self._loops += 1
        for target in targets:
            self._bind(target, f"_each{self._loops}_")
        self.bodies += 1
        if statement.test:
            statement.test = self._looked_at(statement, statement.test, "an if")
        self.statements(statement.body)
        self.bodies -= 1
        self.bindings = outside
        self.statements(statement.else_)
        weight = 1 + self.weight - before
        parts = len(targets) if isinstance(statement.target, nodes.Tuple) else 0
        statement.iter = filtered(entries, ROUNDS, weight, parts)

    def _check_loop(self, statement: nodes.For) -> None:
        if statement.recursive:
            detail = "a loop cannot be recursive: delete that word"
            refuse(statement, "template_not_allowed", detail)
        if self.bodies == MAX_LOOPS:
            refuse(statement, "template_too_deep", f"loops are nested more than {MAX_LOOPS} deep")
        if assignment := statement.find(nodes.Assign):
            detail = "set is not available inside a loop: set it before the loop"
            refuse(assignment, "template_not_allowed", detail)
        if statement.test and LOOP in names_in(statement.test):
            detail = "loop.… is not known before a round begins: look at it between the tags"
            refuse(statement, "template_name", detail)

    def _looked_at(self, statement: nodes.Stmt, node: nodes.Node, what: str) -> nodes.Expr:
        """Check an expression whose value decides what is printed."""
        expression = self.check(node)
        if is_confidential(expression):
            refuse(statement, "template_secret", _NOT_SHOWN.format(what))
        return expression

    def _targets(self, statement: nodes.For) -> list[nodes.Name]:
        target = statement.target
        names = target.items if isinstance(target, nodes.Tuple) else [target]
        if not names:
            detail = "there is no name between the brackets: write {% for name in … %}"
            refuse(statement, "template_not_allowed", detail)
        found = [name for name in names if isinstance(name, nodes.Name)]
        if len(found) < len(names):
            detail = "a loop takes an entry apart once: write {% for name, value in … %}"
            refuse(statement, "template_not_allowed", detail)
        return found

    def _bind(self, target: nodes.Name, kind: str, weight: int = 0) -> None:
        """Let a name stand for a value from here on."""
        name = target.name
        if name in TAKEN:
            detail = f"{name} means something else in templates: choose another name"
            refuse(target, "template_name", detail)
        if not IDENTIFIER.fullmatch(name):
            detail = "a name is letters, digits and _, begins with a letter and has at most 64"
            refuse(target, "template_name", detail)
        target.name = f"{kind}{name}"
        self.bindings = {**self.bindings, name: Binding(target.name, weight)}
