"""When the requests of a connection with a rate limit may leave: in slots that its lane gives out.

A claim takes the next slots of the lane that it has locked anyhow, by the database's clock, so
that all pumps together keep the limit. A slot lasts a moment only: a request that came too late
for its own gives it up and asks for another, or else those that were late would leave at once.
What an attempt sends after its first request, with another access token, has a slot of its own.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass

from connections.exchange.perform import TooLateError

SLOT_STRETCH = 1.05
"""Slots are that much further apart than the limit asks for, so that no second gets more than
the limit however early or late within its slot each request leaves."""
SLOT_SECONDS = 0.04
"""How late a request may leave at least: N slots and the stretch last longer than a second and
this. Where slots are further apart than a second, it may be later."""
LEAD_SECONDS = 0.025
"""The first slot of a claim: when its answer will have come."""
HORIZON_SECONDS = 0.5
"""Slots up to then are given out; whoever waits for a slot takes room in its pump."""
REFILL_SECONDS = 0.25
"""More are given out when those that were last but so long."""


class SlotMissedError(TooLateError):
    """Nothing was sent: the moment that was meant for it is over, or none comes in time."""


@dataclass(frozen=True, slots=True)
class Slot:
    """When one request may leave."""

    at: float
    """A moment of the monotonic clock."""
    lasts_seconds: float


async def wait_for_slot(slot: Slot) -> None:
    """Return when the slot begins. *Raises* SlotMissedError when it is over."""
    await asyncio.sleep(slot.at - time.monotonic())
    if time.monotonic() > slot.at + slot.lasts_seconds:
        raise SlotMissedError


class SlotPace:
    """Lets each request of one attempt leave in a slot of its own: a `Pace` for `perform`."""

    def __init__(self, slot: Slot, *, take: Callable[[float], Awaitable[Slot]]) -> None:
        """Begin with the claim's own slot.

        `take` takes another, which begins within so many seconds, or *raises* SlotMissedError.
        """
        self._unused: Slot | None = slot
        self._take = take

    async def __call__(self, patience_seconds: float) -> None:
        ends_at = time.monotonic() + patience_seconds
        while True:
            slot = self._unused or await self._take(ends_at - time.monotonic())
            self._unused = None
            with suppress(SlotMissedError):
                return await wait_for_slot(slot)
