"""The bell in Redis: one pump takes it, and one that is full leaves it to another."""

import asyncio
import time

import pytest
from django.conf import settings
from redis import Redis

from delivery import queue
from delivery.doorbell import BELL, Listener
from delivery.models import Lane
from tests.delivery_stage import now, set_stage
from tests.integration.test_delivery_engine import COMPANY, NOWHERE, claim


@pytest.fixture
def redis():
    with Redis.from_url(settings.REDIS_URL) as client:
        client.delete(BELL)
        yield client
        client.delete(BELL)


async def heard(redis, *, is_full=lambda: False, in_milliseconds=0):
    """Ring once while a pump listens for half a second; tell whether it was woken."""
    wake = asyncio.Event()
    listening = asyncio.create_task(Listener(wake, is_full=is_full).run())
    await asyncio.sleep(0.1)
    redis.lpush(BELL, in_milliseconds)
    await asyncio.sleep(0.4)
    while not listening.done():
        listening.cancel()
        await asyncio.wait([listening], timeout=0.2)
    return wake.is_set()


def test_pump_with_room_takes_the_bell(redis):
    assert asyncio.run(heard(redis))
    assert redis.llen(BELL) == 0


def test_bell_wakes_when_there_is_something_to_claim(redis):
    assert asyncio.run(heard(redis, in_milliseconds=20))
    assert not asyncio.run(heard(redis, in_milliseconds=5_000))


def test_full_pump_leaves_the_bell(redis):
    assert not asyncio.run(heard(redis, is_full=lambda: True))
    assert redis.llen(BELL) == 1


def test_pump_that_was_filled_while_it_listened_passes_the_bell_on(redis):
    answers = iter([False])
    asyncio.run(heard(redis, is_full=lambda: next(answers, True)))
    assert redis.llen(BELL) == 1


def rung(redis):
    return [int(milliseconds) for milliseconds in redis.lrange(BELL, 0, -1)]


def test_what_comes_alone_is_rung_for_at_once(transactional_db, redis):
    stage = set_stage()
    stage.connection(NOWHERE)
    stage.accept("tx-1")
    assert rung(redis) == [0]
    claim()
    time.sleep(queue.COMPANY_SECONDS)
    stage.accept("tx-2")
    assert rung(redis) == [0]
    assert len(claim().deliveries) == 1


def test_what_comes_right_after_a_claim_waits_for_company(transactional_db, redis):
    stage = set_stage()
    stage.connection(NOWHERE)
    stage.accept("tx-1")
    claimed_at = now()
    claim(at=claimed_at)
    redis.delete(BELL)
    claimed_until = Lane.objects.get().served_at
    assert claimed_until > claimed_at
    stage.accept("tx-2", at=claimed_until)
    assert rung(redis) == [queue.COMPANY_SECONDS * 1000]
    redis.delete(BELL)
    stage.accept("tx-3", at=claimed_until + COMPANY / 2)
    assert rung(redis) == [], "it is rung for already"
    assert Lane.objects.get().ready_at == claimed_until + COMPANY
    assert claim(at=claimed_until + COMPANY / 2).deliveries == []
    assert len(claim(at=claimed_until + COMPANY).deliveries) == 2


def test_sender_whose_clock_is_behind_keeps_no_pump_asleep(transactional_db, redis):
    stage = set_stage()
    stage.connection(NOWHERE)
    stage.accept("tx-1")
    claim()
    stage.accept("tx-2", at=now() - 60 * 60 * COMPANY)
    assert rung(redis) == [queue.COMPANY_SECONDS * 1000]
