"""A slot for one more request of an attempt: as a claim takes its own, from the lane."""

import math
import time
from uuid import UUID

from psycopg import AsyncConnection

from delivery import pacing
from delivery.pacing import Slot, SlotMissedError

# As `slot` in a claim. The lane is locked first, so that what is read of it is the latest.
_TAKE = """
WITH slot AS (
    SELECT lane.connection_id, GREATEST(%(lead)s,
            extract(epoch FROM lane.last_slot_at - statement_timestamp())::float8
                + %(stretch)s / version.rate_per_second
        ) AS in_seconds,
        GREATEST(%(slot)s, %(stretch)s / version.rate_per_second - 1 - %(slot)s) AS lasts_seconds
    FROM delivery_lane lane
    JOIN connections_connection connection ON connection.id = lane.connection_id
    JOIN connections_connectionversion version ON version.id = connection.live_version_id
    WHERE lane.connection_id = %(connection_id)s AND version.rate_per_second IS NOT NULL
    FOR UPDATE OF lane
), taken AS (
    UPDATE delivery_lane lane
    SET last_slot_at = statement_timestamp() + make_interval(secs => slot.in_seconds)
    FROM slot
    WHERE lane.connection_id = slot.connection_id AND slot.in_seconds <= %(patience)s
)
SELECT in_seconds, lasts_seconds FROM slot
"""


async def take_slot(
    connection: AsyncConnection, *, connection_id: UUID, patience_seconds: float
) -> Slot:
    """Take the next slot of a connection; one that has no limit any more lets go at once.

    *Raises* SlotMissedError when the next begins after the patience; it is left to others then.
    """
    parameters = {
        "connection_id": connection_id,
        "patience": patience_seconds,
        "stretch": pacing.SLOT_STRETCH,
        "slot": pacing.SLOT_SECONDS,
        "lead": pacing.LEAD_SECONDS,
    }
    asked_at = time.monotonic()
    cursor = await connection.execute(_TAKE, parameters)
    in_seconds, lasts_seconds = await cursor.fetchone() or (0.0, math.inf)
    if in_seconds > max(patience_seconds, 0):
        raise SlotMissedError
    return Slot(asked_at + in_seconds, lasts_seconds)
