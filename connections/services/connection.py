"""Adds, changes and archives connections; each changed configuration is a new version."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from accounts.access import Actor
from accounts.errors import CorrectInput, Problem
from accounts.models import Account
from accounts.services import record_event
from connections.documents import Contact, DocumentationLink, MergePatch, dumped, require_usable
from connections.exchange.config import ConnectionConfig
from connections.models import Connection, ConnectionStatus, ConnectionVersion
from connections.secrets import drop_unusable_secrets, usable_secrets
from connections.selectors import connection_of, custom_definitions, versions_of
from connections.services.row import head_of, locked_connection, save_changed
from connections.services.secret import keep_secret_values, tell_if_mended
from connections.signals import connection_archived

MAX_NAME_CHARACTERS = 100


@dataclass(frozen=True, slots=True)
class Change:
    """What became of a connection that was changed."""

    connection: Connection
    dropped_secrets: tuple[str, ...]
    """Secrets that have to be set again, for their environment has another host now."""
    new_version: bool


@transaction.atomic
def create_connection(
    *,
    account: Account,
    actor: Actor,
    now: datetime,
    name: str,
    config: ConnectionConfig,
    contacts: Sequence[Contact] = (),
    documentation: Sequence[DocumentationLink] = (),
    secret_values: Mapping[str, str] | None = None,
) -> Connection:
    """Add a draft with its first version. A name and an endpoint are enough.

    *Raises* CorrectInput (the name is empty, too long or taken; the configuration is wrong).
    """
    # A custom field that it uses is not deleted meanwhile.
    Account.objects.select_for_update(no_key=True).get(pk=account.pk)
    require_usable(config, custom_fields=custom_definitions(account))
    connection = Connection(
        account=account,
        name=checked_name(name),
        contacts=[dumped(contact) for contact in contacts],
        documentation=[dumped(link) for link in documentation],
        created_at=now,
        updated_at=now,
    )
    _save_named(connection)
    _add_version(connection, config, number=1, actor=actor, now=now)
    connection.save(update_fields=["head_version"])
    keep_secret_values(connection, config, secret_values or {}, actor=actor, now=now)
    record_event(
        account=account,
        actor=actor,
        event="connection.created",
        subject=connection,
        details={"name": connection.name, "secrets": sorted(secret_values or {})},
        now=now,
    )
    return connection


@transaction.atomic
def change_connection(  # noqa: PLR0913  each is a fact that may change by itself
    *,
    account: Account,
    actor: Actor,
    now: datetime,
    connection_id: UUID | str,
    expected_revision: int | None = None,
    name: str | None = None,
    config: ConnectionConfig | MergePatch | None = None,
    contacts: Sequence[Contact] | None = None,
    documentation: Sequence[DocumentationLink] | None = None,
    secret_values: Mapping[str, str] | None = None,
) -> Change:
    """Change what is given; what stays equal makes no version, no revision and no event.

    A new version of an active connection is not live before it is activated.

    *Raises* LookElsewhere; ReadAgain; ResolveConflict (archived); CorrectInput.
    *Effects* secrets bound to a host that no version in use has any more are deleted.
    """
    connection = locked_connection(account, connection_id, expected_revision=expected_revision)
    changed = _set_facts(connection, name=name, contacts=contacts, documentation=documentation)
    before = _usable_names(connection)
    if config is not None and _change_config(connection, config, actor=actor, now=now):
        changed.append("config")
    if secret_values:
        document = head_of(connection).document
        keep_secret_values(connection, document, secret_values, actor=actor, now=now)
        changed.append("secrets")
    dropped = tuple(sorted({name for name, _ in before - _usable_names(connection)}))
    if changed:
        drop_unusable_secrets(connection)
        if "name" in changed:
            _save_named(connection)
        details = {
            "changed": changed,
            "version": head_of(connection).number,
            "secrets": sorted(secret_values or {}),
            "dropped_secrets": list(dropped),
        }
        save_changed(connection, actor=actor, now=now, event="connection.changed", details=details)
    if secret_values:
        tell_if_mended(connection, now=now)
    return Change(connection, dropped, new_version="config" in changed)


@transaction.atomic
def restore_version(
    *,
    account: Account,
    actor: Actor,
    now: datetime,
    connection_id: UUID | str,
    number: int,
    expected_revision: int | None = None,
) -> Change:
    """Make the configuration of an earlier version the newest one again, as a new version.

    *Raises* as `change_connection`; LookElsewhere when there is no such version.
    """
    connection = connection_of(account, connection_id)
    version = versions_of(connection).get_or_404(number=number)
    return change_connection(
        account=account,
        actor=actor,
        now=now,
        connection_id=connection_id,
        expected_revision=expected_revision,
        config=version.document,
    )


@transaction.atomic
def archive_connection(
    *,
    account: Account,
    actor: Actor,
    now: datetime,
    connection_id: UUID | str,
    expected_revision: int | None = None,
) -> Connection:
    """Take the connection out of use for good; what is archived already stays so.

    *Raises* LookElsewhere; ReadAgain.
    *Effects* its secrets are deleted; `connection_archived` cancels what was not sent yet.
    """
    found = connection_of(account, connection_id)
    if found.status == ConnectionStatus.ARCHIVED:
        return found
    connection = locked_connection(account, connection_id, expected_revision=expected_revision)
    connection.status = ConnectionStatus.ARCHIVED
    connection.secrets.all().delete()
    connection.token_grants.all().delete()
    save_changed(connection, actor=actor, now=now, event="connection.archived")
    connection_archived.send(Connection, account=account, connection=connection, now=now)
    return connection


def _set_facts(
    connection: Connection,
    *,
    name: str | None,
    contacts: Sequence[Contact] | None,
    documentation: Sequence[DocumentationLink] | None,
) -> list[str]:
    """Set what is given and differs; return the names of what did."""
    wanted: dict[str, object] = {}
    if name is not None:
        wanted["name"] = checked_name(name)
    if contacts is not None:
        wanted["contacts"] = [dumped(contact) for contact in contacts]
    if documentation is not None:
        wanted["documentation"] = [dumped(link) for link in documentation]
    changed = [field for field, value in wanted.items() if value != getattr(connection, field)]
    for field in changed:
        setattr(connection, field, wanted[field])
    return changed


def _change_config(
    connection: Connection, config: ConnectionConfig | MergePatch, *, actor: Actor, now: datetime
) -> bool:
    """Add a version when the configuration differs from the newest one."""
    head = head_of(connection)
    if isinstance(config, MergePatch):
        config = config.applied_to(head.document)
    require_usable(config, custom_fields=custom_definitions(connection.account))
    if config == head.document:
        return False
    _add_version(connection, config, number=head.number + 1, actor=actor, now=now)
    return True


def _add_version(
    connection: Connection,
    config: ConnectionConfig,
    *,
    number: int,
    actor: Actor,
    now: datetime,
) -> None:
    connection.head_version = ConnectionVersion.objects.for_account(connection.account).create(
        account=connection.account,
        connection=connection,
        number=number,
        config=dumped(config),
        created_by=actor.label,
        created_at=now,
    )


def _usable_names(connection: Connection) -> set[tuple[str, str]]:
    rows = usable_secrets(connection, connection.head_version)
    return {(row.name, row.environment) for row in rows}


def checked_name(name: str) -> str:
    name = name.strip()
    if not name:
        raise CorrectInput(Problem("/name", "required", "Give the connection a name."))
    if len(name) > MAX_NAME_CHARACTERS:
        detail = f"The name has {len(name)} characters: {MAX_NAME_CHARACTERS} is the most."
        raise CorrectInput(Problem("/name", "too_long", detail))
    if not name.isprintable():
        detail = "The name holds a character that cannot be shown: remove it."
        raise CorrectInput(Problem("/name", "control_character", detail))
    return name


def _save_named(connection: Connection) -> None:
    try:
        with transaction.atomic():
            connection.save()
    except IntegrityError as taken:
        detail = f'Another connection of this account is called "{connection.name}".'
        problem = Problem("/name", "taken", f"{detail} Choose another name.")
        raise CorrectInput(problem) from taken
