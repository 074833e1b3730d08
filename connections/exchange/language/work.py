"""What the templates of one request may cost: one budget, spent while they are rendered.

Its unit is a character that a filter reads. One of the largest values costs a filter up to forty
milliseconds, and templates have room for thousands of filters.
"""

from collections.abc import Callable

from jinja2 import pass_context
from jinja2.runtime import Context

from connections.exchange.language.values import MAX_VALUE_CHARACTERS, ValueProblem

MAX_WORK = 16 * MAX_VALUE_CHARACTERS

# No name in a template begins with an underscore.
_WORK = "_work"


def counted(apply: Callable[..., object]) -> Callable[..., object]:
    """Make a filter spend what it reads."""

    @pass_context
    def count(scope: Context, *values: object) -> object:
        _spend(scope, sum(len(one) for one in values if isinstance(one, str)))
        return apply(*values)

    return count


def _spend(scope: Context, work: int) -> None:
    total = scope.vars.get(_WORK, 0) + work
    if total > MAX_WORK:
        raise ValueProblem(
            "too_large",
            "templates do more than they may for one request: use fewer filters on long values",
        )
    scope.vars[_WORK] = total
