"""Lanes: whoever makes a delivery wait or frees a slot rings one, and only a claim silences it.

Lanes are always locked in the order of their ids, and no lock is waited for after them.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection as database

from delivery.queue.oldest import FROM_THE_START

# A claim costs as much for one delivery as for ten, and keeps those who ring its lanes waiting:
# what comes to a lane so soon after a claim waits for company. What comes alone never waits.
COMPANY_SECONDS = 0.02

_READY_AT = f"""
GREATEST(%(now)s, delivery_lane.served_at + make_interval(secs => {COMPANY_SECONDS}))
"""

# Ends a statement that says in `changed` which connections to ring. One that rings already is
# locked and left as it is: what it is rung for is committed before a claim can silence it.
RING = f"""
INSERT INTO delivery_lane (connection_id, ready_at, served_at)
SELECT DISTINCT connection_id, %(now)s::timestamptz, %(now)s::timestamptz FROM changed
ORDER BY connection_id
ON CONFLICT (connection_id) DO UPDATE SET ready_at = {_READY_AT}
WHERE (delivery_lane.ready_at IS NULL OR delivery_lane.ready_at > {_READY_AT})
"""  # noqa: S608  our own text

# For what does not free a slot: a full lane is rung by whoever frees one.
RING_UNLESS_FULL = RING + " AND NOT delivery_lane.is_full"

# Who rings does it with what he lets wait, so there is nothing to find; unless what waits is
# older than what some pump looked at when it silenced the lane. A full lane is not forgotten: the
# end of any of its leases rings it.
_RING_FORGOTTEN = """
WITH changed AS (
    SELECT connection.id AS connection_id
    FROM connections_connection connection
    LEFT JOIN delivery_lane lane ON lane.connection_id = connection.id
    WHERE connection.status = 'active' AND lane.ready_at IS NULL AND EXISTS (
        SELECT FROM delivery_delivery waiting
        WHERE waiting.connection_id = connection.id
            AND waiting.status IN ('pending', 'retrying') AND waiting.lease_expires_at IS NULL
            AND waiting.id >= %(since)s
    ) AND NOT (lane.is_full IS TRUE AND EXISTS (
        SELECT FROM delivery_delivery leased
        WHERE leased.connection_id = connection.id AND leased.lease_expires_at IS NOT NULL
            AND leased.id >= %(since)s
    ))
)
"""


def ring_forgotten_lanes(*, now: datetime, since: UUID = FROM_THE_START) -> int:
    """Ring the lanes where something waits and nobody rang; return how many."""
    return execute(_RING_FORGOTTEN + RING, {"since": since, "now": now})


def execute(statement: str, parameters: dict[str, Any]) -> int:
    with database.cursor() as cursor:
        cursor.execute(statement, parameters)
        return int(cursor.rowcount)
