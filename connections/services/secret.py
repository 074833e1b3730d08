"""Sets secrets; no service ever reads one back."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts.access import Actor
from accounts.models import Account
from connections.documents import require_environment
from connections.exchange.config import ConnectionConfig, Environment
from connections.exchange.rendering import referenced_secrets
from connections.models import Connection
from connections.secrets import drop_unused_grants, keep_secret, require_keepable, usable_secrets
from connections.selectors import custom_definitions
from connections.services.row import head_of, locked_connection, save_changed
from connections.signals import connection_mended


@transaction.atomic
def set_secret(
    *,
    account: Account,
    actor: Actor,
    now: datetime,
    connection_id: UUID | str,
    name: str,
    value: str,
    environment: Environment | None = None,
    expected_revision: int | None = None,
) -> Connection:
    """Set a secret for one environment of the newest version, or for all of them.

    It is bound to the hosts that the environment has now.

    *Raises* LookElsewhere; ReadAgain; ResolveConflict (archived); CorrectInput.
    *Effects* an endpoint that refused the one before is tried again.
    """
    require_keepable(name, value, name_pointer="", value_pointer="/value")
    connection = locked_connection(account, connection_id, expected_revision=expected_revision)
    config = head_of(connection).document
    environments = list(config.environments)
    if environment is not None:
        require_environment(config, environment)
        environments = [environment]
    keep_secret(
        connection=connection,
        config=config,
        name=name,
        value=value,
        environments=environments,
        actor=actor,
        now=now,
    )
    drop_unused_grants(connection)
    details = {"secret": name, "environments": [one.value for one in environments]}
    save_changed(connection, actor=actor, now=now, event="secret.set", details=details)
    tell_if_mended(connection, now=now)
    return connection


def keep_secret_values(
    connection: Connection,
    config: ConnectionConfig,
    values: Mapping[str, str],
    *,
    actor: Actor,
    now: datetime,
) -> None:
    """Set several secrets for every environment of the configuration. *Raises* CorrectInput."""
    for name, value in values.items():
        pointer = f"/secret_values/{name.replace('~', '~0').replace('/', '~1')}"
        require_keepable(name, value, name_pointer=pointer, value_pointer=pointer)
        keep_secret(
            connection=connection,
            config=config,
            name=name,
            value=value,
            environments=config.environments,
            actor=actor,
            now=now,
        )
    drop_unused_grants(connection)


def tell_if_mended(connection: Connection, *, now: datetime) -> None:
    """Have the endpoint tried again if the live version sends it a secret that was set just now."""
    live = connection.live_version
    if live is None:
        return
    set_now = {
        row.name
        for row in usable_secrets(connection, live)
        if row.environment == Environment.PRODUCTION and row.set_at == now
    }
    fields = custom_definitions(connection.account)
    if set_now & referenced_secrets(live.document, custom_fields=fields):
        connection_mended.send(Connection, connection=connection)
