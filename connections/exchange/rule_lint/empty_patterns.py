"""Patterns that are written correctly and can match no text: `a^b`, `$x`, `[^\\s\\S]`."""

import re
import warnings
from re import _constants as sign  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

_START = {sign.AT_BEGINNING, sign.AT_BEGINNING_STRING}
_END = {sign.AT_END, sign.AT_END_STRING}
_OPPOSITES = (
    {sign.CATEGORY_DIGIT, sign.CATEGORY_NOT_DIGIT},
    {sign.CATEGORY_SPACE, sign.CATEGORY_NOT_SPACE},
    {sign.CATEGORY_WORD, sign.CATEGORY_NOT_WORD},
)


def matches_nothing(pattern: str) -> bool:
    """Tell whether no text at all can match; when in doubt, no.

    Patterns are RE2's. Its syntax is nearly that of Python, whose parser reads them here; what
    that cannot read is left undecided.
    """
    if re.search(r"\(\?[a-zA-Z]*m", pattern):
        return False  # with several lines, ^ and $ may stand in the middle
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = parser.parse(pattern)
    except (re.error, RecursionError, OverflowError, ValueError):
        return False
    return _is_empty(list(tree), before=0, after=0)


def _is_empty(parts: list[Any], *, before: int, after: int) -> bool:
    """Tell whether a sequence cannot match with so many characters surely around it."""
    widths = [_least_width(part) for part in parts]
    return any(
        _part_is_empty(
            part,
            before=before + sum(widths[:index]),
            after=after + sum(widths[index + 1 :]),
        )
        for index, part in enumerate(parts)
    )


def _part_is_empty(part: Any, *, before: int, after: int) -> bool:
    kind, value = part
    if kind is sign.AT:
        return (value in _START and before > 0) or (value in _END and after > 0)
    if kind is sign.IN:
        return _is_empty_class(value)
    if kind is sign.BRANCH:
        return all(_is_empty(list(one), before=before, after=after) for one in value[1])
    if kind is sign.SUBPATTERN:
        return _is_empty(list(value[-1]), before=before, after=after)
    if kind in (sign.MAX_REPEAT, sign.MIN_REPEAT):
        least, _, body = value
        return least > 0 and _is_empty(list(body), before=before, after=after)
    return False


def _is_empty_class(members: list[Any]) -> bool:
    if not members or members[0][0] is not sign.NEGATE:
        return False
    categories = {value for kind, value in members if kind is sign.CATEGORY}
    return any(pair <= categories for pair in _OPPOSITES)


def _least_width(part: Any) -> int:
    kind, value = part
    if kind is sign.BRANCH:
        return min(sum(map(_least_width, one)) for one in value[1])
    if kind is sign.SUBPATTERN:
        return sum(map(_least_width, value[-1]))
    if kind in (sign.MAX_REPEAT, sign.MIN_REPEAT):
        return min(int(value[0]) * sum(map(_least_width, value[2])), 1_000)
    return 0 if kind is sign.AT else 1
