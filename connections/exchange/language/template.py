"""Templates: compiled once when a configuration is read, rendered for every referral."""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import TypeAlias

from jinja2 import StrictUndefined, nodes
from jinja2 import Template as JinjaTemplate
from jinja2.runtime import Context

from connections.exchange.language.confidentiality import is_confidential, names_in, secret_names
from connections.exchange.language.dialects import TEXT, Dialect
from connections.exchange.language.encoders import ENCODERS
from connections.exchange.language.filters import FILTERS, JOIN, TESTS, join_text
from connections.exchange.language.parsing import parse_template
from connections.exchange.language.placement import place_values
from connections.exchange.language.places import PlacingSandbox
from connections.exchange.language.scope import REQUEST, Names, flat_name
from connections.exchange.language.values import ValueProblem
from connections.exchange.language.work import READ, ROUNDS, counted, read, rounds
from connections.exchange.problems import RenderError
from connections.exchange.request import MASK, Rendered

Scope: TypeAlias = Context
"""Where templates read their names from."""

_FILE_NAME = "<template>"
_OF_REQUEST = flat_name(REQUEST, "")
# No name in a template begins with an underscore.
_RESULT = "_result"


def _sandbox() -> PlacingSandbox:
    """Return Jinja's sandbox with nothing in it but what our allow-list lets through."""
    environment = PlacingSandbox(
        optimized=False, undefined=StrictUndefined, autoescape=False, keep_trailing_newline=True
    )
    environment.globals.clear()
    environment.filters = {
        name: counted(known.apply, known.work) for name, known in FILTERS.items()
    }
    environment.filters |= {str(encoder): write for encoder, write in ENCODERS.items()}
    environment.filters |= {JOIN: join_text, READ: read, ROUNDS: rounds}
    environment.tests = dict(TESTS)
    return environment


_SANDBOX = _sandbox()


def open_scope(values: dict[str, object]) -> Scope:
    """Return a scope of these values by flat name; one serves a whole request."""
    return Scope(_SANDBOX, parent=values, name=None, blocks={})


def widen_scope(scope: Scope, values: dict[str, object]) -> None:
    """Add values that become known while a request is made."""
    scope.vars.update(values)


@dataclass(frozen=True, slots=True)
class RenderedValue:
    """A value of any type as it is sent, beside the same with secrets masked."""

    sent: object
    shown: object


class Template:
    """A compiled template that prints text, at one place of a configuration."""

    def __init__(self, source: str, *, dialect: Dialect, names: Names, place: str) -> None:
        """Compile the source; raises TemplateRefused."""
        tree = parse_template(source, names=names, environment=_SANDBOX)
        self.names = names_in(tree)
        self.secrets = secret_names(tree)
        masked = deepcopy(tree) if is_confidential(tree) else None
        place_values(tree, dialect, masked=False)
        self._sent = _text_program(tree, place=place)
        self._shown = self._sent
        if masked is not None:
            place_values(masked, dialect, masked=True)
            self._shown = _text_program(masked, place=place)

    @property
    def sees_request(self) -> bool:
        """Whether it looks at the request that it becomes a part of."""
        return any(name.startswith(_OF_REQUEST) for name in self.names)

    def render(self, scope: Scope, *, limit: int) -> Rendered:
        """Return the text.

        Raises: RenderError when a value does not fit its place, or past `limit` characters.
        """
        sent = self._sent.text(scope, limit)
        shown = sent if self._shown is self._sent else self._shown.text(scope, limit)
        return Rendered(sent, shown)


class ValueTemplate:
    """A compiled template for one field: what prints just one `{{ expression }}` keeps its type."""

    def __init__(self, source: str, *, names: Names, place: str) -> None:
        """Compile the source; raises TemplateRefused."""
        tree = parse_template(source, names=names, environment=_SANDBOX)
        expression = _only_expression(tree)
        self._text = None
        if expression is None:
            self._text = Template(source, dialect=TEXT, names=names, place=place)
            self.names, self.secrets = self._text.names, self._text.secrets
        else:
            self.names, self.secrets = names_in(tree), secret_names(tree)
            self._confidential = is_confidential(expression)
            target = nodes.Name(_RESULT, "store", lineno=1)
            tree.body[-1] = nodes.Assign(target, expression, lineno=1)
            self._program = _Program(tree, place=place)

    def render(self, scope: Scope, *, limit: int) -> RenderedValue:
        """Return the value; raises RenderError as a template does."""
        if self._text is not None:
            text = self._text.render(scope, limit=limit)
            return RenderedValue(text.sent, text.shown)
        value = self._program.value(scope, limit)
        return RenderedValue(value, MASK if self._confidential else value)


def _only_expression(tree: nodes.Template) -> nodes.Expr | None:
    """Return the expression when it is all that the template prints, after sets at most."""
    match tree.body:
        case [*sets, nodes.Output(nodes=[expression])]:
            prints_more = any(
                isinstance(one, nodes.Output) or one.find(nodes.Output) for one in sets
            )
            return None if prints_more or isinstance(expression, nodes.TemplateData) else expression
    return None


class _Program:
    """Jinja's code for one tree, with errors that say line and place."""

    def __init__(self, tree: nodes.Template, *, place: str) -> None:
        self._place = place
        tree.set_environment(_SANDBOX)
        code = _SANDBOX.compile(tree, filename=_FILE_NAME)
        self._template = JinjaTemplate.from_code(_SANDBOX, code, {})

    def text(self, scope: Scope, limit: int) -> str:
        pieces: list[str] = []
        room = limit
        for piece in self._pieces(scope):
            room -= len(piece)
            if room < 0:
                raise self._too_large(limit)
            pieces.append(piece)
        return "".join(pieces)

    def value(self, scope: Scope, limit: int) -> object:
        for _ in self._pieces(scope):
            raise AssertionError("an assignment prints nothing")
        value = scope.vars.pop(_RESULT)
        if isinstance(value, str) and len(value) > limit:
            raise self._too_large(limit)
        return value

    def _pieces(self, scope: Scope) -> Iterator[str]:
        try:
            yield from self._template.root_render_func(scope)
        except Exception as error:  # noqa: BLE001 — nothing that data can do may escape
            raise self._explain(error) from None

    def _explain(self, error: Exception) -> RenderError:
        line = self._line(error)
        if isinstance(error, ValueProblem):
            code, cause = error.code, str(error)
        else:
            code = "template_value"
            cause = (
                "this cannot be worked out with the values of this referral: one is empty or of"
                " another kind than the template expects"
            )
        return RenderError(code, f"line {line}: {cause}", place=self._place, line=line)

    def _line(self, error: Exception) -> int:
        line, frame = 1, error.__traceback__
        while frame:
            if frame.tb_frame.f_code.co_filename == _FILE_NAME:
                line = self._template.get_corresponding_lineno(frame.tb_lineno)
            frame = frame.tb_next
        return line

    def _too_large(self, limit: int) -> RenderError:
        detail = f"what this template makes is longer than {limit:,} characters"
        return RenderError("too_large", detail, place=self._place)


@dataclass(frozen=True, slots=True)
class _Constant:
    """A template without expressions."""

    constant: str

    def text(self, scope: Scope, limit: int) -> str:  # noqa: ARG002
        return self.constant


def _text_program(tree: nodes.Template, *, place: str) -> _Program | _Constant:
    pieces: list[str] = []
    for statement in tree.body:
        for piece in statement.iter_child_nodes():
            if not isinstance(statement, nodes.Output) or not isinstance(piece, nodes.TemplateData):
                return _Program(tree, place=place)
            pieces.append(piece.data)
    return _Constant("".join(pieces))
