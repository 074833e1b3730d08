"""Figures that the settle keeps: exact under a fence, under many workers, and as clients see them."""

import threading
from collections import Counter
from datetime import timedelta

import pytest
from django.db import connection as database
from django.urls import reverse

from campaigns.services import create_campaign
from delivery import queue, retention
from delivery.models import Statistic
from delivery.queue.repair import POISON_EXPIRIES
from delivery.statistics import BUCKETS_MS
from tests.delivery_stage import answer, now, pump, pumping, receiving, set_stage, wait_until
from tests.integration.test_delivery_engine import claim, result_of, settle

NOWHERE = "http://127.0.0.1:9"
STATISTICS = "/accounts/acme/statistics"


@pytest.fixture
def stage(transactional_db):
    return set_stage()


def counted(stage):
    total = Counter()
    for row in Statistic.objects.for_account(stage.cast.account):
        total[row.status, row.reason] += row.count
    return total


def test_each_attempt_is_counted_once_with_its_latency(stage):
    connection = stage.connection(NOWHERE)
    stage.accept(*"abcdef")
    by_id = claim().deliveries
    durations = (5.0, 10.0, 300.0, 40_000.0)
    settle(
        *(
            result_of(one, rule="Created", duration_ms=duration)
            for one, duration in zip(by_id, durations, strict=False)
        ),
        result_of(
            by_id[4],
            status="retrying",
            error_code="timeout",
            finished_at=None,
            next_attempt_at=now(),
        ),
    )
    settle(result_of(by_id[5], status="rejected", reason="Jane Citizen is not wanted here"))
    assert counted(stage) == {
        ("delivered", "Created"): 4,
        ("retrying", "timeout"): 1,
        ("rejected", "no rule"): 1,
    }
    row = Statistic.objects.for_account(stage.cast.account).get(reason="Created")
    assert (row.connection_id, row.campaign_id) == (connection.id, stage.campaign.id)
    assert row.duration_ms == sum(durations)
    buckets = {number: count for number, count in enumerate(row.latency) if count}
    assert buckets == {0: 1, 1: 1, 5: 1, len(BUCKETS_MS): 1}
    assert (row.hour.minute, row.hour <= now()) == (0, True)


def test_late_settle_counts_nothing(stage):
    stage.connection(NOWHERE)
    stage.accept("tx-1")
    [stalled] = claim().deliveries
    much_later = now() + timedelta(minutes=5)
    queue.release_expired(now=much_later)
    [newer] = claim(at=much_later).deliveries
    settle(result_of(stalled))
    assert counted(stage) == {}
    settle(result_of(newer))
    settle(result_of(newer))
    assert counted(stage) == {("delivered", "no rule"): 1}


def lose_workers(stage, count=POISON_EXPIRIES):
    """Let so many workers stop while they send what waits; return the moment after."""
    moment = now()
    for _ in range(count):
        assert claim(at=moment).deliveries
        moment += timedelta(minutes=5)
        queue.release_expired(now=moment)
    return moment


def test_poison_is_counted_when_it_is_set_aside(stage):
    connection = stage.connection(NOWHERE)
    stage.accept("tx-1", "tx-2")
    lose_workers(stage, POISON_EXPIRIES - 1)
    assert counted(stage) == {}
    [one, _] = claim(at=now() + timedelta(hours=1)).deliveries
    settle(result_of(one))
    queue.release_expired(now=now() + timedelta(hours=2))
    assert counted(stage) == {("delivered", "no rule"): 1, ("failed", "poison"): 1}
    row = Statistic.objects.for_account(stage.cast.account).get(reason="poison")
    assert (row.connection_id, row.campaign_id) == (connection.id, stage.campaign.id)
    assert (row.duration_ms, sum(row.latency)) == (0, 0)


def test_referral_that_was_erased_before_it_was_sent_is_counted_once(stage):
    stage.connection(NOWHERE)
    stage.accept("tx-1", "tx-2")
    [sent] = claim(room=1).deliveries
    settle(result_of(sent))
    much_later = now() + timedelta(days=365)
    for _ in range(2):
        retention.forget_people(account=stage.cast.account, now=much_later)
    assert counted(stage) == {("delivered", "no rule"): 1, ("failed", "erased"): 1}


def test_what_was_never_sent_has_no_latency(stage, api):
    stage.connection(NOWHERE)
    stage.accept("tx-1")
    lose_workers(stage)
    stage.accept("tx-2")
    [sent] = claim(at=now() + timedelta(hours=1)).deliveries
    path, token = f"{STATISTICS}?by=status", stage.cast.token()
    until = (now() + timedelta(hours=3)).isoformat().replace("+00:00", "Z")
    [failed] = api("get", f"{path}&until={until}", token).json()["results"]
    assert (failed["count"], failed["latency_ms"]) == (1, None)
    settle(result_of(sent, duration_ms=40.0))
    hour = Statistic.objects.for_account(stage.cast.account).first().hour
    Statistic.objects.for_account(stage.cast.account).update(hour=hour)  # whatever the time
    path = f"{STATISTICS}?by=connection&interval=day"
    [both] = api("get", f"{path}&until={until}", token).json()["results"]
    assert (both["count"], both["latency_ms"]["mean"]) == (2, 40.0)


def test_two_pumps_count_everything_and_never_deadlock(stage):
    with receiving() as crm, receiving(answer=answer(409)) as other:
        stage.connection(crm)
        stage.connection(other)
        stage.accept(*(f"tx-{number}" for number in range(100)))
        with pumping(2):
            wait_until(lambda: not stage.deliveries(finished_at=None).exists(), seconds=30)
    assert sum(counted(stage).values()) == 200
    assert counted(stage)["delivered", "Success"] == 100


def test_settles_side_by_side_on_the_same_rows_all_count(stage):
    for _ in range(2):
        stage.connection(NOWHERE, concurrency=50)
    stage.accept(*(f"tx-{number}" for number in range(40)))
    claimed = claim(room=128).deliveries + claim(room=128).deliveries

    def work(some):
        for one in some:
            settle(result_of(one))
        database.close()

    threads = [threading.Thread(target=work, args=(claimed[start::4],)) for start in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counted(stage) == {("delivered", "no rule"): 80}


@pytest.mark.parametrize("by", ["connection", "campaign", "status", "reason"])
def test_figures_by_each(stage, api, by):
    with receiving() as crm:
        connection = stage.connection(crm)
        stage.accept("tx-1", "tx-2")
        pump()
    shown = api("get", f"{STATISTICS}?by={by}&interval=day", stage.cast.token()).json()
    [figure] = shown["results"]
    keys = {
        "connection": str(connection.id),
        "campaign": str(stage.campaign.id),
        "status": "delivered",
        "reason": "Success",
    }
    assert figure[by] == keys[by]
    assert (figure["count"], figure["statuses"]) == (2, {"delivered": 2})
    assert figure["start"].endswith("T00:00:00Z")
    assert 0 < figure["latency_ms"]["p50"] <= figure["latency_ms"]["p99"]


def test_figures_keep_to_their_account_and_time(stage, api):
    with receiving() as crm:
        stage.connection(crm)
        stage.accept("tx-1")
        pump()
    rival = api("get", "/accounts/rival/statistics?by=status", stage.cast.rival_token())
    assert rival.json()["results"] == []
    assert api("get", f"{STATISTICS}?by=status", stage.cast.rival_token()).status_code == 404
    hour = now().replace(minute=0, second=0, microsecond=0)
    spans = {
        (hour, hour + timedelta(hours=1)): 1,
        (hour - timedelta(hours=1), hour): 0,
    }
    for (since, until), count in spans.items():
        query = f"by=status&since={since:%Y-%m-%dT%H:%M:%SZ}&until={until:%Y-%m-%dT%H:%M:%SZ}"
        found = api("get", f"{STATISTICS}?{query}", stage.cast.token()).json()["results"]
        assert len(found) == count


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("", "/by"),
        ("?by=person", "/by"),
        ("?by=status&interval=week", "/interval"),
        ("?by=status&since=2020-01-01T00:00:00Z", "/since"),
        ("?by=status&form=day", "/form"),
    ],
)
def test_wrong_query_is_refused_with_its_name(stage, api, query, pointer):
    refused = api("get", f"{STATISTICS}{query}", stage.cast.token())
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"] == pointer


def test_panel_shows_the_last_day_and_referrals_today(stage, client):
    who = {"account": stage.cast.account, "actor": stage.cast.actor, "now": now()}
    create_campaign(name="Autumn", reference="autumn", **who)
    with receiving() as crm:
        connection = stage.connection(crm)
        stage.accept("tx-1", "tx-2", "tx-3")
        pump()
    client.force_login(stage.cast.manager)
    page = client.get(
        reverse("delivery:real_time_referral", args=("acme",)) + f"?open={connection.id}"
    )
    text = page.content.decode()
    assert "Last 24 hours: 3 delivered, 0 rejected, 0 duplicate, 0 failed." in text
    assert '<td data-label="Referrals today" class="number">3</td>' in text


def test_figures_are_let_go_after_thirteen_months(stage):
    stage.connection(NOWHERE)
    stage.accept("tx-1")
    settle(result_of(claim().deliveries[0]))
    account = stage.cast.account
    retention.delete_statistics(account=account, now=now())
    assert counted(stage)
    later = now() + timedelta(days=retention.STATISTICS_DAYS + 1)
    assert retention.delete_statistics(account=account, now=later) == 1
    assert not counted(stage)
