"""When the requests of a connection with a rate limit may leave: in slots that its lane gives out.

A claim takes the next slots of the lane that it has locked anyhow, by the database's clock, so
that all pumps together keep the limit. A slot lasts a moment only: a request that came too late
for its own gives it up and asks for another, or else those that were late would leave at once.
"""

import asyncio
import time
from dataclasses import dataclass

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


class SlotMissedError(Exception):
    """Nothing was sent: the worker was too busy at the moment that was meant for it."""


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
