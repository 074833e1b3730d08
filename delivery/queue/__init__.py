"""The engine's statements, all that it says to PostgreSQL; one module for each noun."""

from delivery.queue.claims import UNLINKED, Claim, Claimed, claim, claim_parameters, give_back
from delivery.queue.lanes import RING_UNLESS_FULL, ring_forgotten_lanes
from delivery.queue.repair import ARCHIVED, cancel_archived, database_now, release_expired
from delivery.queue.settles import Aftermath, Settled, settle
from delivery.queue.span import EVERYTHING, Span, span_of_what_waits, waiting_span

__all__ = [
    "ARCHIVED",
    "EVERYTHING",
    "RING_UNLESS_FULL",
    "UNLINKED",
    "Aftermath",
    "Claim",
    "Claimed",
    "Settled",
    "Span",
    "cancel_archived",
    "claim",
    "claim_parameters",
    "database_now",
    "give_back",
    "release_expired",
    "ring_forgotten_lanes",
    "settle",
    "span_of_what_waits",
    "waiting_span",
]
