"""What an answer means for the referral, and how that was decided."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from connections.exchange.config import Outcome

MAX_RETRY_AFTER_SECONDS = 86_400.0
_MAX_NUMBER_CHARACTERS = 300
_FIRST_MOMENT_SECONDS = 1e9
"""September 2001: no receiver means a wait of thirty years."""


@dataclass(frozen=True, slots=True)
class ConditionTrace:
    matched: bool
    found: str | None
    """What stood there, shortened; None when there was nothing."""


@dataclass(frozen=True, slots=True)
class RuleTrace:
    rule: str
    matched: bool
    conditions: tuple[ConditionTrace, ...]
    undecided: bool = False
    """Whether the part of the body that is missing could have made it match."""


@dataclass(frozen=True, slots=True)
class Verdict:
    outcome: Outcome
    rule: str | None
    """The rule that decided; None when none matched."""
    matched: bool
    reason: str
    captures: dict[str, str] = field(default_factory=dict)
    trace: tuple[RuleTrace, ...] = ()
    """Every rule that was tried, in order; the last is the one that decided, or that could not."""
    retry_after_seconds: float | None = None
    """How long the receiver asked us to wait, 0 to 24 hours; only for retry and hold."""
    refuses_token: bool = False
    """Whether the rule that decided says that a new access token is needed."""

    @property
    def is_undecided(self) -> bool:
        """Whether a rule needed more of the body than there was."""
        return bool(self.trace) and self.trace[-1].undecided

    def as_json(self) -> dict[str, object]:
        """Return the verdict in the shape of the REST API."""
        return {
            "outcome": self.outcome.value,
            "rule": self.rule,
            "matched": self.matched,
            "reason": self.reason,
            "captures": dict(self.captures),
            "trace": [
                {
                    "rule": rule.rule,
                    "matched": rule.matched,
                    "conditions": [
                        {"matched": condition.matched, "found": condition.found}
                        for condition in rule.conditions
                    ],
                }
                for rule in self.trace
            ],
        }


def unmatched(outcome: Outcome, reason: str, *, retry_after: float | None = None) -> Verdict:
    """Return a verdict that no rule gave."""
    return Verdict(outcome, None, matched=False, reason=reason, retry_after_seconds=retry_after)


def parse_retry_after(text: str, *, now: datetime) -> float | None:
    """Return the seconds that a Retry-After value asks for, 0 to 24 hours, or None.

    *Source* RFC 9110 §10.2.3: a number of seconds or an HTTP date. Fractions are taken too, and
    so is a moment in Unix seconds, milliseconds or ISO 8601, as headers like X-RateLimit-Reset
    hold.
    """
    text = text.strip()
    if len(text) > _MAX_NUMBER_CHARACTERS or not text.isascii():
        return None
    if text.replace(".", "", 1).isdigit():
        return _bounded(_from_now(float(text), now))
    moment = _moment(text)
    return None if moment is None else _bounded((moment - now).total_seconds())


def _moment(text: str) -> datetime | None:
    for read in (parsedate_to_datetime, datetime.fromisoformat):
        try:
            moment = read(text)
            return moment.replace(tzinfo=moment.tzinfo or UTC)
        except (ValueError, TypeError, OverflowError, IndexError):
            continue
    return None


def _from_now(number: float, now: datetime) -> float:
    """Tell seconds to wait from a moment, which is far too large for one."""
    if number < _FIRST_MOMENT_SECONDS:
        return number
    is_milliseconds = number >= _FIRST_MOMENT_SECONDS * 1_000
    return (number / 1_000 if is_milliseconds else number) - now.timestamp()


def _bounded(seconds: float) -> float:
    return min(max(seconds, 0.0), MAX_RETRY_AFTER_SECONDS)
