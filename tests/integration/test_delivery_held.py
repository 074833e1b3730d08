"""Time that a delivery was due and held, by a pause or a breaker, does not count as retried."""

from datetime import timedelta

import pytest

from connections.exchange.config import DeliveryPolicy, Outcome
from delivery import queue
from delivery.models import DeliveryStatus, Lane
from delivery.retry import decide
from tests.delivery_stage import answer, now, pump, receiving, set_stage
from tests.integration.test_delivery_engine import NOWHERE, claim, result_of, settle
from tests.unit.delivery.test_retry import exchange

SECOND = timedelta(seconds=1)
LONG = timedelta(days=4)
HOUR = timedelta(hours=1)


@pytest.fixture
def stage(transactional_db):
    return set_stage()


def test_referral_that_failed_before_it_was_held_is_retried_afterwards(stage):
    with receiving(answer=answer(503)) as crm:
        stage.connection(crm)
        stage.accept("tx-1")
        pump(idle_seconds=0.1)
        delivery = stage.deliveries().get()
        stage.deliveries().update(
            first_attempt_at=delivery.first_attempt_at - LONG,
            next_attempt_at=delivery.next_attempt_at - LONG,
        )
        Lane.objects.update(ready_at=now())
        pump(idle_seconds=0.1)
    delivery = stage.deliveries().get()
    assert (delivery.status, delivery.attempt_count) == ("retrying", 2)


def ages_of_attempts(stage, *, name, holds=()):
    """Let one delivery fail until it is given up; return how old it was at each attempt.

    `holds`: for how long it was held before each attempt but the first; that is left out.
    """
    Lane.objects.all().delete()  # as if nothing had been claimed in the hours to come
    stage.accept(name)
    began = moment = now()
    holds, held, ages = list(holds), timedelta(), []
    while True:
        [claimed] = claim(at=moment).deliveries
        ages.append(round((moment - began - held) / SECOND))
        decision = decide(
            exchange=exchange(Outcome.RETRY),
            policy=DeliveryPolicy(retry_for_hours=2),
            attempt_count=len(ages),
            first_attempt_at=claimed.first_attempt_at,
            now=moment + SECOND,
            random=lambda: 1.0,
        )
        is_over = decision.status is DeliveryStatus.FAILED
        what_became = {
            "status": decision.status,
            "next_attempt_at": decision.next_attempt_at,
            "finished_at": moment if is_over else None,
        }
        settle(result_of(claimed, number=len(ages), **what_became))
        if is_over:
            return ages
        hold = holds.pop(0) if holds else timedelta()
        held += hold
        moment = decision.next_attempt_at + hold


@pytest.mark.parametrize("holds", [[LONG], [timedelta(), timedelta(), LONG], [HOUR] * 5])
def test_held_delivery_is_tried_as_often_and_as_long_as_another(stage, holds):
    stage.connection(NOWHERE)
    unheld = ages_of_attempts(stage, name="unheld")
    assert unheld[-1] == 2 * HOUR / SECOND
    assert ages_of_attempts(stage, name="held", holds=holds) == unheld


def test_lease_that_expires_while_it_is_held_counts_once(stage):
    stage.connection(NOWHERE)
    stage.accept("tx-1")
    began = now()
    [first] = claim(at=began).deliveries
    due = began + HOUR
    settle(result_of(first, status="retrying", next_attempt_at=due, finished_at=None))
    assert len(claim(at=due + HOUR).deliveries) == 1
    queue.release_expired(now=due + 2 * HOUR)
    [again] = claim(at=due + 3 * HOUR).deliveries
    assert again.first_attempt_at - began == pytest.approx(3 * HOUR, abs=SECOND)


def test_wait_before_the_first_attempt_does_not_count(stage):
    stage.connection(NOWHERE)
    stage.accept("tx-1")
    [lost] = claim(at=now() + LONG).deliveries
    queue.release_expired(now=now() + LONG + HOUR)
    moment = now() + LONG + 2 * HOUR
    [again] = claim(at=moment).deliveries
    assert lost.first_attempt_at < moment - HOUR
    assert again.first_attempt_at - moment == pytest.approx(timedelta(), abs=SECOND)
