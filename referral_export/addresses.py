"""Addresses of PostgreSQL and Redis, and the forms in which each client wants them."""

import hashlib
import tempfile
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit

from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict

DATABASE = "referral_export"
OWNER_ROLE = "referral_export_owner"
APPLICATION_ROLE = "referral_export_app"

# The longest path of a socket is 104 bytes (108 on Linux); the servers add a file name.
MAX_SOCKET_DIRECTORY_CHARACTERS = 80


@dataclass(frozen=True, slots=True)
class ServerAddresses:
    database_url: str
    database_owner_url: str
    redis_url: str
    """As redis-py takes it; `celery_broker_url` gives Celery's form."""


@dataclass(frozen=True, slots=True)
class DatabaseAddress:
    """The parts of a PostgreSQL address."""

    name: str
    user: str
    password: str
    host: str
    """A host name, or the directory of a socket."""
    port: str
    options: dict[str, str]


def socket_directory(var_directory: Path) -> Path:
    """Return where embedded servers of this var directory put their sockets.

    A deep checkout gets a short directory of its own for temporary files, since the path
    of a socket is bounded.
    """
    directory = var_directory / "run"
    if len(str(directory)) <= MAX_SOCKET_DIRECTORY_CHARACTERS:
        return directory
    digest = hashlib.sha256(str(var_directory).encode()).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"referral-export-{digest}"


def embedded_addresses(var_directory: Path) -> ServerAddresses:
    """Return the addresses at which embedded servers of this var directory answer."""
    directory = socket_directory(var_directory)
    query = f"host={quote(str(directory), safe='/')}"
    return ServerAddresses(
        database_url=f"postgresql://{APPLICATION_ROLE}@/{DATABASE}?{query}",
        database_owner_url=f"postgresql://{OWNER_ROLE}@/{DATABASE}?{query}",
        redis_url=f"unix://{quote(str(directory / 'redis.sock'), safe='/')}",
    )


def database_address(url: str) -> DatabaseAddress:
    """Return the parts of a PostgreSQL URL.

    Raises: ValueError when it is none, or names no database.
    """
    if urlsplit(url).scheme not in {"postgresql", "postgres"}:
        raise ValueError("not a postgresql:// URL")
    try:
        parts = {name: str(value) for name, value in conninfo_to_dict(url).items()}
    except ProgrammingError as error:
        raise ValueError("not a PostgreSQL URL") from error
    if "dbname" not in parts:
        raise ValueError("the URL names no database")
    return DatabaseAddress(
        name=parts.pop("dbname"),
        user=parts.pop("user", ""),
        password=parts.pop("password", ""),
        host=parts.pop("host", ""),
        port=parts.pop("port", ""),
        options=parts,
    )


def celery_broker_url(redis_url: str) -> str:
    """Return the address in the form of Celery, which has its own scheme for sockets."""
    if not redis_url.startswith("unix://"):
        return redis_url
    # Celery's parser of URLs drops one leading slash and percent-decodes the path.
    return f"redis+socket://{urlsplit(redis_url).path}"
