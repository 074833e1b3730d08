"""What Prometheus reads, and who may read it."""

import time
from datetime import timedelta

import pytest
import redis
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

import delivery.counters as counters_module
from connections.services import pause_connection
from delivery import doorbell
from delivery.counters import COUNTS, Count, Counters, counters
from delivery.metrics import exposition, read_backlog
from delivery.models import Delivery, Outage
from tests.delivery_stage import answer, now, pumping, receiving, set_stage, wait_until

NOWHERE = "http://127.0.0.1:9"
TOKEN = "a token of the scraper's"


@pytest.fixture
def stage(transactional_db):
    return set_stage()


@pytest.fixture(autouse=True)
def _nothing_counted(settings):
    counters.carry()
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        client.delete(COUNTS)


def read(client, **headers):
    answer = client.get("/metrics", headers=headers)
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/plain; version=")
    return {
        (sample.name.removeprefix("referral_export_"), *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(answer.content.decode())
        for sample in family.samples
    }


def test_referrals_and_what_became_of_them_are_counted(stage, client):
    def twice(number):
        return answer(503)(number) if number == 1 else answer(201)(number)

    with receiving(answer=twice) as crm:
        stage.connection(crm)
        body = {"campaign": "spring", "external_id": "tx-1", "attributes": {"email": "j@a.example"}}
        for sent in (body, body, {"campaign": "spring"}):
            client.post(
                "/api/v1/accounts/acme/referrals",
                data=[sent],
                content_type="application/json",
                **stage.cast.authorization(),
            )
        with pumping():
            wait_until(lambda: stage.statuses() == {"delivered": 1})
    found = read(client)
    assert found["referrals_total", "accepted"] == 1
    assert found["referrals_total", "duplicate"] == 1
    assert found["referrals_total", "invalid"] == 1
    assert found["settled_total", "delivered"] == 1
    assert found["settled_total", "retrying"] == 1
    for name in ("claim_seconds", "settle_seconds"):
        count = found[f"{name}_count",]
        assert count >= 2
        assert found[f"{name}_bucket", "+Inf"] == count
        assert 0 < found[f"{name}_bucket", "5.0"] <= count
        assert 0 < found[f"{name}_sum",] < 10


def test_what_waits_is_told_apart(stage, client):
    stage.connection(NOWHERE)
    stage.accept("due-1", "due-2", "later")
    later = stage.deliveries(referral__external_id="later")
    later.update(next_attempt_at=now() + timedelta(hours=1))
    due = stage.deliveries(referral__external_id="due-1")
    due.update(next_attempt_at=now() - timedelta(minutes=10))
    found = read(client)
    assert [found["backlog", state] for state in ("due", "later", "held")] == [2, 1, 0]
    assert 600 <= found["backlog_age_seconds",] < 660
    assert (found["in_flight",], found["breakers", "closed"]) == (0, 1)

    due.update(lease_expires_at=now() + timedelta(minutes=1))
    found = read(client)
    assert [found["backlog", state] for state in ("due", "later")] == [1, 1]
    assert found["in_flight",] == 1


def test_what_a_pause_holds_raises_no_alarm_about_age(stage, client):
    connection = stage.connection(NOWHERE)
    stage.accept("tx-1")
    who = {"account": stage.cast.account, "actor": stage.cast.actor, "now": now()}
    pause_connection(connection_id=connection.id, **who)
    found = read(client)
    assert [found["backlog", state] for state in ("due", "later", "held")] == [0, 0, 1]
    assert found["backlog_age_seconds",] == 0


def test_breakers_of_live_connections_are_told_by_state(stage, client):
    cast = stage.cast
    connections = [stage.connection(NOWHERE) for _ in range(5)]
    outages = zip(connections, ["endpoint", "configuration", "endpoint"], strict=False)
    for connection, cause in outages:
        Outage.objects.for_account(cast.account).create(
            account=cast.account, connection=connection, cause=cause, opened_at=now()
        )
    who = {"account": cast.account, "actor": cast.actor, "now": now()}
    pause_connection(connection_id=connections[2].id, **who)  # one whose breaker is open
    pause_connection(connection_id=connections[3].id, **who)
    found = read(client)
    states = ("closed", "open_endpoint", "open_configuration")
    assert [found["breakers", state] for state in states] == [1, 1, 1]


def test_gauges_cost_statements_that_do_not_grow(stage, django_assert_num_queries):
    for number in range(3):
        stage.connection(NOWHERE)
        stage.accept(f"tx-{number}")
    with django_assert_num_queries(5):  # two of them the transaction's
        read_backlog(timezone.now())


def test_lost_doorbells_are_counted_while_redis_is_away(db, settings, tmp_path, client):
    here = settings.REDIS_URL
    settings.REDIS_URL = f"unix://{tmp_path}/nobody.sock"
    doorbell._redis.cache_clear()
    try:
        doorbell.ring()
        doorbell.ring()
    finally:
        settings.REDIS_URL = here
        doorbell._redis.cache_clear()
    assert read(client)["doorbells_lost_total",] == 2


def test_counts_are_kept_while_redis_is_away(db, settings, monkeypatch, tmp_path):
    mine = Counters()
    monkeypatch.setattr(mine, "_keep_carrying", lambda: None)
    mine.add(Count.SETTLED, "delivered", 3)
    away = redis.Redis.from_url(f"unix://{tmp_path}/nobody.sock")
    monkeypatch.setattr(counters_module, "_client", lambda: away)
    mine.carry()
    mine.add(Count.SETTLED, "delivered")
    monkeypatch.undo()
    mine.carry()
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        assert client.hgetall(COUNTS) == {b"settled:delivered": b"4"}


def test_counts_are_carried_by_themselves(db, settings):
    counters.add(Count.DOORBELLS_LOST)
    deadline = time.monotonic() + 10
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        while not client.hgetall(COUNTS):
            assert time.monotonic() < deadline
            time.sleep(0.05)


def test_without_redis_the_rest_is_told(db, settings, monkeypatch, tmp_path, client):
    away = redis.Redis.from_url(f"unix://{tmp_path}/nobody.sock")
    monkeypatch.setattr(counters_module, "_client", lambda: away)
    found = read(client)
    assert (found["server_up", "redis"], found["server_up", "postgresql"]) == (0, 1)
    assert ("backlog", "due") in found
    assert ("settled_total", "delivered") not in found


def test_labels_name_no_tenant(stage):
    stage.connection(NOWHERE)
    stage.accept("tx-1")
    told = exposition(now=timezone.now()).decode()
    assert Delivery.objects.for_account(stage.cast.account).exists()
    for word in ("acme", "Acme", "CRM", "spring", "tx-1"):
        assert word not in told


def test_token_is_asked_for(db, settings, client):
    settings.METRICS_TOKEN = TOKEN
    for given in ("", f"Bearer {TOKEN}x", TOKEN, "Bearer "):
        refused = client.get("/metrics", headers={"Authorization": given})
        assert (refused.status_code, refused["WWW-Authenticate"]) == (401, "Bearer")
        assert b"referral_export" not in refused.content
    assert read(client, Authorization=f"Bearer {TOKEN}")


def test_without_a_token_only_this_machine_reads_and_in_production_nobody(db, settings, client):
    assert client.get("/metrics").status_code == 200
    assert client.get("/metrics", REMOTE_ADDR="192.0.2.1").status_code == 401
    settings.PRODUCTION = True
    assert client.get("/metrics").status_code == 401
