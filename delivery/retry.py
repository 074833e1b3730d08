"""Decides what becomes of a delivery after an attempt: the end, or when to try again."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from connections.exchange.config import DeliveryPolicy, Outcome
from connections.exchange.egress import EgressCode
from connections.exchange.perform import Exchange
from connections.exchange.responses import Verdict
from delivery.models import DeliveryStatus

FIRST_DELAY = timedelta(seconds=5)
DELAY_GROWTH = 3.0
LONGEST_DELAY = timedelta(hours=2)
SHORTEST_DELAY = timedelta(seconds=1)
# Beyond this exponent the delay is the longest anyhow, and powers get out of hand.
MAX_EXPONENT = 16
# Those who were told to wait the same time shall not come back at the same moment.
RETRY_AFTER_SPREAD = 0.1

_FINAL = {
    Outcome.DELIVERED: DeliveryStatus.DELIVERED,
    Outcome.DUPLICATE: DeliveryStatus.DUPLICATE,
    Outcome.REJECTED: DeliveryStatus.REJECTED,
}
# The receiver may have the request, and nothing tells what it made of it.
_UNKNOWN_CODES = frozenset(
    {EgressCode.TIMEOUT_AFTER_SEND, EgressCode.DISCONNECTED, EgressCode.PROTOCOL}
)
_UNKNOWN = (
    "Outcome unknown: the request was sent, but no answer came. Ask the receiver whether it has"
    " this referral before you replay it."
)


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of the delivery; `next_attempt_at` is set exactly when it is retried."""

    status: DeliveryStatus
    reason: str
    rule: str | None = None
    captures: Mapping[str, str] = field(default_factory=dict)
    next_attempt_at: datetime | None = None


def decide(
    *,
    exchange: Exchange,
    policy: DeliveryPolicy,
    attempt_count: int,
    first_attempt_at: datetime,
    now: datetime,
    random: Callable[[], float],
) -> Decision:
    """Return what becomes of a delivery after `attempt_count` attempts, this one included.

    It is given up when it was retried for long enough since `first_attempt_at`, which a claim puts
    off by all the time that the delivery was due and held: so what is held loses no attempt.
    `random` gives numbers from 0 to 1, as `random.random` does.
    """
    verdict = exchange.verdict
    if verdict is None:  # it could not be built: nothing was sent
        return Decision(DeliveryStatus.FAILED, exchange.error.detail if exchange.error else "")
    if verdict.outcome in _FINAL:
        status = _FINAL[verdict.outcome]
        return Decision(status, verdict.reason, verdict.rule, verdict.captures)
    if _is_unknown(exchange) and not policy.retry_on_timeout:
        return Decision(DeliveryStatus.FAILED, _UNKNOWN)
    deadline = first_attempt_at + timedelta(hours=policy.retry_for_hours)
    if now >= deadline:
        reason = _gave_up(verdict, attempt_count, policy)
        return Decision(DeliveryStatus.FAILED, reason, verdict.rule, verdict.captures)
    delay = _delay(verdict, attempt_count, random)
    return Decision(
        DeliveryStatus.RETRYING,
        _waits(verdict),
        verdict.rule,
        verdict.captures,
        # The last attempt is made when the time is up, not some hours earlier.
        next_attempt_at=min(now + delay, deadline),
    )


def _is_unknown(exchange: Exchange) -> bool:
    return exchange.error is not None and exchange.error.code in _UNKNOWN_CODES


def _delay(verdict: Verdict, attempt_count: int, random: Callable[[], float]) -> timedelta:
    """Return how long to wait: exponential with full jitter, and what the receiver asked for.

    The longer of the two, or else one that asks for two seconds each time would be sent a
    request every two seconds for days.
    """
    exponent = min(attempt_count - 1, MAX_EXPONENT)
    longest: timedelta = min(FIRST_DELAY * DELAY_GROWTH**exponent, LONGEST_DELAY)
    asked = timedelta(seconds=verdict.retry_after_seconds or 0)
    return max(longest * random(), asked * (1 + RETRY_AFTER_SPREAD * random()), SHORTEST_DELAY)


def _waits(verdict: Verdict) -> str:
    if verdict.outcome is Outcome.HOLD:
        what = "It waits: mend the configuration or the credential, and it will be sent again."
    else:
        what = "It will be sent again."
    return f"{_sentence(verdict.reason)} {what}"


def _gave_up(verdict: Verdict, attempt_count: int, policy: DeliveryPolicy) -> str:
    attempts = "1 attempt" if attempt_count == 1 else f"{attempt_count} attempts"
    return (
        f"Gave up after {attempts} in {policy.retry_for_hours:g} hours. At last:"
        f" {_sentence(verdict.reason)} Mend the cause, then replay it."
    )


def _sentence(reason: str) -> str:
    """Return a reason, which may come from a receiver, as a sentence of ours."""
    text = reason.strip() or "No reason was given"
    return text[0].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")
