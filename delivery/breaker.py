"""Decides when to stop sending to an endpoint that fails, and when to ask it again.

A breaker is of a connection and its production environment: the engine sends to no other, so
it has its home in the connection's lane.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from connections.exchange.config import Outcome
from connections.exchange.egress import EgressCode
from connections.exchange.perform import Exchange
from connections.exchange.tokens import GRANT_REFUSED

FAILURES_TO_OPEN = 10
# One may be a mishap of a server that comes back.
REFUSALS_TO_ASK_PEOPLE = 3
FIRST_PAUSE = timedelta(seconds=15)
PAUSE_GROWTH = 2
LONGEST_PAUSE = timedelta(minutes=10)
# Endpoints that failed together shall not be asked together.
PAUSE_SPREAD = 0.2
# Beyond this exponent the pause is the longest anyhow.
MAX_EXPONENT = 10

_SERVER_ERRORS = 500
_IN_WORDS = {
    EgressCode.DNS.value: "its name could not be resolved",
    EgressCode.CONNECT.value: "no connection to it came about",
    EgressCode.TLS.value: "no encrypted connection to it came about",
    EgressCode.TIMEOUT.value: "it did not answer in time",
    EgressCode.TIMEOUT_AFTER_SEND.value: "it did not answer in time",
    EgressCode.DISCONNECTED.value: "it closed the connection without an answer",
    EgressCode.BLOCKED_ADDRESS.value: "its address is not allowed",
    EgressCode.INVALID_URL.value: "its URL is not valid",
}


class Evidence(StrEnum):
    """What one attempt tells of the endpoint."""

    SUCCESS = "success"
    """It answered about the referral, whatever it said of it."""
    FAILURE = "failure"
    """It cannot be reached, or is broken."""
    HOLD = "hold"
    """It refuses us: a person must mend the configuration or the credential."""
    NONE = "none"
    """Nothing was sent, or it asked for time."""


class Cause(StrEnum):
    ENDPOINT = "endpoint"
    CONFIGURATION = "configuration"


class Result(Protocol):
    """What is read of the result of an attempt."""

    @property
    def connection_id(self) -> UUID: ...
    @property
    def started_at(self) -> datetime: ...
    @property
    def evidence(self) -> Evidence: ...
    @property
    def response_status(self) -> int | None: ...
    @property
    def error_code(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Tally:
    """What a batch of results tells of one connection: its failures since the last success."""

    connection_id: UUID
    succeeded_at: datetime | None = None
    """When the last success of the batch began; None: there was none."""
    failures: int = 0
    holds: int = 0
    """How many of them, at last, were refusals: no failure of another kind came after them."""
    last_failure: str = ""
    """In words of ours: an answer's own could quote a person's data."""


@dataclass(frozen=True, slots=True)
class Breaker:
    """Closed, or open since `opened_at`; then nothing but single probes is sent.

    It is open exactly when there were FAILURES_TO_OPEN failures since the last success.
    """

    failures: int = 0
    holds: int = 0
    opened_at: datetime | None = None
    probe_at: datetime | None = None
    """When the next probe may be sent; None while open: not before somebody mended something."""
    probes: int = 0
    """How many were sent since it opened."""

    @property
    def cause(self) -> Cause:
        """After a failure of another kind, asking again may help."""
        is_refused = self.holds >= REFUSALS_TO_ASK_PEOPLE
        return Cause.CONFIGURATION if is_refused else Cause.ENDPOINT


def evidence_of(exchange: Exchange) -> Evidence:
    """Return what an exchange tells of the endpoint; a fault of ours is not charged to it."""
    verdict = exchange.verdict
    if verdict is None or (exchange.error is not None and exchange.error.code == "internal"):
        return Evidence.NONE
    if verdict.outcome is Outcome.HOLD:
        return Evidence.HOLD
    if verdict.outcome is not Outcome.RETRY:
        return Evidence.SUCCESS
    response = exchange.response
    is_broken = exchange.error is not None or response is None
    if is_broken or (response is not None and response.status >= _SERVER_ERRORS):
        return Evidence.FAILURE
    return Evidence.NONE


def tallies(results: Iterable[Result]) -> list[Tally]:
    """Return one tally for each connection of a batch, which is in the order of time.

    *Shape*: by the connections' ids, the order in which lanes are locked.
    """
    found: dict[UUID, Tally] = {}
    for result in results:
        before = found.get(result.connection_id) or Tally(result.connection_id)
        found[result.connection_id] = _counted(before, result)
    return [found[connection_id] for connection_id in sorted(found)]


def next_breaker(state: Breaker, *, now: datetime, random: Callable[[], float]) -> Breaker:
    """Return what becomes of a breaker when a result was counted.

    `random` gives numbers from 0 to 1, as `random.random` does.
    """
    if state.failures < FAILURES_TO_OPEN:
        return replace(state, opened_at=None, probe_at=None, probes=0)
    is_probed = state.cause is Cause.ENDPOINT
    return replace(
        state,
        opened_at=state.opened_at or now,
        probe_at=now + _pause(state.probes, random) if is_probed else None,
    )


def _counted(tally: Tally, result: Result) -> Tally:
    if result.evidence is Evidence.SUCCESS:
        return Tally(tally.connection_id, succeeded_at=result.started_at)
    if result.evidence is Evidence.NONE:
        return tally
    return replace(
        tally,
        failures=tally.failures + 1,
        holds=tally.holds + 1 if result.evidence is Evidence.HOLD else 0,
        last_failure=_in_words(result),
    )


def _in_words(result: Result) -> str:
    if result.response_status is not None:
        return f"it answered with status {result.response_status}"
    if result.error_code == GRANT_REFUSED:
        return "the token address refused the refresh token: access must be authorised again"
    if result.error_code.startswith("token_"):
        return "the token address gave no access token"
    return _IN_WORDS.get(result.error_code, "no answer came that could be read")


def _pause(probes: int, random: Callable[[], float]) -> timedelta:
    growth = PAUSE_GROWTH ** min(probes, MAX_EXPONENT)
    pause: timedelta = min(FIRST_PAUSE * growth, LONGEST_PAUSE)
    return pause * (1 + PAUSE_SPREAD * (random() - 0.5))
