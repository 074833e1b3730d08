"""How much work the rules of one configuration may make on the largest answer."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from connections.exchange.config import Condition, Extract, Operator, Source
from connections.exchange.problems import ConfigProblem
from connections.exchange.responses.json_path import is_search

MAX_PLACES = 100
MAX_SEARCHES = 10
MAX_PATTERNS = 50

Part = tuple[str, Condition | Extract]
"""A pointer into the configuration, and what stands there."""


@dataclass
class _Count:
    """What of one kind was seen, and what to say of the first that is too many."""

    limit: int
    detail: str
    seen: set[object] = field(default_factory=set)

    def is_one_too_many(self, one: object) -> bool:
        before = len(self.seen)
        self.seen.add(one)
        return before == self.limit and len(self.seen) > before


def check_bounds(parts: Sequence[Part]) -> Iterator[ConfigProblem]:
    """Yield a problem for the first part that goes beyond each bound.

    A place that several rules look at is read once, so only different ones count.
    """
    places = _Count(MAX_PLACES, f"the rules look at more than {MAX_PLACES} different places")
    searches = _Count(
        MAX_SEARCHES,
        f'more than {MAX_SEARCHES} different paths search (with "..", "?" or a list): write where'
        " the value stands",
    )
    patterns = _Count(MAX_PATTERNS, f"there are more than {MAX_PATTERNS} different patterns")
    for pointer, part in parts:
        counted: list[tuple[_Count, object, str]] = [(places, (part.source, part.path), "source")]
        if part.source is Source.JSON and is_search(part.path or ""):
            counted.append((searches, part.path, "path"))
        if isinstance(part, Extract) and part.pattern:
            counted.append((patterns, (part.source, part.path, part.pattern), "pattern"))
        if isinstance(part, Condition) and part.operator is Operator.MATCHES:
            counted.append((patterns, (part.value, part.case_sensitive), "value"))
        for count, one, name in counted:
            if count.is_one_too_many(one):
                yield ConfigProblem(f"{pointer}/{name}", "too_many", count.detail)
