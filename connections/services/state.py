"""Whether a connection is in use: activate, pause, resume."""

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts.access import Actor
from accounts.errors import CorrectInput, Problem, ResolveConflict
from accounts.models import Account
from connections.exchange.config import ConnectionConfig, Environment
from connections.exchange.rendering import referenced_secrets
from connections.models import Connection, ConnectionHealth, ConnectionStatus
from connections.secrets import usable_secrets
from connections.selectors import custom_definitions, is_tested
from connections.services.row import head_of, locked_connection, save_changed
from connections.signals import connection_mended

LEAST_REASON_CHARACTERS = 3
MAX_REASON_CHARACTERS = 500


@transaction.atomic
def activate_connection(
    *,
    account: Account,
    actor: Actor,
    now: datetime,
    connection_id: UUID | str,
    expected_revision: int | None = None,
    override: str | None = None,
) -> Connection:
    """Make the newest version the one that referrals are sent with.

    It must have a production endpoint with all its secrets, and a passed test run, or else
    an `override`: the reason for doing without, which is recorded.

    *Raises* LookElsewhere; ReadAgain; CorrectInput (no real reason); ResolveConflict.
    *Effects* an endpoint that refused the version before is tried again.
    """
    reason = None if override is None else _checked_reason(override)
    connection = locked_connection(account, connection_id, expected_revision=expected_revision)
    head = head_of(connection)
    if connection.status == ConnectionStatus.ACTIVE and connection.live_version == head:
        return connection
    tested = is_tested(connection)
    obstacles = list(_obstacles(connection, head.document))
    if not tested and reason is None:
        obstacles.append(
            f"No test run of version {head.number} passed: run its tests first, or say why it"
            " should go live without."
        )
    if obstacles:
        raise ResolveConflict(" ".join(obstacles), code="not_ready")
    connection.live_version = head
    connection.status = ConnectionStatus.ACTIVE
    details = {"version": head.number, "tested": tested, "override": reason}
    save_changed(connection, actor=actor, now=now, event="connection.activated", details=details)
    connection_mended.send(Connection, connection=connection)
    return connection


@transaction.atomic
def pause_connection(
    *,
    account: Account,
    actor: Actor,
    now: datetime,
    connection_id: UUID | str,
    expected_revision: int | None = None,
) -> Connection:
    """Hold what comes for this connection until it is resumed.

    *Raises* LookElsewhere; ReadAgain; ResolveConflict when it is not in use.
    """
    connection = locked_connection(account, connection_id, expected_revision=expected_revision)
    return _move(connection, ConnectionStatus.PAUSED, "connection.paused", actor=actor, now=now)


@transaction.atomic
def resume_connection(
    *,
    account: Account,
    actor: Actor,
    now: datetime,
    connection_id: UUID | str,
    expected_revision: int | None = None,
) -> Connection:
    """Send again with the version that was live before the pause.

    One that is not paused is tried again at once, should sending fail at the moment.

    *Raises* LookElsewhere; ReadAgain; ResolveConflict when it was never in use.
    """
    connection = locked_connection(account, connection_id, expected_revision=expected_revision)
    return _move(connection, ConnectionStatus.ACTIVE, "connection.resumed", actor=actor, now=now)


def _move(
    connection: Connection, status: ConnectionStatus, event: str, *, actor: Actor, now: datetime
) -> Connection:
    if connection.status == ConnectionStatus.DRAFT:
        raise ResolveConflict(f"{connection.name} is a draft: activate it first.", code="draft")
    is_sick = connection.health != ConnectionHealth.HEALTHY
    if connection.status != status or (status == ConnectionStatus.ACTIVE and is_sick):
        connection.status = status
        save_changed(connection, actor=actor, now=now, event=event)
        if status == ConnectionStatus.ACTIVE:
            connection_mended.send(Connection, connection=connection)
    return connection


def _obstacles(connection: Connection, config: ConnectionConfig) -> Iterator[str]:
    """Yield what has to be done before this configuration can be used."""
    if Environment.PRODUCTION not in config.environments:
        yield "There is no production endpoint: add its URL."
        return
    set_for_production = {
        row.name
        for row in usable_secrets(connection, connection.head_version)
        if row.environment == Environment.PRODUCTION
    }
    fields = custom_definitions(connection.account)
    referenced = referenced_secrets(config, custom_fields=fields)
    for name in sorted(referenced - set_for_production):
        yield f'The secret "{name}" has no value for production: set it.'


def _checked_reason(override: str) -> str:
    reason = override.strip()
    if not LEAST_REASON_CHARACTERS <= len(reason) <= MAX_REASON_CHARACTERS or "\x00" in reason:
        detail = (
            f"Say in {LEAST_REASON_CHARACTERS} to {MAX_REASON_CHARACTERS} characters why this goes"
            " live without a passed test."
        )
        raise CorrectInput(Problem("/override", "length", detail))
    return reason
