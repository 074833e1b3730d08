"""Brings up all that a developer needs: servers, database, web, worker, beat, sandbox CRM."""

import fcntl
import http.client
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from referral_export.embedded import EmbeddedServer, embedded_postgresql, embedded_redis
from referral_export.environment import CHECKOUT, Environment, Mode
from referral_export.processes import Program
from referral_export.supervisor import StopAskedError, Supervisor, supervising

SERVER_SECONDS = 30
READY_SECONDS = 120


class CannotStartError(Exception):
    """Something is in the way: the sentence says what, and what to do."""


def run_until_stopped(environment: Environment, *, report: Callable[[str], None]) -> None:
    """Bring everything up, report the address and the logins, and stay until told to stop.

    Raises: CannotStartError; ProgramFailedError when the database cannot be prepared.
    """
    _refuse_production(environment)
    log_directory = environment.var_directory / "log"
    log_directory.mkdir(parents=True, exist_ok=True)
    with _alone(environment.var_directory), supervising(report=report) as supervisor:
        _refuse_taken_ports(environment)
        try:
            for server in _servers(environment):
                _start_server(supervisor, server)
            supervisor.run(
                _management(
                    "migrate", "migrate", "--database", "owner", log_directory=log_directory
                )
            )
            for program in _services(environment, log_directory):
                supervisor.keep(program)
            # While the services start: it needs nothing but the tables.
            supervisor.run(_management("demo", "demo", log_directory=log_directory))
            _wait_until_ready(supervisor, environment)
            _report_address(environment, report)
            supervisor.watch()
        except StopAskedError:
            report("Stopping.")


def _refuse_production(environment: Environment) -> None:
    if environment.mode is Mode.PRODUCTION:
        raise CannotStartError(
            "`manage.py up` and its embedded servers are for development: in production start"
            " each service by itself, as docker-compose.yml does."
        )


@contextmanager
def _alone(var_directory: Path) -> Iterator[None]:
    """Hold the var directory; the kernel lets it go when we end, however we end."""
    with (var_directory / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise CannotStartError(
                f"It runs already with the data in {var_directory}: stop that one first, or set"
                " REFERRAL_EXPORT_VAR to another directory."
            ) from error
        yield


def _refuse_taken_ports(environment: Environment) -> None:
    for port, what in (
        (environment.port, "the web server"),
        (environment.sandbox_crm_port, "the sandbox CRM"),
    ):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError as error:
                raise CannotStartError(
                    f"Port {port}, for {what}, is taken: stop what uses it or choose another"
                    " with PORT=8123 make run (the sandbox CRM takes the one above)."
                ) from error


def _servers(environment: Environment) -> Iterator[EmbeddedServer]:
    if environment.embeds_postgresql:
        yield embedded_postgresql(environment.var_directory, durable=True)
    if environment.embeds_redis:
        yield embedded_redis(environment.var_directory, durable=True)


def _start_server(supervisor: Supervisor, server: EmbeddedServer) -> None:
    supervisor.keep(server.program)
    try:
        supervisor.wait_until(server.answers, seconds=SERVER_SECONDS)
    except TimeoutError as error:
        raise CannotStartError(
            f"{server.program.name} does not answer: its log is {server.program.log}."
        ) from error
    server.prepare()


def _services(environment: Environment, log_directory: Path) -> Iterator[Program]:
    """Yield what runs until we stop; the commands are those of docker-compose.yml."""
    sandbox = ("sandbox_crm", "--port", str(environment.sandbox_crm_port))
    yield _management("sandbox-crm", *sandbox, log_directory=log_directory)
    web = ("gunicorn", "referral_export.wsgi", "--bind", f"127.0.0.1:{environment.port}")
    web_size = ("--workers", "2", "--threads", "4", "--no-control-socket")
    yield _module("web", *web, *web_size, log_directory=log_directory)
    celery = ("celery", "--app", "referral_export")
    worker = ("worker", "--concurrency", "2", "--without-gossip", "--without-mingle")
    yield _module("worker", *celery, *worker, "--queues", "celery", log_directory=log_directory)
    # Pumps run for as long as there is work: a worker of their own, so that no test waits.
    deliveries = ("--queues", "deliveries", "--hostname", "deliveries@%h")
    yield _module("deliveries", *celery, *worker, *deliveries, log_directory=log_directory)
    # In memory: all that it rings is due again within a minute of a start.
    beat = ("beat", "--scheduler", "celery.beat:Scheduler")
    yield _module("beat", *celery, *beat, log_directory=log_directory)


def _management(name: str, *arguments: str, log_directory: Path) -> Program:
    return _program(name, str(CHECKOUT / "manage.py"), *arguments, log_directory=log_directory)


def _module(name: str, *arguments: str, log_directory: Path) -> Program:
    return _program(name, "-m", *arguments, log_directory=log_directory)


def _program(name: str, *arguments: str, log_directory: Path) -> Program:
    log = log_directory / f"{name}.log"
    log.write_bytes(b"")  # what is in it is of this run
    # -u: what a process wrote last before it died is in the log.
    return Program(
        name=name, command=(sys.executable, "-u", *arguments), directory=CHECKOUT, log=log
    )


def _wait_until_ready(supervisor: Supervisor, environment: Environment) -> None:
    try:
        supervisor.wait_until(lambda: _is_ready(environment), seconds=READY_SECONDS)
    except TimeoutError as error:
        raise CannotStartError(
            f"It is not ready after {READY_SECONDS} s: the logs in"
            f" {environment.var_directory / 'log'} say why."
        ) from error


def _is_ready(environment: Environment) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", environment.port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _report_address(environment: Environment, report: Callable[[str], None]) -> None:
    log_directory = environment.var_directory / "log"
    report((log_directory / "demo.log").read_text().strip())
    report(f"Sandbox CRM: http://127.0.0.1:{environment.sandbox_crm_port}")
    report(f"Logs: {log_directory}. Ctrl-C stops everything.")
    report(f"Ready: http://127.0.0.1:{environment.port}")
