"""When one response rule matches, must another? Yes only where it is sure."""

from collections.abc import Sequence
from functools import lru_cache

from connections.exchange.config import Condition, Operator, ResponseRule, Source
from connections.exchange.responses import Reading, ReceivedResponse
from connections.exchange.responses.conditions import compile_condition

_READINGS = {status: Reading(ReceivedResponse(status)) for status in range(100, 600)}


def implies(rule: ResponseRule, other: ResponseRule) -> bool:
    """Tell whether every answer that the rule matches is matched by the other one too."""
    if not statuses_of(rule) <= statuses_of(other):
        return False
    return all(
        any(_implies(one, wanted) for one in rule.conditions)
        for wanted in other.conditions
        if wanted.source is not Source.STATUS
    )


@lru_cache(maxsize=512)
def statuses_of(rule: ResponseRule) -> frozenset[int]:
    """Return the statuses that the rule's conditions on the status leave over."""
    tests = [
        compile_condition(condition)
        for condition in rule.conditions
        if condition.source is Source.STATUS
    ]
    return frozenset(
        status
        for status, reading in _READINGS.items()
        if all(test(reading).matched for test in tests)
    )


def _implies(one: Condition, other: Condition) -> bool:
    if (one.source, _place(one)) != (other.source, _place(other)):
        return False
    if one == other:
        return True
    if other.operator is Operator.EXISTS:
        # JSON's null is compared as a text, and yet does not exist.
        compared = one.operator in (Operator.EQUALS, Operator.CONTAINS, Operator.IN)
        return compared and one.source in (Source.BODY, Source.HEADER, Source.XML)
    if one.case_sensitive < other.case_sensitive:
        return False
    return _text_implies(one, other)


def _text_implies(one: Condition, other: Condition) -> bool:
    """Compare what the texts must be; a listed text is one of several that it may be."""
    given = _texts(one, folded=not other.case_sensitive)
    wanted = _texts(other, folded=not other.case_sensitive)
    if not given or not wanted:
        return False
    exact = one.operator in (Operator.EQUALS, Operator.IN)
    if other.operator in (Operator.EQUALS, Operator.IN):
        return exact and set(given) <= set(wanted)
    if other.operator is Operator.CONTAINS and (exact or one.operator is Operator.CONTAINS):
        return all(wanted[0] in text for text in given)
    return False


def _texts(condition: Condition, *, folded: bool) -> Sequence[str]:
    value = condition.value
    if not value:
        return ()
    if not isinstance(value, str):
        texts = [text.strip() for text in value]
    elif condition.operator is Operator.IN:
        texts = [text.strip() for text in value.split(",") if text.strip()]
    else:
        texts = [value]
    return [text.casefold() for text in texts] if folded else texts


def _place(condition: Condition) -> str:
    path = condition.path or ""
    return path.lower() if condition.source is Source.HEADER else path
