"""Looks after a fault whether every referral that was accepted came to exactly one end."""

from collections import Counter
from dataclasses import dataclass
from itertools import pairwise

from tests.faults.stage import Line, Stage

# Of the schedule of retries; what a stopped worker held waits for its lease, which is longer.
SHORTEST_PAUSE_SECONDS = 0.95

_DELIVERIES = """
SELECT referral.external_id, delivery.id::text, delivery.status, delivery.attempt_count,
    delivery.reason,
    (SELECT count(*) FROM delivery_attempt attempt WHERE attempt.delivery_id = delivery.id),
    (SELECT count(*) FROM delivery_attempt attempt
        WHERE attempt.delivery_id = delivery.id AND attempt.outcome = 'delivered')
FROM delivery_delivery delivery JOIN delivery_referral referral ON referral.id = referral_id
WHERE delivery.connection_id = %s
"""
_UNFINISHED = """
SELECT count(*) FROM delivery_delivery
WHERE connection_id = %s AND status IN ('pending', 'retrying')
"""


@dataclass(frozen=True, slots=True)
class Result:
    """What is printed of one fault."""

    fault: str
    accepted: int
    delivered: int
    received: int
    repeated: int
    """How many came to the receiver more than once, each under its own Idempotency-Key."""
    posts_again: int
    seconds: float

    def row(self) -> str:
        return (
            f"| {self.fault} | {self.accepted:,} | {self.delivered:,} | {self.received:,} |"
            f" {self.repeated:,} | {self.posts_again:,} | {self.seconds:.0f} |"
        )


HEADINGS = (
    "| fault | accepted | delivered | requests at the receiver | repeated under the same key |"
    " POSTs that had to be sent again | seconds |\n|---|---:|---:|---:|---:|---:|---:|"
)


def unfinished(stage: Stage, line: Line) -> int:
    return stage.rows(_UNFINISHED, line.connection_id)[0][0]


def check(stage: Stage, line: Line, *, fault: str, count: int, seconds: float) -> Result:
    """Compare what was accepted with the database and with what the receiver saw."""
    rows = stage.rows(_DELIVERIES, line.connection_id)
    assert len(line.accepted) == len(line.sent) == count
    assert {row[0]: row[1] for row in rows} == line.accepted, "each was accepted once"
    assert len(rows) == count, "each has one delivery"
    ends = Counter(row[2] if row[2] == "delivered" else f"{row[2]}: {row[4]}" for row in rows)
    assert ends == {"delivered": count}, "each has its final status"
    assert all(row[3] == row[5] for row in rows), "each attempt is recorded"
    assert {delivered for *_, delivered in rows} == {1}, "each was settled once"
    receiver = line.receiver
    assert receiver.keys.keys() == set(line.accepted.values()), "no other was sent"
    assert receiver.requests >= count
    assert {len(bodies) for bodies in receiver.bodies.values()} == {1}, "a key is one referral"
    contents = {body for bodies in receiver.bodies.values() for body in bodies}
    assert len(contents) == count, "no referral went under two keys"
    pauses = [later - one for times in receiver.times.values() for one, later in pairwise(times)]
    shortest = min(pauses, default=SHORTEST_PAUSE_SECONDS) + receiver.latest
    assert shortest >= SHORTEST_PAUSE_SECONDS, "none was sent again too early"
    return Result(
        fault=fault,
        accepted=len(line.accepted),
        delivered=len(rows),
        received=receiver.requests,
        repeated=sum(1 for times in receiver.keys.values() if times > 1),
        posts_again=line.posts_again,
        seconds=seconds,
    )
