"""The partitions of referrals, deliveries and attempts: made ahead, dropped when they are old."""

from datetime import datetime, timedelta

from django.db import connections

AHEAD = timedelta(days=21)
"""Two whole weeks without anybody making any."""


def make_partitions(*, now: datetime, using: str = "default") -> int:
    """Make what is missing until three weeks from now; return how many weeks were."""
    with connections[using].cursor() as cursor:
        cursor.execute("SELECT delivery_make_partitions(%s)", [now + AHEAD])
        return int(cursor.fetchone()[0])


def drop_partitions(*, before: datetime) -> list[str]:
    """Drop the weeks that ended before, when no account keeps them and nothing in them waits.

    *Shape*: the dropped weeks, as in the names of their tables: `_20261123` is its Monday.
    """
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT delivery_drop_partitions(%s)", [before])
        return list(cursor.fetchone()[0])


def strays() -> list[str]:
    """Return the tables that hold rows outside of every week; there should be none."""
    with connections["default"].cursor() as cursor:
        cursor.execute(
            """
            SELECT 'referral' WHERE EXISTS (SELECT FROM delivery_referral_default)
            UNION ALL SELECT 'delivery' WHERE EXISTS (SELECT FROM delivery_delivery_default)
            UNION ALL SELECT 'attempt' WHERE EXISTS (SELECT FROM delivery_attempt_default)
            """
        )
        return [name for (name,) in cursor.fetchall()]
