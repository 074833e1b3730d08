from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connections.exchange.config import DeliveryPolicy, Outcome
from connections.exchange.egress import EgressCode, Timings
from connections.exchange.perform import Exchange, ExchangeError
from connections.exchange.request import ShownRequest
from connections.exchange.responses import ReceivedResponse, Verdict, classify, compile_rules
from delivery.models import DeliveryStatus
from delivery.retry import LONGEST_DELAY, SHORTEST_DELAY, decide

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
SENT = ShownRequest("POST", "https://crm.example/leads", (), "{}")


def exchange(
    outcome: Outcome | None,
    reason: str = "it said so",
    *,
    error: str | None = None,
    retry_after: float | None = None,
) -> Exchange:
    verdict = None
    if outcome is not None:
        verdict = Verdict(
            outcome,
            "a rule",
            matched=True,
            reason=reason,
            captures={"id": "7"},
            retry_after_seconds=retry_after,
        )
    return Exchange(
        request=SENT if outcome else None,
        response=None if error else ReceivedResponse(status=200),
        error=ExchangeError(error, reason) if error else None,
        verdict=verdict,
        timings=Timings(),
        started_at=NOW,
        duration_ms=1.0,
    )


def decision(happened: Exchange, *, attempts=1, age_hours=0.0, random=0.5, now=NOW, **policy):
    return decide(
        exchange=happened,
        policy=DeliveryPolicy(**policy),
        attempt_count=attempts,
        first_attempt_at=now - timedelta(hours=age_hours),
        now=now,
        random=lambda: random,
    )


@pytest.mark.parametrize(
    ("outcome", "status"),
    [
        (Outcome.DELIVERED, "delivered"),
        (Outcome.DUPLICATE, "duplicate"),
        (Outcome.REJECTED, "rejected"),
    ],
)
def test_decide_final_outcome_ends_with_the_receivers_word(outcome, status):
    made = decision(exchange(outcome))
    assert (made.status, made.reason, made.rule) == (status, "it said so", "a rule")
    assert made.captures == {"id": "7"}
    assert made.next_attempt_at is None


@pytest.mark.parametrize(
    ("attempts", "seconds"),
    [(1, 5), (2, 15), (3, 45), (4, 135), (7, 3_645), (8, 7_200), (1_000, 7_200)],
)
def test_decide_retry_waits_exponentially_up_to_two_hours(attempts, seconds):
    made = decision(exchange(Outcome.RETRY), attempts=attempts, random=1.0)
    assert made.status == "retrying"
    assert made.next_attempt_at == NOW + timedelta(seconds=seconds)


def test_decide_retry_full_jitter_may_come_back_after_a_second():
    made = decision(exchange(Outcome.RETRY), attempts=8, random=0.0)
    assert made.next_attempt_at == NOW + SHORTEST_DELAY


@pytest.mark.parametrize(("asked", "random", "seconds"), [(30, 0.0, 30), (30, 1.0, 33), (0, 0, 1)])
def test_decide_retry_after_is_honoured_and_never_undercut(asked, random, seconds):
    made = decision(exchange(Outcome.RETRY, retry_after=asked), random=random)
    assert made.next_attempt_at == NOW + timedelta(seconds=seconds)


def test_decide_retry_after_that_is_always_short_does_not_stop_the_backoff():
    made = decision(exchange(Outcome.RETRY, retry_after=2), attempts=8, random=1.0)
    assert made.next_attempt_at == NOW + LONGEST_DELAY


def test_decide_status_that_is_retried_says_so_once():
    answered = ReceivedResponse(status=429)
    verdict = classify(compile_rules(()), answered, now=NOW)
    made = decision(replace(exchange(Outcome.RETRY), response=answered, verdict=verdict))
    assert made.reason == "No rule matched; the endpoint answered 429. It will be sent again."


def test_decide_retry_after_beyond_the_window_waits_for_its_end():
    made = decision(
        exchange(Outcome.RETRY, retry_after=86_400), age_hours=1, retry_for_hours=2, random=0.0
    )
    assert made.next_attempt_at == NOW + timedelta(hours=1)


def test_decide_hold_waits_and_names_the_configuration():
    made = decision(exchange(Outcome.HOLD, "the endpoint answered 401"))
    assert made.status == "retrying"
    assert made.reason == (
        "The endpoint answered 401. It waits: mend the configuration or the credential, and it"
        " will be sent again."
    )


def test_decide_window_over_gives_up_with_the_last_answer():
    made = decision(exchange(Outcome.RETRY, "HTTP 503"), attempts=41, age_hours=72)
    assert made.status == "failed"
    assert made.reason == (
        "Gave up after 41 attempts in 72 hours. At last: HTTP 503. Mend the cause, then replay it."
    )


def test_decide_no_window_gives_up_at_once():
    made = decision(exchange(Outcome.RETRY), retry_for_hours=0)
    assert made.status == "failed"
    assert made.reason.startswith("Gave up after 1 attempt in 0 hours.")


@pytest.mark.parametrize("code", [EgressCode.TIMEOUT_AFTER_SEND, EgressCode.DISCONNECTED])
@pytest.mark.parametrize(("again", "status"), [(True, "retrying"), (False, "failed")])
def test_decide_unknown_outcome_is_sent_again_only_if_wanted(code, again, status):
    made = decision(exchange(Outcome.RETRY, error=code), retry_on_timeout=again)
    assert made.status == status
    assert made.reason.startswith("Outcome unknown") is not again


def test_decide_nothing_was_sent_is_retried_even_if_timeouts_are_not():
    made = decision(exchange(Outcome.RETRY, error=EgressCode.CONNECT), retry_on_timeout=False)
    assert made.status == "retrying"


def test_decide_request_that_cannot_be_built_fails_with_its_sentence():
    made = decision(exchange(None, "email is empty; this connection needs it", error="missing"))
    assert (made.status, made.next_attempt_at) == ("failed", None)
    assert made.reason == "email is empty; this connection needs it"


@given(
    outcome=st.sampled_from([Outcome.RETRY, Outcome.HOLD]),
    attempts=st.integers(1, 100_000),
    age_hours=st.floats(0, 200),
    random=st.floats(0, 1),
    retry_after=st.none() | st.floats(0, 86_400),
    hours=st.floats(0, 168),
    reason=st.text(max_size=50),
    held=st.timedeltas(timedelta(), timedelta(days=365)),
)
def test_decide_waits_within_the_window_or_gives_up(
    outcome, attempts, age_hours, random, retry_after, hours, reason, held
):
    decided = partial(
        decision,
        exchange(outcome, reason, retry_after=retry_after),
        attempts=attempts,
        age_hours=age_hours,
        random=random,
        retry_for_hours=hours,
    )
    made = decided()
    # What is held begins as much later, and all else follows from that.
    until = made.next_attempt_at and made.next_attempt_at + held
    assert decided(now=NOW + held) == replace(made, next_attempt_at=until)
    deadline = NOW - timedelta(hours=age_hours) + timedelta(hours=hours)
    if made.status is DeliveryStatus.FAILED:
        assert deadline <= NOW
        assert made.next_attempt_at is None
    else:
        assert made.status is DeliveryStatus.RETRYING
        assert NOW < made.next_attempt_at <= deadline
        longest = max(LONGEST_DELAY, timedelta(seconds=(retry_after or 0) * 1.1))
        assert made.next_attempt_at - NOW <= longest + timedelta(seconds=1)
        if retry_after is not None and made.next_attempt_at < deadline:
            assert made.next_attempt_at - NOW >= timedelta(seconds=retry_after)
    assert made.reason.endswith(".")
