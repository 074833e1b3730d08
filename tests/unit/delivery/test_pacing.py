import asyncio
import time

import pytest

from delivery.pacing import (
    SLOT_SECONDS,
    SLOT_STRETCH,
    Slot,
    SlotMissedError,
    SlotPace,
    wait_for_slot,
)


def test_slot_is_waited_for():
    began = time.monotonic()
    asyncio.run(wait_for_slot(Slot(began + 0.1, lasts_seconds=5)))
    assert time.monotonic() >= began + 0.1


def test_slot_that_is_over_is_refused():
    with pytest.raises(SlotMissedError):
        asyncio.run(wait_for_slot(Slot(time.monotonic() - 1, lasts_seconds=0.5)))


def test_more_requests_than_the_limit_never_fit_into_a_second():
    """The first as late as it may be, the one after as many as the limit allows on time."""
    assert SLOT_STRETCH - SLOT_SECONDS > 1


def pace_of(first, *others):
    """Return the pace of an attempt, and those slots that it has not taken yet."""
    left = list(others)

    async def take(_patience_seconds):
        if not left:
            raise SlotMissedError
        return left.pop(0)

    return SlotPace(first, take=take), left


def slot_in(seconds, *, lasts_seconds=5):
    return Slot(time.monotonic() + seconds, lasts_seconds)


def test_first_request_of_an_attempt_has_the_slot_of_its_claim():
    pace, left = pace_of(slot_in(0), slot_in(0))
    asyncio.run(pace(1))
    assert len(left) == 1


def test_each_request_after_it_takes_another():
    async def two_requests():
        await pace(1)
        await pace(1)

    began = time.monotonic()
    pace, left = pace_of(slot_in(0), slot_in(0.1))
    asyncio.run(two_requests())
    assert left == []
    assert time.monotonic() >= began + 0.1


def test_request_that_missed_slots_takes_others_until_there_is_none():
    over = slot_in(-1, lasts_seconds=0.5)
    pace, left = pace_of(over, over, over)
    with pytest.raises(SlotMissedError):
        asyncio.run(pace(1))
    assert left == []
