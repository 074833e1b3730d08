"""Where a statement of the engine has to look: the ids between which all lies that waits."""

from dataclasses import dataclass
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
    WHERE EXISTS (
        SELECT FROM delivery_delivery waiting
        WHERE waiting.status IN ('pending', 'retrying') AND waiting.lease_expires_at IS NULL
            AND waiting.id >= delivery_first_id(week)
            AND waiting.id < delivery_first_id(week + interval '7 days')
    ) OR EXISTS (
        SELECT FROM delivery_delivery leased WHERE leased.lease_expires_at IS NOT NULL
            AND leased.id >= delivery_first_id(week)
            AND leased.id < delivery_first_id(week + interval '7 days')
    )
    ORDER BY week
    LIMIT 1
)
"""

# Clocks differ: what was made just now may bear an id of before, or of what is to come.
CLOCKS_DIFFER = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Span:
    """The ids between which all lie that wait or are leased: `since` and above, below `until`.

    It keeps a statement out of the partitions of the past and of the future. One that is some
    seconds old is good enough: if something older waits again, the sweep rings for it.
    """

    since: UUID
    until: UUID


EVERYTHING = Span(UUID(int=0), UUID(int=2**128 - 1))


async def waiting_span(connection: AsyncConnection, *, now: datetime) -> Span:
    """Return where claims have to look."""
    oldest = await connection.execute(_OLDEST, {"now": now})
    return _span(await oldest.fetchone(), now)


def span_of_what_waits(*, now: datetime) -> Span:
    """Return where a sweep has to look."""
    with database.cursor() as cursor:
        cursor.execute(_OLDEST, {"now": now})
        return _span(cursor.fetchone(), now)


def _span(row: tuple[bool, datetime | None] | None, now: datetime) -> Span:
    if row is None or row[0]:
        return EVERYTHING
    recent = now - CLOCKS_DIFFER
    return Span(
        since=first_id_at(min(row[1] or recent, recent)), until=first_id_at(now + CLOCKS_DIFFER)
    )
