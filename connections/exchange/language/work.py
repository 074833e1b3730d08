"""What the templates of one request may cost: one budget, spent while they are rendered.

Its unit is a character that a filter reads. One of the largest values costs a filter up to forty
milliseconds, and templates have room for thousands of filters. A name that the template sets costs
its value when it is set, and at each use as the expression would in its place. A loop costs its
rounds by what stands in it, before the first one.
"""

from collections.abc import Callable, Sequence

from jinja2 import pass_context
from jinja2.runtime import Context

from connections.exchange.language.values import MAX_VALUE_CHARACTERS, ValueProblem, entries_of

MAX_WORK = 16 * MAX_VALUE_CHARACTERS

_PER_NODE = 128
"""What a node of a loop costs in each round: the dearest, `|e164` of a short number, takes 20
microseconds, and spends the square of the length as well."""
_PER_ENTRY = 16

READ = "_read"
"""The filter, in a checked tree, around what no filter may read though it is long: what a name is
set to, that name, and what a loop compares or makes a list of."""
ROUNDS = "_rounds"
"""The filter, in a checked tree, around the list that a loop goes over."""

# No name in a template begins with an underscore.
_WORK = "_work"


def counted(apply: Callable[..., object], work_of: Callable[[int], int]) -> Callable[..., object]:
    """Make a filter spend what so many characters cost it."""

    @pass_context
    def count(scope: Context, *values: object) -> object:
        # Written out, not `_spend`: every filter of every request comes through here.
        known = scope.vars
        read = sum([len(one) for one in values if isinstance(one, str)])
        work = known.get(_WORK, 0) + work_of(read)
        if work > MAX_WORK:
            raise _too_much()
        known[_WORK] = work
        return apply(*values)

    return count


@pass_context
def read(scope: Context, value: object) -> object:
    """Spend what reading a value costs; return it."""
    if isinstance(value, str):
        _spend(scope, len(value))
    elif isinstance(value, list | tuple):
        for entry in value:
            _spend(scope, _PER_ENTRY)
            read(scope, entry)
    elif isinstance(value, dict):
        read(scope, [*value.values()])
    return value


@pass_context
def rounds(scope: Context, value: object, weight: int, names: int) -> Sequence[object]:
    """Spend all rounds of a loop; return what it goes over.

    `weight` is the number of nodes in a round, `names` how many each entry is taken apart into;
    0 leaves it whole.

    Raises: ValueProblem for what is not a list, or has entries that cannot be taken apart so.
    """
    entries = entries_of(value)
    _spend(scope, len(entries) * weight * _PER_NODE)
    if names and not all(_has_entries(entry, names) for entry in entries):
        raise ValueProblem(
            "not_a_list", f"the entries of this list are not lists of {names}, one for each name"
        )
    return entries


def _has_entries(value: object, count: int) -> bool:
    return isinstance(value, list | tuple) and len(value) == count


def _spend(scope: Context, work: int) -> None:
    work += scope.vars.get(_WORK, 0)
    if work > MAX_WORK:
        raise _too_much()
    scope.vars[_WORK] = work


def _too_much() -> ValueProblem:
    return ValueProblem(
        "too_large",
        "templates do more than they may for one request: use fewer filters on long values, or"
        " fewer rounds of loops",
    )
