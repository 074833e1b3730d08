"""From where on a statement of the engine has to look: the id of the oldest that waits."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection as database
from psycopg import AsyncConnection

from delivery.moments import first_id_at

# The first week in which something waits or is leased; and whether something does that lies in
# no week. Thirty days of weeks, unless an account keeps people for longer: what waits beyond
# that is given up.
_OLDEST = """
SELECT EXISTS (
    SELECT FROM delivery_delivery_default
    WHERE status IN ('pending', 'retrying') AND lease_expires_at IS NULL
) OR EXISTS (SELECT FROM delivery_delivery_default WHERE lease_expires_at IS NOT NULL), (
    SELECT week FROM generate_series(
        date_trunc('week', %(now)s - make_interval(
            days => 7 + (SELECT COALESCE(max(personal_data_days), 0) FROM accounts_account)
        ), 'UTC'), %(now)s, interval '7 days'
    ) AS week
    WHERE (
        -- The order of the index in which nothing else is: else all ids would be read, the
        -- finished ones of the past first.
        SELECT TRUE FROM delivery_delivery waiting
        WHERE waiting.status IN ('pending', 'retrying') AND waiting.lease_expires_at IS NULL
            AND waiting.id < delivery_first_id(week + interval '7 days')
        ORDER BY waiting.connection_id, waiting.next_attempt_at
        LIMIT 1
    ) OR EXISTS (
        SELECT FROM delivery_delivery leased WHERE leased.lease_expires_at IS NOT NULL
            AND leased.id < delivery_first_id(week + interval '7 days')
    )
    ORDER BY week
    LIMIT 1
)
"""

# Clocks differ, and a referral is made just before its deliveries: that may have been last week.
CLOCKS_DIFFER = timedelta(hours=1)

FROM_THE_START = UUID(int=0)


async def oldest_waiting(connection: AsyncConnection, *, now: datetime) -> UUID:
    """Return the id from which on all lies that waits or is leased, or will soon.

    It keeps a statement out of the partitions of the past. One that is some seconds old is good
    enough: if something older waits again, the sweep rings for it.
    """
    oldest = await connection.execute(_OLDEST, {"now": now})
    return _since(await oldest.fetchone(), now)


def oldest_to_sweep(*, now: datetime) -> UUID:
    """Return the same, for a sweep."""
    with database.cursor() as cursor:
        cursor.execute(_OLDEST, {"now": now})
        return _since(cursor.fetchone(), now)


def _since(row: tuple[bool, datetime | None] | None, now: datetime) -> UUID:
    if row is None or row[0]:
        return FROM_THE_START
    return first_id_at(min(row[1] or now, now) - CLOCKS_DIFFER)
