"""How much work the rules of one configuration may make on the largest answer."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from connections.exchange.config import Condition, Extract, Operator, RulePart, Source
from connections.exchange.problems import ConfigProblem
from connections.exchange.responses.conditions import RuleError, pattern_size
from connections.exchange.responses.json_path import is_search
from connections.exchange.responses.xml_path import is_xml_search

MAX_PLACES = 100
MAX_SEARCHES = 10
MAX_XML_SEARCHES = 30
"""Which cost less, and are how most paths into XML are written."""
MAX_PATTERNS = 50
MAX_PATTERN_STEPS = 2_000
"""What all patterns come to wherever they are used; a plain one of 50 characters has some 60."""


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


def check_bounds(parts: Sequence[RulePart]) -> Iterator[ConfigProblem]:
    """Yield a problem for the first part that goes beyond each bound.

    A place that several rules look at is read once, so only different ones count.
    """
    places = _Count(MAX_PLACES, f"the rules look at more than {MAX_PLACES} different places")
    searches = _Count(
        MAX_SEARCHES,
        f'more than {MAX_SEARCHES} different paths search (with "..", "?" or a list): write where'
        " the value stands",
    )
    xml_searches = _Count(
        MAX_XML_SEARCHES,
        f'more than {MAX_XML_SEARCHES} different XML paths search (with "//"): write where the'
        " value stands",
    )
    patterns = _Count(MAX_PATTERNS, f"there are more than {MAX_PATTERNS} different patterns")
    for pointer, part in parts:
        counted: list[tuple[_Count, object, str]] = [(places, (part.source, part.path), "source")]
        if part.source is Source.JSON and is_search(part.path or ""):
            counted.append((searches, part.path, "path"))
        if part.source is Source.XML and is_xml_search(part.path or ""):
            counted.append((xml_searches, part.path, "path"))
        if isinstance(part, Extract) and part.pattern:
            counted.append((patterns, (part.source, part.path, part.pattern), "pattern"))
        if isinstance(part, Condition) and part.operator is Operator.MATCHES:
            counted.append((patterns, (part.value, part.case_sensitive), "value"))
        for count, one, name in counted:
            if count.is_one_too_many(one):
                yield ConfigProblem(f"{pointer}/{name}", "too_many", count.detail)
    yield from _too_many_steps(parts)


def _too_many_steps(parts: Sequence[RulePart]) -> Iterator[ConfigProblem]:
    """Counted wherever a pattern is used: each time it reads what stands there."""
    steps = 0
    for pointer, part in parts:
        name = "pattern" if isinstance(part, Extract) else "value"
        before, steps = steps, steps + _steps(part)
        if before <= MAX_PATTERN_STEPS < steps:
            detail = (
                f"the patterns come to more than {MAX_PATTERN_STEPS:,} steps: repeat less, like"
                " [a-z]+ for [a-z]{1,500}"
            )
            yield ConfigProblem(f"{pointer}/{name}", "too_many", detail)


def _steps(part: Condition | Extract) -> int:
    pattern: object = part.pattern if isinstance(part, Extract) else None
    if isinstance(part, Condition) and part.operator is Operator.MATCHES:
        pattern = part.value
    try:
        return pattern_size(pattern) if isinstance(pattern, str) else 0
    except RuleError:  # told already
        return 0
