import asyncio
import time

import pytest

from delivery.pacing import SLOT_SECONDS, SLOT_STRETCH, Slot, SlotMissedError, wait_for_slot


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
