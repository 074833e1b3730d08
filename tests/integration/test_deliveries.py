"""What became of referrals, over HTTP: found by filters, with every attempt, masked or not."""

from datetime import timedelta
from uuid import uuid4

import pytest
from aiohttp import web

from delivery.models import DeliveryStatus
from tests.delivery_stage import now, pump, receiving, set_stage

DELIVERIES = "/accounts/acme/deliveries"
NOWHERE = "http://127.0.0.1:9"


@pytest.fixture
def stage(db):
    return set_stage()


def found(api, stage, query):
    answer = api("get", f"{DELIVERIES}{query}", stage.cast.token("deliveries:read"))
    assert answer.status_code == 200
    return sorted(row["external_id"] for row in answer.json()["results"])


def test_filters_find_what_they_say(stage, api):
    first, second = stage.connection(NOWHERE), stage.connection(NOWHERE)
    [one, two] = stage.accept("tx-1", "tx-2")
    stage.deliveries(id=one.deliveries[0]).update(
        status=DeliveryStatus.REJECTED,
        reason="400 Member Exists",
        finished_at=now(),
        next_attempt_at=None,
    )
    stage.deliveries(id=two.deliveries[0]).update(created_at=now() - timedelta(days=3))
    day_ago = (now() - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    four = ["tx-1", "tx-1", "tx-2", "tx-2"]
    for query, expected in {
        "": four,
        "?status=rejected": ["tx-1"],
        f"?connection={first.id}": ["tx-1", "tx-2"],
        f"?connection={second.id}&external_id=tx-2": ["tx-2"],
        f"?connection={uuid4()}": [],
        "?connection=nonsense": [],
        f"?campaign={stage.campaign.id}": four,
        "?campaign=spring": four,
        "?campaign=summer": [],
        f"?referral={two.id}": ["tx-2", "tx-2"],
        "?external_id=tx-1": ["tx-1", "tx-1"],
        "?email=%20TX-1@example.com": ["tx-1", "tx-1"],
        "?email=tx-1@example": [],
        "?reason=member+exists": ["tx-1"],
        f"?since={day_ago}": ["tx-1", "tx-1", "tx-2"],
        f"?until={day_ago}": ["tx-2"],
        "?limit=3": None,
    }.items():
        rows = found(api, stage, query)
        assert (rows == expected) if expected is not None else len(rows) == 3, query


@pytest.mark.parametrize(
    ("query", "pointer"),
    [("?stauts=failed", "/stauts"), ("?status=lost", "/status"), ("?since=today", "/since")],
)
def test_wrong_filter_is_refused_with_its_name(stage, api, query, pointer):
    answer = api("get", f"{DELIVERIES}{query}", stage.cast.token())
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == pointer


def test_list_holds_its_query_count(stage, api, django_assert_num_queries):
    stage.connection(NOWHERE)
    token = stage.cast.token("deliveries:read")
    stage.accept("tx-0")
    api("get", DELIVERIES, token)
    with django_assert_num_queries(2):
        assert len(api("get", DELIVERIES, token).json()["results"]) == 1
    stage.accept(*(f"tx-{number}" for number in range(1, 20)))
    with django_assert_num_queries(2):
        assert len(api("get", DELIVERIES, token).json()["results"]) == 20


def test_scopes_of_the_three(stage, api):
    stage.connection(NOWHERE)
    [one] = stage.accept("tx-1")
    path = f"{DELIVERIES}/{one.deliveries[0]}"
    reader = stage.cast.token("deliveries:read")
    assert api("get", path, reader).status_code == 200
    assert api("post", f"{path}/cancel", reader).status_code == 403
    assert api("get", path, stage.cast.token("campaigns:read")).status_code == 403
    assert api("get", path, stage.cast.rival_token()).status_code == 404
    theirs = path.replace("acme", "rival")
    assert api("get", theirs, stage.cast.rival_token()).status_code == 404
    assert api("get", f"{DELIVERIES}/{uuid4()}", reader).status_code == 404


def test_cancel_ends_what_waits_once(stage, api):
    stage.connection(NOWHERE)
    [one] = stage.accept("tx-1")
    path = f"{DELIVERIES}/{one.deliveries[0]}/cancel"
    token = stage.cast.token("deliveries:replay")
    answer = api("post", path, token)
    assert answer.status_code == 200
    assert answer.json()["status"] == "cancelled"
    again = api("post", path, token)
    assert again.status_code == 409
    assert "cancelled" in again.json()["detail"]


@pytest.mark.django_db(transaction=True)
def test_delivered_referral_shows_its_attempt_masked_or_not(api):
    stage = set_stage()
    answer = web.json_response
    with receiving(
        answer=lambda _: answer({"id": "7", "who": "jane@x.example"}, status=201)
    ) as crm:
        stage.connection(crm)
        [one] = stage.accept("jane")
        pump()
    path = f"{DELIVERIES}/{one.deliveries[0]}"
    open_shown = api("get", path, stage.cast.token("deliveries:read", "pii:read")).json()
    assert open_shown["status"] == "delivered"
    assert open_shown["rule"] == "Success"
    assert open_shown["attempt_count"] == 1
    [attempt] = open_shown["attempts"]
    assert attempt["request"]["body"] == '{"email": "jane@example.com"}'
    assert attempt["response"]["status"] == 201
    assert attempt["verdict"]["outcome"] == "delivered"
    assert attempt["timings"].keys() == {"dns_ms", "connect_ms", "tls_ms", "first_byte_ms"}
    masked = api("get", path, stage.cast.token("deliveries:read")).json()
    assert masked["attempts"][0]["request"]["body"] == '{"email": "••••"}'
    assert masked["attempts"][0]["response"]["body"] == '{"id": "••••", "who": "••••"}'
    assert "example.com" not in str(masked)
    assert masked["attempts"][0]["verdict"]["outcome"] == "delivered"


def test_filter_finds_nothing_under_a_mask(stage, api):
    stage.connection(NOWHERE)
    [one] = stage.accept("tx-1")
    stage.deliveries(id=one.deliveries[0]).update(
        reason="tx-1@example.com is known", rule="Known already"
    )
    for part, masked, whole in [
        ("tx-1%40example", [], ["tx-1"]),
        ("is+known", [], ["tx-1"]),
        ("known+already", ["tx-1"], []),
    ]:
        path = f"{DELIVERIES}?reason={part}"
        assert found(api, stage, f"?reason={part}") == masked
        rows = api("get", path, stage.cast.token("deliveries:read", "pii:read")).json()["results"]
        assert [row["external_id"] for row in rows] == whole
