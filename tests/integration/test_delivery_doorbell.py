"""The bell in Redis: one pump takes it, and one that is full leaves it to another."""

import asyncio

import pytest
from django.conf import settings
from redis import Redis

from delivery.doorbell import BELL, Listener


@pytest.fixture
def redis():
    with Redis.from_url(settings.REDIS_URL) as client:
        client.delete(BELL)
        yield client
        client.delete(BELL)


async def heard(redis, *, is_full):
    """Ring once while a pump listens for half a second; tell whether it was woken."""
    wake = asyncio.Event()
    listening = asyncio.create_task(Listener(wake, is_full=is_full).run())
    await asyncio.sleep(0.1)
    redis.lpush(BELL, 1)
    await asyncio.sleep(0.4)
    while not listening.done():
        listening.cancel()
        await asyncio.wait([listening], timeout=0.2)
    return wake.is_set()


def test_pump_with_room_takes_the_bell(redis):
    assert asyncio.run(heard(redis, is_full=lambda: False))
    assert redis.llen(BELL) == 0


def test_full_pump_leaves_the_bell(redis):
    assert not asyncio.run(heard(redis, is_full=lambda: True))
    assert redis.llen(BELL) == 1


def test_pump_that_was_filled_while_it_listened_passes_the_bell_on(redis):
    answers = iter([False])
    asyncio.run(heard(redis, is_full=lambda: next(answers, True)))
    assert redis.llen(BELL) == 1
