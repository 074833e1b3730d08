"""A worker is killed in the middle of its work, and nothing is lost."""

import os
import signal
import subprocess
import sys
from contextlib import contextmanager

import pytest

from tests.delivery_stage import receiving, set_stage, wait_until

REFERRALS = 2_000
IN_FLIGHT = 200


@pytest.fixture
def stage(transactional_db):
    return set_stage()


@contextmanager
def worker(log, queue, *options):
    """A Celery worker as `make run` has it, in a process group of its own."""
    command = [sys.executable, "-m", "celery", "--app", "referral_export", "worker"]
    command += ["--queues", queue, "--hostname", f"{queue}@%h", "--loglevel", "info"]
    command += ["--concurrency", "2", "--without-gossip", "--without-mingle", *options]
    process = subprocess.Popen(
        command, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(timeout=10)


@pytest.fixture
def log(tmp_path):
    with (tmp_path / "worker.log").open("w") as output:
        yield output


@pytest.fixture
def clock(stage, log):
    """The other worker, which sweeps, and what tells it to."""
    with worker(log, "celery", "--beat", "--scheduler", "celery.beat:Scheduler"):
        yield


@pytest.mark.usefixtures("clock")
def test_killed_worker_loses_nothing_and_repeats_under_the_same_key(stage, log):
    with receiving(seconds=0.5) as crm:
        # A short deadline, so that the leases of the killed worker are over soon.
        stage.connection(crm, concurrency=IN_FLIGHT, timeout_seconds=2)
        keys = set()
        for start in range(0, REFERRALS, 1_000):
            accepted = stage.accept(*(f"tx-{number}" for number in range(start, start + 1_000)))
            keys |= {str(delivery) for one in accepted for delivery in one.deliveries}

        with worker(log, "deliveries") as killed:
            wait_until(lambda: crm.in_flight >= IN_FLIGHT, seconds=30)
            os.killpg(killed.pid, signal.SIGKILL)
            killed.wait(timeout=10)
        unsettled = stage.deliveries(lease_expires_at__isnull=False).count()
        assert unsettled >= IN_FLIGHT

        with worker(log, "deliveries"):
            wait_until(lambda: stage.statuses() == {"delivered": REFERRALS}, seconds=60)

    assert set(crm.keys) == keys
    assert len(keys) == REFERRALS
    repeated = [key for key, times in crm.keys.items() if times > 1]
    assert 1 <= len(repeated) <= unsettled
    assert max(crm.keys.values()) == 2


def test_stopped_worker_finishes_what_is_in_flight_and_repeats_nothing(stage, log):
    with receiving(seconds=1) as crm:
        stage.connection(crm, concurrency=20)
        stage.accept(*(f"tx-{number}" for number in range(100)))
        with worker(log, "deliveries") as stopped:
            wait_until(lambda: crm.in_flight >= 20, seconds=30)
            stopped.send_signal(signal.SIGTERM)
            assert stopped.wait(timeout=15) == 0
        done = stage.statuses()
        assert done["delivered"] == len(crm.keys) < 100
        assert not stage.deliveries(lease_expires_at__isnull=False).exists()
    assert set(crm.keys.values()) == {1}
