"""The engine's statements, all that it says to PostgreSQL; one module for each noun."""

from delivery.queue.claims import UNLINKED, Claim, Claimed, claim, claim_parameters, give_back
from delivery.queue.lanes import COMPANY_SECONDS, RING_UNLESS_FULL, ring_forgotten_lanes
from delivery.queue.oldest import FROM_THE_START, oldest_to_sweep, oldest_waiting
from delivery.queue.repair import ARCHIVED, cancel_archived, database_now, release_expired
from delivery.queue.settles import Aftermath, Settled, settle
from delivery.queue.slots import take_slot

__all__ = [
    "ARCHIVED",
    "COMPANY_SECONDS",
    "FROM_THE_START",
    "RING_UNLESS_FULL",
    "UNLINKED",
    "Aftermath",
    "Claim",
    "Claimed",
    "Settled",
    "cancel_archived",
    "claim",
    "claim_parameters",
    "database_now",
    "give_back",
    "oldest_to_sweep",
    "oldest_waiting",
    "release_expired",
    "ring_forgotten_lanes",
    "settle",
    "take_slot",
]
