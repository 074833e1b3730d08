"""Servers, processes and data of one run, all in a directory that goes with it."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from redis import Redis

from accounts.access import Actor
from accounts.models import Account
from accounts.services import create_account
from campaigns.services import create_campaign, link_campaign
from connections.exchange.config import ConnectionConfig
from connections.models import Connection, ConnectionStatus
from connections.selectors import connections_of
from connections.services import activate_connection, create_connection
from delivery.doorbell import QUEUE, keep_a_pump_queued, ring, send_pump
from delivery.intake import ReferralIn, accept_referrals
from delivery.models import WAITING, Delivery

ACTOR = Actor(label="the bench")
# One busy advertiser: what counts is the engine, not how politely it treats the receiver.
CONNECTIONS = 4
CONCURRENCY = 128
TEMPLATE = """{
  "email": "{{ email }}", "first_name": "{{ first_name }}", "last_name": "{{ last_name }}",
  "postcode": "{{ postal_code }}", "mobile": "{{ mobile_number }}",
  "list": "{{ variables.list_id }}", "reference": "{{ referral.external_id }}"
}"""


@dataclass(frozen=True, slots=True)
class Stage:
    directory: Path
    account: Account
    sink_url: str

    def accept(self, count: int, *campaigns: str) -> list[UUID]:
        """Hand in this many referrals, spread evenly, and return the ids of their deliveries."""
        deliveries = []
        for start in range(0, count, 1_000):
            numbers = range(start, min(start + 1_000, count))
            items = [_referral(campaigns[n % len(campaigns)], n) for n in numbers]
            for accepted in accept_referrals(
                account=self.account, items=items, now=datetime.now(UTC)
            ):
                deliveries += accepted.deliveries
        return deliveries

    def accept_evenly(self, count: int, name: str) -> list[UUID]:
        """Hand in this many referrals, spread over the campaigns `name-0`, `name-1`, …"""
        return self.accept(count, *self.connections(name).values_list("name", flat=True))

    def connections(self, name: str) -> QuerySet[Connection]:
        """Return the connections `name-0`, `name-1`, …"""
        return connections_of(self.account).filter(name__startswith=f"{name}-")

    def hold(self, name: str) -> None:
        """Let the connections `name-…` take in, and send nothing."""
        self.connections(name).update(status=ConnectionStatus.PAUSED)

    def release(self, name: str) -> None:
        """Send what the connections `name-…` took in, with all processes that a worker has."""
        self.connections(name).update(status=ConnectionStatus.ACTIVE)
        ring()
        keep_a_pump_queued()

    def is_waiting(self, name: str) -> bool:
        """Tell whether a delivery of the connections `name-…` is not settled yet."""
        # One index each, so that looking costs nothing beside what is measured; and in the order
        # in which a delivery goes on, so that none slips by between the two.
        unsent = {"status__in": WAITING, "lease_expires_at__isnull": True}
        return self._deliveries(name).filter(**unsent).exists() or self.is_sending(name)

    def is_sending(self, name: str) -> bool:
        """Tell whether a delivery of the connections `name-…` is under way."""
        return self._deliveries(name).filter(lease_expires_at__isnull=False).exists()

    def _deliveries(self, name: str) -> QuerySet[Delivery]:
        ids = list(self.connections(name).values_list("id", flat=True))
        return Delivery.objects.for_account(self.account).filter(connection__in=ids)

    def ask_sink(self, path: str) -> Any:
        with urllib.request.urlopen(f"{self.sink_url}{path}", timeout=30) as response:
            return json.load(response)


def set_stage(directory: Path, sink_url: str) -> Stage:
    """Make an account to measure with."""
    now = datetime.now(UTC)
    account = create_account(name="Bench", slug="bench", actor=ACTOR, now=now)
    return Stage(directory, account, sink_url)


def add_campaigns(
    stage: Stage,
    name: str,
    *,
    count: int = 1,
    url: str | None = None,
    timeout_seconds: float = 10,
    concurrency: int = CONCURRENCY,
) -> None:
    """Add campaigns `name-0`, `name-1`, …, each linked to a connection of its own to the sink."""
    config = _config(url or f"{stage.sink_url}/leads", timeout_seconds, concurrency)
    with transaction.atomic():  # a thousand connections, one commit
        for number in range(count):
            reference = f"{name}-{number}"
            who = {"account": stage.account, "actor": ACTOR, "now": datetime.now(UTC)}
            campaign = create_campaign(name=reference, reference=reference, **who)
            connection = create_connection(
                name=reference,
                config=config,
                secret_values={"crm_password": "a long password"},
                **who,
            )
            activate_connection(connection_id=connection.id, override="a benchmark of ours", **who)
            link_campaign(connection_id=connection.id, campaign_id=campaign.id, **who)


def _config(url: str, timeout_seconds: float, concurrency: int) -> ConnectionConfig:
    return ConnectionConfig.model_validate(
        {
            "environments": {"production": {"url": url}},
            "variables": {"list_id": "a1b2c3"},
            "authorization": {
                "type": "basic",
                "username": "bench",
                "password": {"secret": "crm_password"},
            },
            "headers": [{"name": "X-Source", "value": "referral"}],
            "body": {"encoding": "json", "template": TEMPLATE},
            "required_attributes": ["email"],
            "delivery": {"concurrency": concurrency, "timeout_seconds": timeout_seconds},
        }
    )


def _referral(campaign: str, number: int) -> ReferralIn:
    return ReferralIn(
        campaign=campaign,
        external_id=f"{time.monotonic_ns()}-{number}",
        attributes=attributes(number),
    )


def attributes(number: int) -> dict[str, object]:
    return {
        "email": f"jane.{number}@example.com",
        "first_name": "Jane",
        "last_name": "O'Hara",
        "postal_code": "10010",
        "mobile_number": "7327572923",
        "ip_address": "203.0.113.7",
    }


@contextmanager
def running(
    directory: Path, name: str, *arguments: str, environment: dict[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run `python -m …` in a process group of its own until the block is left."""
    with (directory / f"{name}.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", *arguments],
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env=os.environ | (environment or {}),
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@contextmanager
def running_sink(directory: Path) -> Iterator[str]:
    port_file = directory / "sink.port"
    with running(directory, "sink", "bench.sink", str(port_file)):
        wait_until(lambda: port_file.exists() and port_file.read_text() != "", "the sink")
        yield f"http://127.0.0.1:{port_file.read_text()}"


def celery_worker(queue: str, *options: str, processes: int = 2) -> Sequence[str]:
    """Return the worker's command line of `make run`."""
    command = ["celery", "--app", "referral_export", "worker", "--concurrency", str(processes)]
    command += ["--without-gossip", "--without-mingle", "--queues", queue]
    return [*command, "--hostname", f"{queue}@%h", *options]


@contextmanager
def pumping(
    stage: Stage, *, processes: int = 2, environment: dict[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run the worker that sends deliveries, each of its processes with a pump."""
    with Redis.from_url(settings.REDIS_URL) as client:
        client.delete(QUEUE)  # what an earlier worker left there
        for _ in range(processes):
            send_pump()
        worker = celery_worker("deliveries", processes=processes)
        with running(stage.directory, "deliveries", *worker, environment=environment) as process:
            wait_until(lambda: not client.llen(QUEUE), "a pump in each process", seconds=60)
            yield process


def wait_until(condition: Callable[[], bool], what: str, *, seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {seconds:g} s")
        time.sleep(0.1)


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as response:
            return bool(response.status == 200)
    except OSError:
        return False


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
