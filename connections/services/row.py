"""The row of a connection while it changes: locked first, written once, with its event."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from accounts.access import Actor
from accounts.errors import ReadAgain, ResolveConflict
from accounts.models import Account
from accounts.services import record_event
from connections.models import Connection, ConnectionStatus, ConnectionVersion


def locked_connection(
    account: Account, connection_id: UUID | str, *, expected_revision: int | None = None
) -> Connection:
    """Return the connection, which nobody else changes until the transaction ends.

    *Raises* LookElsewhere; ReadAgain when it is not at the expected revision any more;
    ResolveConflict when it is archived.
    """
    # no_key: referrals that name it go on being inserted. Its versions are read afterwards: a
    # join would still show them as they were before the lock was waited for.
    connections = Connection.objects.for_account(account).select_for_update(no_key=True)
    connection = connections.get_or_404(id=connection_id)
    connection.account = account
    if expected_revision not in (None, connection.revision):
        raise ReadAgain(
            f"{connection.name} was changed since you read it. Read it again, then repeat your"
            " change."
        )
    if connection.status == ConnectionStatus.ARCHIVED:
        raise ResolveConflict(f"{connection.name} is archived. Add a new connection instead.")
    return connection


def head_of(connection: Connection) -> ConnectionVersion:
    """Return the newest version; `create_connection` makes the first."""
    if connection.head_version is None:
        raise AssertionError("a connection has a version from its creation on")
    return connection.head_version


def save_changed(
    connection: Connection,
    *,
    actor: Actor,
    now: datetime,
    event: str,
    details: Mapping[str, object] | None = None,
) -> None:
    """Write the row under its next revision, and who did what."""
    connection.revision += 1
    connection.updated_at = now
    connection.save()
    record_event(
        account=connection.account,
        actor=actor,
        event=event,
        subject=connection,
        details=details,
        now=now,
    )
