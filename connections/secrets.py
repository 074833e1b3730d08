"""Credentials apart from the configuration: sealed, bound to hosts, never shown again."""

import hashlib
import re
from collections.abc import Collection
from datetime import datetime

from accounts.access import Actor
from accounts.errors import CorrectInput, Problem
from accounts.vault import Vault
from connections.exchange.config import ConnectionConfig, Environment
from connections.exchange.rendering import secret_hosts
from connections.models import Connection, ConnectionVersion, Secret

PURPOSE = "secret"
MAX_SECRET_CHARACTERS = 8_192
HINT_CHARACTERS = 4
LEAST_HINTED_CHARACTERS = 12
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")


def hosts_of(config: ConnectionConfig, environment: Environment) -> str:
    """Return what the secrets of this environment are bound to, as a row keeps it."""
    return ",".join(secret_hosts(config, environment))


def usable_secrets(connection: Connection, version: ConnectionVersion | None) -> list[Secret]:
    """Return the rows that may be used with this version, by name and environment.

    Reads `connection.secrets`, so that whoever lists connections can prefetch them.
    """
    if version is None:
        return []
    config = version.document
    bound = {name.value: hosts_of(config, name) for name in config.environments}
    rows = [row for row in connection.secrets.all() if bound.get(row.environment) == row.hosts]
    return sorted(rows, key=lambda row: (row.name, row.environment))


def require_keepable(name: str, value: str, *, name_pointer: str, value_pointer: str) -> None:
    """*Raises* CorrectInput when this cannot be the name or the value of a secret."""
    if not _NAME.fullmatch(name):
        detail = "Name a secret with letters, digits and underscores, a letter first, at most 64."
        raise CorrectInput(Problem(name_pointer, "secret_name", detail))
    if not 0 < len(value) <= MAX_SECRET_CHARACTERS:
        detail = f"A secret has 1 to {MAX_SECRET_CHARACTERS:,} characters."
        raise CorrectInput(Problem(value_pointer, "length", detail))
    if not value.isascii() and any("\ud800" <= character <= "\udfff" for character in value):
        detail = "This holds half a character (a lone surrogate): copy the secret again."
        raise CorrectInput(Problem(value_pointer, "not_unicode", detail))


def keep_secret(
    *,
    connection: Connection,
    config: ConnectionConfig,
    name: str,
    value: str,
    environments: Collection[Environment],
    actor: Actor,
    now: datetime,
) -> None:
    """Seal the value, once for each environment; what stood there is replaced."""
    account = connection.account
    for environment in environments:
        Secret.objects.for_account(account).update_or_create(
            account=account,
            connection=connection,
            name=name,
            environment=environment.value,
            hosts=hosts_of(config, environment),
            defaults={
                "sealed": account.vault.seal(value.encode(), purpose=PURPOSE),
                "hint": _hint(value),
                "set_by": actor.label,
                "set_at": now,
            },
        )


def drop_unusable_secrets(connection: Connection) -> None:
    """Delete what neither the newest nor the live version may use."""
    versions = {connection.head_version, connection.live_version}
    used = {row.id for version in versions for row in usable_secrets(connection, version)}
    connection.secrets.exclude(id__in=used).delete()
    drop_unused_grants(connection)


def drop_unused_grants(connection: Connection) -> None:
    """Delete what became of refresh tokens that are no secret of the connection any more."""
    vault = connection.account.vault
    used = {
        grant_digest(vault, vault.open(bytes(row.sealed), purpose=PURPOSE).decode())
        for row in connection.secrets.all()
    }
    connection.token_grants.exclude(digest__in=used).delete()


def grant_digest(vault: Vault, refresh_token: str) -> bytes:
    """Return what tells a refresh token from all others, and nothing else of it."""
    # A fingerprint takes no notice of case; this has none.
    return vault.fingerprint(hashlib.sha256(refresh_token.encode()).hexdigest())


def _hint(value: str) -> str:
    return value[-HINT_CHARACTERS:] if len(value) >= LEAST_HINTED_CHARACTERS else ""
