"""Reads every setting from the environment, once, and refuses to start on a wrong one."""

import base64
import binascii
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

from referral_export.addresses import database_address, embedded_addresses
from referral_export.mail import MailServer, mail_server

CHECKOUT = Path(__file__).resolve().parent.parent
ENCRYPTION_KEY_BYTES = 32
SECRET_KEY_CHARACTERS = 50
METRICS_TOKEN_CHARACTERS = 24
HOST = re.compile(r"\.?[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*|\[[0-9A-Fa-f:.]+\]")
ADDRESS = re.compile(r"[^@\s<>,]+@[A-Za-z0-9.-]+")

# Tests are repeatable and write nothing into var/; these protect nothing.
TEST_SECRET_KEY = "for tests only, protects nothing " * 2
TEST_ENCRYPTION_KEY = base64.urlsafe_b64encode(bytes(range(ENCRYPTION_KEY_BYTES))).decode()


class Mode(StrEnum):
    DEVELOPMENT = "development"
    TEST = "test"
    PRODUCTION = "production"


class EnvironmentRefused(SystemExit):
    """A setting is missing or wrong: correct the variable that the sentence names.

    A SystemExit, so that every way to start us (web server, worker, `manage.py`) ends with
    the sentence alone and no traceback.
    """


@dataclass(frozen=True, slots=True)
class Environment:
    """What the environment says, checked."""

    mode: Mode
    secret_key: str
    encryption_keys: tuple[bytes, ...]
    """The first encrypts, all decrypt."""
    allowed_hosts: tuple[str, ...]
    database_url: str
    """For the role that owns nothing; the embedded server's when none is given."""
    database_owner_url: str | None
    """For the role that owns and migrates; production gives it to `migrate` alone."""
    redis_url: str
    mail_server: MailServer | None
    """Without one mails are written as files into the var directory."""
    email_from: str
    port: int
    trusted_proxies: int
    """How many proxies of ours a request passes, each of which adds to X-Forwarded-For."""
    allow_loopback_egress: bool
    var_directory: Path
    embeds_postgresql: bool
    embeds_redis: bool
    metrics_token: str | None
    """Whoever reads /metrics must know it; without one only this machine may, in development."""
    otlp_endpoint: str | None
    """Where traces go by OTLP over HTTP; None: nothing is traced."""

    @property
    def sandbox_crm_port(self) -> int:
        return self.port + 1


def read_environment(variables: Mapping[str, str]) -> Environment:
    """Return the settings that these variables describe; an empty variable counts as unset.

    Raises: EnvironmentRefused with one sentence about the first variable that is wrong.
    Effects: in development the two keys are made once and kept in the var directory.
    """
    given = {name: value.strip() for name, value in variables.items() if value.strip()}
    mode = _mode(given)
    var_directory = Path(given.get("REFERRAL_EXPORT_VAR", CHECKOUT / "var")).absolute()
    embedded = embedded_addresses(var_directory)
    database_url = _database_url(given, "DATABASE_URL", mode) or embedded.database_url
    return Environment(
        mode=mode,
        secret_key=_secret_key(given, mode, var_directory),
        encryption_keys=_encryption_keys(given, mode, var_directory),
        allowed_hosts=_allowed_hosts(given, mode),
        database_url=database_url,
        database_owner_url=_database_owner_url(given, mode, embedded.database_owner_url),
        redis_url=_redis_url(given, mode) or embedded.redis_url,
        mail_server=_mail_server(given, mode),
        email_from=_email_from(given, mode),
        port=_port(given),
        trusted_proxies=_trusted_proxies(given),
        allow_loopback_egress=_allow_loopback_egress(given, mode),
        var_directory=var_directory,
        embeds_postgresql="DATABASE_URL" not in given,
        embeds_redis="REDIS_URL" not in given,
        metrics_token=_metrics_token(given),
        otlp_endpoint=_otlp_endpoint(given),
    )


def _mode(given: Mapping[str, str]) -> Mode:
    value = given.get("REFERRAL_EXPORT_MODE", Mode.DEVELOPMENT)
    try:
        return Mode(value)
    except ValueError:
        raise EnvironmentRefused(
            f'REFERRAL_EXPORT_MODE is "{value}": write development, test or production.'
        ) from None


def _secret_key(given: Mapping[str, str], mode: Mode, var_directory: Path) -> str:
    key = given.get("SECRET_KEY")
    if key is None:
        _refuse_unset_in_production("SECRET_KEY", mode, "write at least 50 random characters")
        if mode is Mode.TEST:
            return TEST_SECRET_KEY
        return _kept(
            var_directory / "keys" / "secret_key", secrets.token_urlsafe(SECRET_KEY_CHARACTERS)
        )
    if len(key) < SECRET_KEY_CHARACTERS:
        raise EnvironmentRefused(
            f"SECRET_KEY has {len(key)} characters: write at least 50 random ones."
        )
    return key


def _encryption_keys(
    given: Mapping[str, str], mode: Mode, var_directory: Path
) -> tuple[bytes, ...]:
    keys = given.get("ENCRYPTION_KEYS")
    if keys is None:
        what = "write 32 random bytes as base64url, or several such keys with commas between them"
        _refuse_unset_in_production("ENCRYPTION_KEYS", mode, what)
        if mode is Mode.TEST:
            keys = TEST_ENCRYPTION_KEY
        else:
            new = base64.urlsafe_b64encode(secrets.token_bytes(ENCRYPTION_KEY_BYTES)).decode()
            keys = _kept(var_directory / "keys" / "encryption_keys", new)
    return tuple(
        _encryption_key(key, position) for position, key in enumerate(keys.split(","), start=1)
    )


def _encryption_key(text: str, position: int) -> bytes:
    stripped = text.strip().rstrip("=")
    try:
        key = base64.b64decode(stripped + "=" * (-len(stripped) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != ENCRYPTION_KEY_BYTES:
        raise EnvironmentRefused(
            f"ENCRYPTION_KEYS: key {position} is not 32 bytes in base64url; `python3 -c 'import"
            " base64, os; print(base64.urlsafe_b64encode(os.urandom(32)).decode())'` makes one."
        )
    return key


def _allowed_hosts(given: Mapping[str, str], mode: Mode) -> tuple[str, ...]:
    if "ALLOWED_HOSTS" not in given:
        what = "write the host names of this site with commas between them"
        _refuse_unset_in_production("ALLOWED_HOSTS", mode, what)
        return ("127.0.0.1", "localhost", "[::1]")
    hosts = tuple(host.strip() for host in given["ALLOWED_HOSTS"].split(","))
    for host in hosts:
        if not HOST.fullmatch(host):
            raise EnvironmentRefused(
                f'ALLOWED_HOSTS holds "{host}": write host names alone, without scheme, port or'
                " path, with commas between them."
            )
    return hosts


def _database_url(given: Mapping[str, str], name: str, mode: Mode) -> str | None:
    url = given.get(name)
    example = "for example postgresql://referral_export_app:password@127.0.0.1:5432/referral_export"
    if url is None:
        if name == "DATABASE_URL":
            _refuse_unset_in_production(name, mode, f"write PostgreSQL's address, {example}")
        return None
    try:
        database_address(url)
    except ValueError as error:
        # The value may hold a password and is not repeated.
        raise EnvironmentRefused(
            f"{name} is not the address of a PostgreSQL database: write it like that, {example}."
        ) from error
    return url


def _database_owner_url(given: Mapping[str, str], mode: Mode, embedded_url: str) -> str | None:
    url = _database_url(given, "DATABASE_OWNER_URL", mode)
    if url or mode is Mode.PRODUCTION:
        return url
    # A developer's own server may have a single role.
    return given.get("DATABASE_URL", embedded_url)


def _redis_url(given: Mapping[str, str], mode: Mode) -> str | None:
    url = given.get("REDIS_URL")
    if url is None:
        what = "write the address of Redis, for example redis://127.0.0.1:6379/0"
        _refuse_unset_in_production("REDIS_URL", mode, what)
        return None
    parts = urlsplit(url)
    if parts.scheme not in {"redis", "rediss", "unix"} or not (parts.netloc or parts.path):
        raise EnvironmentRefused(
            "REDIS_URL is not the address of a Redis server: write it like"
            " redis://127.0.0.1:6379/0, rediss://… for TLS or unix:///path/to/socket."
        )
    return url


def _mail_server(given: Mapping[str, str], mode: Mode) -> MailServer | None:
    url = given.get("EMAIL_URL")
    example = "for example smtp://user:password@mail.example.com:587"
    if url is None:
        what = f"write the mail server's address, {example}"
        _refuse_unset_in_production("EMAIL_URL", mode, what)
        return None
    try:
        return mail_server(url)
    except ValueError as error:
        # The value may hold a password and is not repeated.
        raise EnvironmentRefused(
            f"EMAIL_URL is not the address of a mail server: write it like that, {example}, or"
            " smtps://… for TLS from the start."
        ) from error


def _email_from(given: Mapping[str, str], mode: Mode) -> str:
    address = given.get("EMAIL_FROM")
    if address is None:
        what = "write the address that our mails come from"
        _refuse_unset_in_production("EMAIL_FROM", mode, what)
        return "referral-export@localhost"
    if not ADDRESS.fullmatch(address):
        raise EnvironmentRefused(
            f'EMAIL_FROM is "{address}": write one mail address, for example referrals@example.com.'
        )
    return address


def _port(given: Mapping[str, str]) -> int:
    value = given.get("PORT", "8000")
    # The port above is the sandbox CRM's.
    if not (value.isascii() and value.isdigit() and 1 <= int(value) <= 65_534):
        raise EnvironmentRefused(f'PORT is "{value}": write a number from 1 to 65534.')
    return int(value)


def _trusted_proxies(given: Mapping[str, str]) -> int:
    value = given.get("TRUSTED_PROXIES", "0")
    if not re.fullmatch(r"[0-9]", value):
        raise EnvironmentRefused(
            f'TRUSTED_PROXIES is "{value}": write how many proxies of yours stand before the web'
            " server, 0 to 9."
        )
    return int(value)


def _allow_loopback_egress(given: Mapping[str, str], mode: Mode) -> bool:
    value = given.get("ALLOW_LOOPBACK_EGRESS", "false" if mode is Mode.PRODUCTION else "true")
    if value not in {"true", "false"}:
        raise EnvironmentRefused(f'ALLOW_LOOPBACK_EGRESS is "{value}": write true or false.')
    if value == "true" and mode is Mode.PRODUCTION:
        raise EnvironmentRefused(
            "ALLOW_LOOPBACK_EGRESS is true, which would let a tenant reach this machine's own"
            " services: in production remove it or write false."
        )
    return value == "true"


def _metrics_token(given: Mapping[str, str]) -> str | None:
    token = given.get("METRICS_TOKEN")
    if token is not None and len(token) < METRICS_TOKEN_CHARACTERS:
        raise EnvironmentRefused(
            f"METRICS_TOKEN has {len(token)} characters: write at least"
            f" {METRICS_TOKEN_CHARACTERS} random ones."
        )
    return token


def _otlp_endpoint(given: Mapping[str, str]) -> str | None:
    url = given.get("OTEL_EXPORTER_OTLP_ENDPOINT")
    if url is None:
        return None
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        raise EnvironmentRefused(
            "OTEL_EXPORTER_OTLP_ENDPOINT is not the address of a collector: write it like"
            " http://127.0.0.1:4318."
        )
    return url.rstrip("/")


def _refuse_unset_in_production(name: str, mode: Mode, what: str) -> None:
    if mode is Mode.PRODUCTION:
        raise EnvironmentRefused(f"{name} is not set: in production {what}.")


def _kept(path: Path, value: str) -> str:
    """Return what the file holds; the first who asks writes the value into it."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    draft.touch(mode=0o600)
    draft.write_text(value)
    try:
        os.link(draft, path)  # unlike rename it leaves what a process beside us wrote
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    return path.read_text().strip()
