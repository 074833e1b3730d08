"""Each service's command, exactly as docker-compose.yml writes it, works in production mode."""

import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from referral_export.embedded import start_servers
from referral_export.environment import CHECKOUT
from tests.unit.test_compose import GIVEN, SERVICES, settings_of
from tests.var_directory import temporary_var_directory

SECONDS = 60  # of a machine that does much else


@pytest.fixture(scope="module")
def servers():
    with (
        temporary_var_directory() as var_directory,
        start_servers(var_directory, durable=False) as addresses,
    ):
        yield addresses


@pytest.fixture(scope="module")
def environment(servers):
    """What a service of the file is given, with the addresses of this run's servers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]

    def environment(service: str) -> dict[str, str]:
        settings = settings_of(service)
        addresses = {
            "DATABASE_URL": servers.database_url,
            "DATABASE_OWNER_URL": servers.database_owner_url,
            "REDIS_URL": servers.redis_url,
            "PORT": str(port),
        }
        path = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
        return path | settings | {k: v for k, v in addresses.items() if k in settings}

    return environment


@pytest.fixture(scope="module")
def migrated(environment):
    subprocess.run(
        SERVICES["migrate"]["command"],
        cwd=CHECKOUT,
        env=environment("migrate"),
        check=True,
        stdout=subprocess.DEVNULL,
    )


@pytest.fixture(scope="module")
def running(migrated, environment, tmp_path_factory):
    """Web, both workers and beat, side by side; each has to end with exit code 0 on SIGTERM."""
    logs = tmp_path_factory.mktemp("logs")
    processes = {}
    for name in ("web", "worker", "deliveries", "beat"):
        with (logs / name).open("wb") as log:
            processes[name] = subprocess.Popen(
                SERVICES[name]["command"],
                cwd=CHECKOUT,
                env=environment(name),
                stdout=log,
                stderr=subprocess.STDOUT,
                process_group=0,
            )
    try:
        yield {name: (process, logs / name) for name, process in processes.items()}
    finally:
        for process in processes.values():
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def healthcheck(service: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    kind, *command = SERVICES[service]["healthcheck"]["test"]
    command = [part.replace("$$", "$") for part in command]
    if kind == "CMD-SHELL":
        command = ["sh", "-c", command[0]]
    return subprocess.run(
        command, cwd=CHECKOUT, env=environment, capture_output=True, text=True, check=False
    )


def eventually(condition, what: str) -> None:
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.2)


def test_commands_of_the_file_serve_and_stop(running, environment):
    web = environment("web")
    logs = {name: log for name, (_, log) in running.items()}

    def is_ready() -> bool:
        headers = {"Host": GIVEN["ALLOWED_HOSTS"]}
        try:
            response = httpx.get(
                f"http://127.0.0.1:{web['PORT']}/readyz", headers=headers, trust_env=False
            )
        except httpx.TransportError:
            return False
        return response.status_code == 200

    eventually(is_ready, f"readyz; see {shlex.join(map(str, logs.values()))}")
    for service in ("web", "worker", "deliveries"):
        result = healthcheck(service, environment(service))
        assert result.returncode == 0, f"{service}: {result.stderr}"

    for process, _ in running.values():
        assert process.poll() is None
        process.terminate()
    for name, (process, log) in running.items():
        assert process.wait(timeout=SECONDS) == 0, f"{name}: {log.read_text()}"


def test_healthcheck_of_web_fails_when_web_is_away(environment):
    assert healthcheck("web", environment("web") | {"PORT": "1"}).returncode != 0
