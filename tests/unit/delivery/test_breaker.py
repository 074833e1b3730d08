from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connections.exchange.config import Outcome
from connections.exchange.egress import EgressCode, Timings
from connections.exchange.perform import Exchange, ExchangeError
from connections.exchange.responses import ReceivedResponse, Verdict
from delivery.breaker import (
    FAILURES_TO_OPEN,
    FIRST_PAUSE,
    LONGEST_PAUSE,
    PAUSE_SPREAD,
    REFUSALS_TO_ASK_PEOPLE,
    Breaker,
    Cause,
    Evidence,
    Tally,
    evidence_of,
    next_breaker,
    tallies,
)

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
ONE, OTHER = UUID(int=1), UUID(int=2)


@dataclass(frozen=True)
class Result:
    evidence: Evidence
    connection_id: UUID = ONE
    started_at: datetime = NOW
    response_status: int | None = None
    error_code: str = ""


def exchange(outcome, *, status=None, error=None):
    return Exchange(
        request=None,
        response=ReceivedResponse(status=status) if status else None,
        error=ExchangeError(error, "") if error else None,
        verdict=Verdict(outcome, None, matched=False, reason="") if outcome else None,
        timings=Timings(),
        started_at=NOW,
        duration_ms=1.0,
    )


@pytest.mark.parametrize(
    ("happened", "evidence"),
    [
        (exchange(Outcome.DELIVERED, status=201), Evidence.SUCCESS),
        (exchange(Outcome.DUPLICATE, status=409), Evidence.SUCCESS),
        (exchange(Outcome.REJECTED, status=422), Evidence.SUCCESS),
        # A rule may know what an answer means, whatever its status.
        (exchange(Outcome.REJECTED, status=500), Evidence.SUCCESS),
        (exchange(Outcome.RETRY, status=503), Evidence.FAILURE),
        (exchange(Outcome.RETRY, error=EgressCode.CONNECT), Evidence.FAILURE),
        (exchange(Outcome.RETRY, status=200, error=EgressCode.DISCONNECTED), Evidence.FAILURE),
        (exchange(Outcome.RETRY, error="token_unavailable"), Evidence.FAILURE),
        (exchange(Outcome.HOLD, status=401), Evidence.HOLD),
        (exchange(Outcome.HOLD, error=EgressCode.BLOCKED_ADDRESS), Evidence.HOLD),
        (exchange(Outcome.RETRY, status=429), Evidence.NONE),
        (exchange(Outcome.RETRY, error="internal"), Evidence.NONE),
        (exchange(None, error="required_attribute_missing"), Evidence.NONE),
    ],
)
def test_evidence_charges_the_endpoint_with_its_own_faults_only(happened, evidence):
    assert evidence_of(happened) is evidence


def test_tallies_count_what_came_after_the_last_success_of_each_connection():
    later = NOW + timedelta(seconds=1)
    results = [
        Result(Evidence.FAILURE, OTHER, error_code="connect"),
        Result(Evidence.HOLD, response_status=401),
        Result(Evidence.SUCCESS, started_at=later),
        Result(Evidence.FAILURE, response_status=503),
        Result(Evidence.NONE, response_status=429),
        Result(Evidence.HOLD, response_status=403),
    ]
    assert tallies(results) == [
        Tally(ONE, later, failures=2, holds=1, last_failure="it answered with status 403"),
        Tally(OTHER, None, failures=1, last_failure="no connection to it came about"),
    ]


def test_tallies_count_the_refusals_that_no_other_failure_followed():
    refused = Result(Evidence.HOLD, response_status=401)
    results = [refused, refused, Result(Evidence.FAILURE, response_status=503), refused]
    [tally] = tallies(results)
    assert (tally.failures, tally.holds) == (4, 1)


def after(state, **changes):
    return next_breaker(replace(state, **changes), now=NOW, random=lambda: 0.5)


def test_breaker_opens_at_the_tenth_failure_and_probes_after_a_pause():
    assert after(Breaker(), failures=FAILURES_TO_OPEN - 1).opened_at is None
    opened = after(Breaker(), failures=FAILURES_TO_OPEN)
    assert (opened.opened_at, opened.probe_at) == (NOW, NOW + FIRST_PAUSE)
    assert opened.cause is Cause.ENDPOINT


@pytest.mark.parametrize("failures", [FAILURES_TO_OPEN, FAILURES_TO_OPEN + 100])
def test_refusals_in_a_row_are_not_probed(failures):
    opened = after(Breaker(), failures=failures, holds=REFUSALS_TO_ASK_PEOPLE)
    assert (opened.opened_at, opened.probe_at) == (NOW, None)
    assert opened.cause is Cause.CONFIGURATION


def test_fewer_refusals_among_failures_are_worth_a_probe():
    opened = after(Breaker(), failures=FAILURES_TO_OPEN, holds=REFUSALS_TO_ASK_PEOPLE - 1)
    assert opened.probe_at == NOW + FIRST_PAUSE
    assert opened.cause is Cause.ENDPOINT


@pytest.mark.parametrize(
    ("probes", "seconds"), [(0, 15), (1, 30), (2, 60), (5, 480), (6, 600), (10_000, 600)]
)
def test_pauses_between_probes_grow_to_ten_minutes(probes, seconds):
    opened_at = NOW - timedelta(hours=1)
    state = Breaker(failures=30, opened_at=opened_at, probes=probes)
    failed = after(state)
    assert failed.opened_at == opened_at
    assert failed.probe_at == NOW + timedelta(seconds=seconds)


def test_success_closes_whatever_came_after_it():
    state = Breaker(failures=30, opened_at=NOW, probe_at=NOW, probes=7)
    assert after(state, failures=1) == Breaker(failures=1)


@given(
    failures=st.integers(0, 100),
    holds=st.integers(0, 100),
    probes=st.integers(0, 1_000),
    is_open=st.booleans(),
    random=st.floats(0, 1),
)
def test_breaker_is_open_exactly_after_enough_failures(failures, holds, probes, is_open, random):
    state = Breaker(
        failures=failures,
        holds=min(holds, failures),
        opened_at=NOW - timedelta(days=1) if is_open else None,
        probes=probes,
    )
    then = next_breaker(state, now=NOW, random=lambda: random)
    assert (then.opened_at is not None) == (failures >= FAILURES_TO_OPEN)
    assert (then.failures, then.holds) == (state.failures, state.holds)
    if then.probe_at is not None:
        assert then.opened_at is not None
        spread = 1 + PAUSE_SPREAD / 2
        assert FIRST_PAUSE / spread <= then.probe_at - NOW + timedelta(seconds=1)
        assert then.probe_at - NOW <= LONGEST_PAUSE * spread
