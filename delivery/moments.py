"""Ids that tell when: UUIDv7s of a moment, so that rows lie in the partition of their time."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from uuid_utils.compat import uuid7

_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_MICROSECOND = timedelta(microseconds=1)


def id_at(moment: datetime) -> UUID:
    """Return a new id that was made at this moment."""
    return uuid7(nanoseconds=(moment - _BEGINNING) // _MICROSECOND * 1_000)


def first_id_at(moment: datetime) -> UUID:
    """Return what is not above any id of this millisecond, and above all that are older."""
    return UUID(int=((moment - _BEGINNING) // _MILLISECOND) << 80)


def moment_of(identifier: UUID) -> datetime:
    """Return when an id was made, to the millisecond."""
    return _BEGINNING + (identifier.int >> 80) * _MILLISECOND
