"""`manage.py up` from nothing to Ready, through deaths and a second start, to the last process."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress

import httpx
import psutil
import psycopg
import pytest

from referral_export.addresses import embedded_addresses
from referral_export.environment import CHECKOUT
from tests.ports import free_port_pair
from tests.var_directory import temporary_var_directory

START_SECONDS = 120  # on a machine that does much else; alone it takes some ten
STOP_SECONDS = 60


def eventually(condition, *, seconds, what):
    deadline = time.monotonic() + seconds
    while not (result := condition()):
        assert time.monotonic() < deadline, what()
        time.sleep(0.1)
    return result


class Up:
    """One run of `manage.py up`."""

    def __init__(self, directory, port: int) -> None:
        self.directory = directory
        self.port = port
        self.output = directory.parent / f"output-{time.monotonic_ns()}"
        environment = {
            "PATH": os.environ["PATH"],
            "REFERRAL_EXPORT_VAR": str(directory),
            "PORT": str(port),
        }
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "up"],
                cwd=CHECKOUT,
                env=environment,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def wait_until_ready(self) -> None:
        ready = f"Ready: http://127.0.0.1:{self.port}\n"
        eventually(
            lambda: ready in self.said() or self.process.poll() is not None,
            seconds=START_SECONDS,
            what=self.said,
        )
        assert ready in self.said()

    def said(self) -> str:
        return self.output.read_text()

    def get(self, path: str) -> int | None:
        """The status, or None while nobody answers."""
        try:
            url = f"http://127.0.0.1:{self.port}{path}"
            return httpx.get(url, trust_env=False, timeout=5).status_code
        except httpx.TransportError:
            return None

    def program(self, *words: str) -> psutil.Process:
        """The process of ours whose command holds these words."""

        def find():
            for child in psutil.Process(self.process.pid).children():
                with suppress(psutil.Error):  # it ended while we looked
                    if all(word in child.cmdline() for word in words):
                        return child
            return None

        return eventually(find, seconds=60, what=self.said)

    def accounts(self) -> list[tuple[object, ...]]:
        url = embedded_addresses(self.directory).database_url
        with psycopg.connect(url) as connection:
            return connection.execute(
                "SELECT id, slug FROM accounts_account ORDER BY id"
            ).fetchall()

    def end(self, number: signal.Signals) -> list[psutil.Process]:
        """Signal it and return what is left of its processes."""
        processes = psutil.Process(self.process.pid).children(recursive=True)
        self.process.send_signal(number)
        self.process.wait(timeout=STOP_SECONDS)
        return psutil.wait_procs(processes, timeout=2)[1]


@pytest.fixture
def up():
    started = []
    with temporary_var_directory() as directory:

        def up(port: int) -> Up:
            started.append(Up(directory, port))
            return started[-1]

        yield up
        for one in started:
            if one.process.poll() is None:
                one.process.terminate()
                one.process.wait(timeout=STOP_SECONDS)


def test_up_serves_survives_deaths_keeps_data_and_ends(up):
    port = free_port_pair()
    first = up(port)
    first.wait_until_ready()
    assert (first.get("/healthz"), first.get("/readyz")) == (200, 200)
    accounts = first.accounts()
    assert "demo" in [slug for _, slug in accounts]
    assert re.search(r"\S+@\S+", first.said()), "the demo logins are shown"

    web, worker = first.program("gunicorn"), first.program("celery", "worker")
    for process in (web, worker):
        process.kill()
        process.wait(timeout=30)
    assert first.program("gunicorn").pid != web.pid
    assert first.program("celery", "worker").pid != worker.pid
    eventually(lambda: first.get("/readyz") == 200, seconds=60, what=first.said)
    assert "web ended with SIGKILL; it starts again in 0.5 s." in first.said()

    assert first.end(signal.SIGINT) == []
    assert first.process.returncode == 0
    assert first.said().endswith("Stopping.\n")

    second = up(port)
    second.wait_until_ready()
    assert second.accounts() == accounts
    assert second.end(signal.SIGTERM) == []


def test_up_that_cannot_start_says_why(up):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        run = up(port)

        assert run.process.wait(timeout=START_SECONDS) == 1
    assert run.said().startswith(f"CommandError: Port {port}, for the web server, is taken: stop ")
