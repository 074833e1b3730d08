"""Everything as it runs in production, in processes that a test may kill, stop and start again."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psycopg
import redis

from referral_export.addresses import embedded_addresses
from referral_export.embedded import EmbeddedServer, embedded_postgresql, embedded_redis
from referral_export.environment import CHECKOUT
from referral_export.processes import Process, Program, stop_processes
from tests.faults.receiver import Receiver
from tests.var_directory import temporary_var_directory

START_SECONDS = 90
STOP_SECONDS = 40
CELERY = ("--app", "referral_export")
WORKER = ("worker", "--concurrency", "1", "--without-gossip", "--without-mingle")


def _created(condition: dict[str, object]) -> list[dict[str, object]]:
    return [{"name": "Created", "conditions": [condition], "outcome": "delivered"}]


BODY_RULES = _created(
    {"source": "json", "path": "$.result", "operator": "equals", "value": "created"}
)
"""The whole answer must have come before it can be told what it means."""
STATUS_RULES = _created({"source": "status", "operator": "in", "value": "201"})


_WAITING_POSTS = """
SELECT count(*) FROM pg_locks
WHERE NOT granted AND relation = 'delivery_referral'::regclass
"""


@dataclass(slots=True)
class Line:
    """One campaign that feeds one connection, for one fault."""

    name: str
    connection_id: str
    receiver: Receiver
    sent: set[str] = field(default_factory=set)
    """External ids that were posted at least once."""
    accepted: dict[str, str] = field(default_factory=dict)
    """From external id to delivery id, as a 202 said."""
    posts_again: int = 0


class Stage:
    """The product on a PostgreSQL and a Redis of its own; made by `set_stage`."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._servers: dict[str, EmbeddedServer] = {}
        self._processes: dict[str, Process] = {}
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port = probe.getsockname()[1]
        self._headers: dict[str, str] = {}
        self._addresses = embedded_addresses(directory)

    # Processes

    def bring_up(self) -> None:
        for server in (
            embedded_postgresql(self.directory, durable=True),
            embedded_redis(self.directory, durable=True),
        ):
            self._servers[server.program.name] = server
            self.start(server.program.name)
            server.prepare()
        self._run("manage.py", "migrate", "--database", "owner", "--verbosity", "0")
        token = self._run("-m", "tests.faults.scene").strip()
        self._headers = {"Authorization": f"Bearer {token}"}
        for name in ("web", "worker", "beat", "deliveries-1", "deliveries-2"):
            self.start(name)
        wait_until(self._is_ready, what="readyz", seconds=START_SECONDS)

    def start(self, name: str, *, seconds_ahead: int = 0) -> None:
        if server := self._servers.get(name):
            self._processes[name] = Process(server.program)
            wait_until(server.answers, what=f"{name} answers", seconds=START_SECONDS)
        else:
            self._processes[name] = Process(self._program(name, seconds_ahead))
        if name == "web":
            wait_until(self._web_answers, what="web answers", seconds=START_SECONDS)

    def stop(self, name: str, number: signal.Signals = signal.SIGTERM) -> float:
        """Signal the first process alone, and return how many seconds it took to end."""
        started = time.monotonic()
        os.kill(self._processes[name].pid, number)
        process = self._processes[name]
        wait_until(lambda: process.exit_code() is not None, what=f"{name} ends")
        return time.monotonic() - started

    def kill(self, name: str) -> None:
        """Kill all of its processes, as the kernel does when memory is short."""
        self._processes[name].kill_group()

    def take_down(self) -> None:
        serving = self._servers.keys()
        for names in (self._processes.keys() - serving, serving):
            stop_processes(
                [self._processes[name] for name in names if name in self._processes],
                grace_seconds=STOP_SECONDS,
            )

    def _program(self, name: str, seconds_ahead: int) -> Program:
        commands = {
            "web": (
                *("-m", "gunicorn", "referral_export.wsgi", "--bind", f"127.0.0.1:{self._port}"),
                *("--workers", "2", "--threads", "4", "--no-control-socket"),
            ),
            "beat": ("-m", "celery", *CELERY, "beat", "--scheduler", "celery.beat:Scheduler"),
        }
        queue = "celery" if name == "worker" else "deliveries"
        command = commands.get(name) or (
            *("-m", "tests.faults.odd_worker", str(self.directory), str(seconds_ahead)),
            *(*CELERY, *WORKER, "--queues", queue, "--hostname", f"{name}@%h"),
        )
        log = self.directory / "log" / f"{name}.log"
        return Program(name=name, command=self._command(command), directory=CHECKOUT, log=log)

    def _command(self, arguments: Sequence[str]) -> tuple[str, ...]:
        settings = {"REFERRAL_EXPORT_VAR": self.directory, "REFERRAL_EXPORT_MODE": "development"}
        given = (f"{name}={value}" for name, value in settings.items())
        return ("/usr/bin/env", *given, sys.executable, "-u", *arguments)

    def _run(self, *arguments: str) -> str:
        command = self._command(arguments)
        done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def _web_answers(self) -> bool:
        try:
            return bool(self.get("/readyz").status_code)
        except httpx.TransportError:
            return False

    def _is_ready(self) -> bool:
        return self.get("/readyz").status_code == 200

    # What stands behind it

    def rows(self, statement: str, *parameters: object) -> list[tuple]:
        with psycopg.connect(self._addresses.database_url) as connection:
            return connection.execute(statement, parameters).fetchall()

    @contextmanager
    def holding_posts(self) -> Iterator[None]:
        """Let no referral be written while the block runs; it begins when a POST waits for that."""
        with psycopg.connect(self._addresses.database_url) as connection:
            connection.execute("LOCK TABLE delivery_referral IN SHARE MODE")
            wait_until(lambda: self.rows(_WAITING_POSTS)[0][0] > 0, what="a client is in a POST")
            yield

    def flush_redis(self) -> None:
        with redis.Redis.from_url(self._addresses.redis_url) as client:
            client.flushall()

    def set_dns(self, *, fails: bool) -> None:
        """Say whether workers can look names up; what they looked up lately they still know."""
        sign = self.directory / "dns-fails"
        if fails:
            sign.touch()
        else:
            sign.unlink()

    # What a client does

    def get(self, path: str) -> httpx.Response:
        return httpx.get(f"http://127.0.0.1:{self._port}{path}", trust_env=False, timeout=30)

    def client(self) -> httpx.Client:
        return httpx.Client(
            base_url=f"http://127.0.0.1:{self._port}/api/v1/accounts/faults/",
            headers=self._headers,
            trust_env=False,
            timeout=30,
        )

    def lay_line(
        self, name: str, receiver: Receiver, *, rules: Sequence[object], **delivery: object
    ) -> Line:
        """Make a campaign and a connection to this receiver, and link them."""
        config = {
            "environments": {"production": {"url": receiver.url}},
            "body": {"encoding": "json", "template": '{"id": "{{ referral.external_id }}"}'},
            "response_rules": rules,
            "delivery": {"timeout_seconds": 1, "concurrency": 64} | delivery,
        }
        with self.client() as client:
            _posted(client, "campaigns", {"name": name, "reference": name})
            connection_id = _posted(client, "connections", {"name": name, "config": config})["id"]
            one = f"connections/{connection_id}"
            _posted(client, f"{one}/activate", {"override": "a test of faults"})
            _sent(client, "PUT", f"{one}/campaigns/{name}")
        return Line(name, connection_id, receiver)

    @contextmanager
    def posting(self, line: Line, *, count: int, seconds: float, size: int = 10) -> Iterator[None]:
        """Hand referrals in while the block runs, at an even pace by two clients, and on."""
        batches = [range(start, min(start + size, count)) for start in range(0, count, size)]
        pace = seconds / len(batches)
        started = time.monotonic()

        def post(first: int) -> None:
            with self.client() as client:
                for number in range(first, len(batches), 2):
                    time.sleep(max(0, started + number * pace - time.monotonic()))
                    self._post_until_accepted(client, line, batches[number])

        threads = [threading.Thread(target=post, args=(first,)) for first in range(2)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            for thread in threads:
                thread.join(timeout=seconds + 60)
                assert not thread.is_alive(), "a client waits for ever"

    def _post_until_accepted(self, client: httpx.Client, line: Line, numbers: range) -> None:
        """Post a list; what was not answered 202 is posted again, as clients are told to."""
        ids = [f"{line.name}-{number}" for number in numbers]
        referrals = [
            {"campaign": line.name, "external_id": one, "attributes": {"email": f"{one}@a.example"}}
            for one in ids
        ]
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            line.sent.update(ids)
            try:
                answer = client.post("referrals", json=referrals)
            except httpx.TransportError:
                answer = None
            if answer is not None and answer.status_code == 202:
                for result in answer.json()["results"]:
                    [line.accepted[result["external_id"]]] = result["deliveries"]
                return
            assert answer is None or answer.status_code >= 500, answer.text
            line.posts_again += 1
            time.sleep(0.2)


def _posted(client: httpx.Client, path: str, body: dict[str, object]) -> dict[str, object]:
    return _sent(client, "POST", path, json=body).json()


def _sent(client: httpx.Client, method: str, path: str, **content: object) -> httpx.Response:
    """Send, and again as long as the answer is 503: the fault before may just be over."""
    deadline = time.monotonic() + 30
    while (answer := client.request(method, path, **content)).status_code == 503:
        assert time.monotonic() < deadline, answer.text
        time.sleep(0.2)
    assert answer.is_success, answer.text
    return answer


@contextmanager
def set_stage() -> Iterator[Stage]:
    with ExitStack() as stack:
        stage = Stage(stack.enter_context(temporary_var_directory()))
        (stage.directory / "static").mkdir()
        stack.callback(stage.take_down)
        stage.bring_up()
        yield stage


def wait_until(condition: Callable[[], bool], *, what: str, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not in {seconds:g} s: {what}"
        time.sleep(0.05)
