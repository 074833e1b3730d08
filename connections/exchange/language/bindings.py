"""The names that a template gives to values itself: by set, and for the rounds of a loop."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from connections.exchange.language.scope import MEMBERS, REQUEST, SECRETS, VARIABLES

LOOP = "loop"
LOOP_MEMBERS = ("index", "index0", "first", "last", "length", "revindex", "revindex0")

TAKEN = frozenset(
    {VARIABLES, SECRETS, REQUEST, *MEMBERS, LOOP}
    | {"and", "else", "if", "in", "is", "not", "or", "recursive"}
)
"""What means something else in templates; Jinja itself refuses true, false and none."""


@dataclass(frozen=True, slots=True)
class Binding:
    """One such name at one place of a template."""

    flat: str
    """What it is called in the checked tree."""
    weight: int
    """How many nodes it stands for, were its expression written where the name is.

    0 in a loop: a round's value is part of the list, whose size counts when it is rendered.
    """


Bindings = Mapping[str, Binding | None]
"""The names that are bound so far; None for what is set only in some branches of an if."""


def after_branches(ends: Sequence[Bindings]) -> Bindings:
    """Return what is bound after an if, whichever of its branches was taken."""
    return {name: _heaviest([end.get(name) for end in ends]) for name in set().union(*ends)}


def _heaviest(found: Sequence[Binding | None]) -> Binding | None:
    bound = [binding for binding in found if binding]
    return max(bound, key=lambda one: one.weight) if len(bound) == len(found) else None
