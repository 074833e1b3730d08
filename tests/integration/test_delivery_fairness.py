"""No connection gets more than it asked for, and none waits for what another one suffers."""

import asyncio
import threading
import time
from contextlib import contextmanager

import psycopg
import pytest

from connections.services import activate_connection, change_connection
from delivery import doorbell, queue
from delivery.models import Lane
from delivery.pacing import LEAD_SECONDS
from delivery.pump_house import _connection_arguments
from delivery.queue import claims
from tests.delivery_stage import busiest_second, now, pumping, receiving, set_stage, wait_until
from tests.integration.test_delivery_engine import COMPANY, claim

pytestmark = pytest.mark.alone

REFUSING = "http://127.0.0.1:9"


@pytest.fixture
def stage(transactional_db):
    return set_stage()


@pytest.mark.parametrize(("rate", "count"), [(5, 12), (60, 200)])
def test_rate_limit_holds_in_every_second_with_two_pumps(stage, rate, count):
    with receiving(seconds=0.01) as crm:
        stage.connection(crm, rate_per_second=rate, concurrency=50)
        stage.accept(*(f"tx-{number}" for number in range(count)))
        with pumping(2):
            started = time.monotonic()
            wait_until(lambda: stage.statuses() == {"delivered": count}, seconds=20)
            took = time.monotonic() - started
    assert busiest_second(crm) <= rate * 1.05
    assert took < 1.5 * count / rate + 1
    assert set(crm.keys.values()) == {1}


def test_rate_limit_holds_while_the_worker_is_busy_with_others(stage):
    with receiving() as limited, receiving() as busy:
        slow = stage.connection(limited, rate_per_second=20)
        stage.connection(busy, concurrency=200)
        stage.accept(*(f"tx-{number}" for number in range(60)))
        with pumping(2):
            for batch in range(4):
                stage.accept(*(f"more-{batch}-{number}" for number in range(5)))
            wait_until(lambda: stage.statuses(connection=slow)["delivered"] == 80, seconds=30)
    assert busiest_second(limited) <= 21


def test_rate_limit_holds_without_redis(stage, settings, tmp_path):
    settings.REDIS_URL = f"unix://{tmp_path}/nobody.sock"
    doorbell._redis.cache_clear()
    try:
        with receiving() as crm:
            stage.connection(crm, rate_per_second=20)
            stage.accept(*(f"tx-{number}" for number in range(50)))
            with pumping(2):
                wait_until(lambda: stage.statuses() == {"delivered": 50}, seconds=15)
        assert busiest_second(crm) <= 21
    finally:
        doorbell._redis.cache_clear()


def test_limit_below_one_sends_one_every_few_seconds(stage):
    with receiving() as crm:
        stage.connection(crm, rate_per_second=0.5)
        stage.accept("tx-1", "tx-2")
        with pumping(2):
            wait_until(lambda: stage.statuses() == {"delivered": 2})
    first, second = sorted(time for times in crm.times.values() for time in times)
    assert 1.0 <= second - first < 4.0  # two seconds, unless the worker was late for one of them


def test_limit_that_is_lifted_is_gone(stage):
    with receiving() as crm, pumping():
        connection = stage.connection(crm, rate_per_second=1)
        stage.accept(*(f"tx-{number}" for number in range(40)))
        wait_until(lambda: stage.statuses()["delivered"] == 2)
        who = {"account": stage.cast.account, "actor": stage.cast.actor, "now": now()}
        config = connection.head_version.document
        policy = config.delivery.model_copy(update={"rate_per_second": None})
        change_connection(
            connection_id=connection.id,
            config=config.model_copy(update={"delivery": policy}),
            **who,
        )
        activate_connection(connection_id=connection.id, override="no limit", **who)
        wait_until(lambda: stage.statuses() == {"delivered": 40}, seconds=5)


def test_ten_referrals_are_not_delayed_by_thousands_of_another_connection(stage):
    with receiving(seconds=0.02) as crowded, receiving() as quiet:
        stage.connection(crowded)
        for batch in range(3):
            stage.accept(*(f"many-{batch}-{number}" for number in range(1_000)))
        with pumping(capacity=32):
            wait_until(lambda: len(crowded.keys) > 20)
            few = stage.connection(quiet)
            stage.accept(*(f"few-{number}" for number in range(10)))
            wait_until(lambda: stage.statuses(connection=few) == {"delivered": 10}, seconds=2)
            assert len(crowded.keys) < 2_000


def test_hanging_and_refusing_endpoints_do_not_slow_a_healthy_one(stage):
    def seconds_of(prefix):
        started = time.monotonic()
        stage.accept(*(f"{prefix}-{number}" for number in range(100)))
        total = 100 + before
        wait_until(lambda: stage.statuses(connection=healthy) == {"delivered": total}, seconds=20)
        return time.monotonic() - started

    with receiving(seconds=0.05) as well, receiving(seconds=20) as hanging, pumping(capacity=32):
        healthy, before = stage.connection(well), 0
        alone = seconds_of("alone")
        before = 100
        stage.connection(hanging, timeout_seconds=2)
        stage.connection(REFUSING)
        among_others = seconds_of("among-others")
    assert among_others < 1.5 * alone + 1


def test_request_that_missed_its_slot_is_given_back_and_uses_no_attempt(stage):
    stage.connection(REFUSING, rate_per_second=5)
    stage.accept("tx-1")
    [claimed] = claim().deliveries

    async def return_it():
        async with await psycopg.AsyncConnection.connect(**_connection_arguments()) as connection:
            await queue.give_back(connection, unsent=[claimed], now=now())

    asyncio.run(return_it())
    delivery = stage.deliveries().get()
    assert (delivery.status, delivery.attempt_count) == ("pending", 0)
    assert (delivery.lease_expires_at, delivery.first_attempt_at) == (None, None)
    [again] = claim(at=now() + COMPANY).deliveries
    assert again.id == claimed.id
    assert again.fence != claimed.fence


LOCK_LANE = "SELECT FROM delivery_lane WHERE connection_id = %s FOR UPDATE"


@contextmanager
def lane_held(connection, *, by, seconds):
    """Let this many hold the lane in turn, each for so long: there is always one who waits."""
    stop = threading.Event()

    def hold():
        with psycopg.connect(**_connection_arguments()) as database:
            while not stop.is_set():
                with database.transaction():
                    database.execute(LOCK_LANE, [connection.id])
                    stop.wait(seconds)

    threads = [threading.Thread(target=hold) for _ in range(by)]
    for thread in threads:
        thread.start()
    try:
        time.sleep(0.2)
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()


@pytest.fixture
def patience(monkeypatch):
    """A busy machine may take longer to come to whoever waits."""
    monkeypatch.setattr(claims, "LONGEST_WAIT_SECONDS", 10)


def test_claim_that_waits_gets_the_lane_that_somebody_always_writes_to(stage, patience):
    busy, free = stage.connection(REFUSING), stage.connection(REFUSING)
    stage.accept("tx-1")
    with lane_held(busy, by=3, seconds=0.02):
        passed = claim()
        assert [one.connection_id for one in passed.deliveries] == [free.id]
        assert passed.has_passed_over
        waited = claim(waits=True)
    assert [one.connection_id for one in waited.deliveries] == [busy.id]
    assert not waited.has_passed_over


def test_claim_that_would_get_nothing_waits_as_well(stage, patience):
    connection = stage.connection(REFUSING)
    stage.accept("tx-1")
    with lane_held(connection, by=3, seconds=0.02):
        assert len(claim().deliveries) == 1


def test_slot_counts_from_before_the_wait_for_the_lane(stage, patience):
    connection = stage.connection(REFUSING, rate_per_second=10)
    stage.accept("tx-1")
    with lane_held(connection, by=1, seconds=0.3):
        started = time.monotonic()
        [waited] = claim(waits=True).deliveries
        took = time.monotonic() - started
    assert 0.05 < waited.slot_in_seconds - LEAD_SECONDS < took


def test_lane_that_is_held_for_long_keeps_no_claim_waiting(stage):
    held = stage.connection(REFUSING)
    stage.accept("tx-1")
    other = stage.connection(REFUSING)
    stage.accept("tx-2")
    with lane_held(held, by=1, seconds=20):
        started = time.monotonic()
        assert claim(waits=True).deliveries == []
        assert time.monotonic() - started < 2
        assert [one.connection_id for one in claim().deliveries] == [other.id]


def test_flood_to_one_connection_does_not_let_it_wait(stage):
    """As many requests at once, each with one referral, write to its lane without a pause."""
    with receiving() as crm:
        connection = stage.connection(crm, concurrency=50)
        with pumping(), lane_held(connection, by=3, seconds=0.02):
            started = time.monotonic()
            for number in range(1, 11):
                stage.accept(f"tx-{number}")
                expected = {"delivered": number}
                wait_until(lambda expected=expected: stage.statuses() == expected)
            assert time.monotonic() - started < 5


@pytest.mark.parametrize("rate", [None, 1000])
def test_limit_that_is_lifted_or_raised_holds_nothing_back(stage, rate):
    connection = stage.connection(REFUSING, rate_per_second=0.01)
    stage.accept("tx-1", "tx-2")
    assert len(claim().deliveries) == 1
    held_back = claim()
    assert held_back.deliveries == []
    assert 60 < (held_back.next_ready_at - now()).total_seconds() < 120
    who = {"account": stage.cast.account, "actor": stage.cast.actor, "now": now()}
    config = connection.head_version.document
    policy = config.delivery.model_copy(update={"rate_per_second": rate})
    config = config.model_copy(update={"delivery": policy})
    change_connection(connection_id=connection.id, config=config, **who)
    activate_connection(connection_id=connection.id, override="another limit", **who)
    assert len(claim().deliveries) == 1


def test_referral_to_a_limited_connection_rings_no_bell_that_nobody_can_follow(stage):
    stage.connection(REFUSING, rate_per_second=0.01)
    stage.accept("tx-1", "tx-2")
    claim()
    before = Lane.objects.get().ready_at
    stage.accept("tx-3")
    assert Lane.objects.get().ready_at == before
