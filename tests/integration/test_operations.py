"""What a load balancer and a supervisor are told."""

import socket

import pytest
from celery.signals import heartbeat_sent
from redis import Redis

from referral_export import operations
from referral_export.operations import HEARTBEAT_KEY, note_worker_alive


@pytest.fixture
def redis(settings):
    client = Redis.from_url(settings.REDIS_URL)
    client.delete(HEARTBEAT_KEY)
    yield client
    client.delete(HEARTBEAT_KEY)
    client.close()


@pytest.fixture
def closed_port():
    """A port at which nobody answers for as long as the test runs."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


def test_health_needs_nothing_else(client, settings, closed_port):
    settings.REDIS_URL = f"redis://127.0.0.1:{closed_port}"
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
    assert "no-store" in answer["Cache-Control"]


def test_not_ready_without_a_worker(db, client, redis):
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {
        "status": "not ready",
        "postgresql": "ok",
        "redis": "ok",
        "worker": "none was seen in the last 15 seconds",
    }


def test_ready_once_a_worker_was_seen(db, client, redis):
    note_worker_alive()
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["status"]) == (200, "ready")
    assert 0 < redis.ttl(HEARTBEAT_KEY) <= 15


def test_heartbeat_of_celery_is_noted(db, redis):
    heartbeat_sent.send(sender=None)
    assert redis.exists(HEARTBEAT_KEY)


def test_not_ready_without_redis(db, client, settings, closed_port):
    settings.REDIS_URL = f"redis://127.0.0.1:{closed_port}"
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["redis"] == "does not answer"
    assert answer.json()["postgresql"] == "ok"
    note_worker_alive()


@pytest.mark.django_db(transaction=True)
def test_not_ready_without_postgresql(client, redis, closed_port, monkeypatch):
    away = operations.connection.copy()
    away.settings_dict |= {"HOST": "127.0.0.1", "PORT": str(closed_port), "CONN_MAX_AGE": 0}
    monkeypatch.setattr(operations, "connection", away)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["postgresql"] == "does not answer"


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_only_reading_is_allowed(client, path):
    assert client.post(path).status_code == 405
