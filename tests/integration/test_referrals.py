"""Referrals in over HTTP: one, a list, lines; and read again."""

from uuid import uuid4

import orjson
import pytest

from delivery.models import Delivery, Referral
from tests.delivery_stage import set_stage

REFERRALS = "/accounts/acme/referrals"
NOWHERE = "http://127.0.0.1:9"
GOOD = {
    "campaign": "spring",
    "external_id": "tx-1",
    "occurred_at": "2026-11-23T13:30:00Z",
    "attributes": {"email": "jane@example.com", "first_name": "Jane", "currency": "USD"},
}


@pytest.fixture
def stage(db):
    return set_stage()


@pytest.fixture
def linked(stage):
    return stage.connection(NOWHERE)


def good(number):
    return GOOD | {"external_id": f"tx-{number}"}


def test_one_referral_is_accepted_with_its_deliveries(stage, linked, api):
    answer = api("post", REFERRALS, stage.cast.token("referrals:write"), GOOD)
    assert answer.status_code == 202
    referral = Referral.objects.for_account(stage.cast.account).get()
    delivery = Delivery.objects.for_account(stage.cast.account).get()
    assert answer.json() == {
        "accepted": 1,
        "duplicates": 0,
        "rejected": 0,
        "results": [
            {
                "external_id": "tx-1",
                "status": "accepted",
                "id": str(referral.id),
                "deliveries": [str(delivery.id)],
            }
        ],
    }


def test_same_referral_again_is_a_duplicate_with_the_first_ids(stage, linked, api):
    token = stage.cast.token()
    first = api("post", REFERRALS, token, GOOD).json()["results"][0]
    by_id = GOOD | {"campaign": str(stage.campaign.id)}
    again = api("post", REFERRALS, token, by_id).json()
    assert (again["accepted"], again["duplicates"]) == (0, 1)
    assert again["results"] == [first | {"status": "duplicate"}]
    assert Delivery.objects.for_account(stage.cast.account).count() == 1


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"campaign": "summer"}, "/campaign"),
        ({"external_id": ""}, "/external_id"),
        ({"occurred_at": "yesterday"}, "/occurred_at"),
        ({"attributes": {"frist_name": "Jane"}}, "/attributes/frist_name"),
        ({"colour": "red"}, "/colour"),
    ],
)
def test_one_wrong_referral_is_422_with_its_place(stage, api, change, pointer):
    answer = api("post", REFERRALS, stage.cast.token(), GOOD | change)
    assert answer.status_code == 422
    assert answer["Content-Type"] == "application/problem+json"
    assert pointer in [error["pointer"] for error in answer.json()["errors"]]
    assert Referral.objects.for_account(stage.cast.account).count() == 0


def test_wrong_entries_do_not_spoil_a_list(stage, api):
    body = [good(1), good(2) | {"campaign": "summer"}, {"external_id": "tx-3"}, 7, good(1), good(4)]
    answer = api("post", REFERRALS, stage.cast.token(), body)
    assert answer.status_code == 202
    shown = answer.json()
    assert (shown["accepted"], shown["duplicates"], shown["rejected"]) == (2, 1, 3)
    results = shown["results"]
    assert [(row["external_id"], row["status"]) for row in results] == [
        ("tx-1", "accepted"),
        ("tx-2", "invalid"),
        ("tx-3", "invalid"),
        (None, "invalid"),
        ("tx-1", "duplicate"),
        ("tx-4", "accepted"),
    ]
    assert results[1]["errors"][0]["pointer"] == "/campaign"
    assert results[4]["id"] == results[0]["id"]
    assert "errors" not in results[0]


def test_too_long_a_list_is_refused_whole(stage, api):
    answer = api("post", REFERRALS, stage.cast.token(), [good(n) for n in range(1_001)])
    assert answer.status_code == 422
    assert "1,001" in answer.json()["detail"]
    assert Referral.objects.for_account(stage.cast.account).count() == 0


def test_lines_are_accepted_beyond_the_length_of_a_list(stage, client):
    lines = [orjson.dumps(good(number)) for number in range(1_100)]
    lines.insert(500, b"{oops")
    answer = client.post(
        f"/api/v1{REFERRALS}",
        data=b"\n".join(lines),
        content_type="application/x-ndjson",
        **stage.cast.authorization(),
    )
    assert answer.status_code == 202
    shown = answer.json()
    assert (shown["accepted"], shown["rejected"]) == (1_100, 1)
    assert shown["results"][500]["status"] == "invalid"
    assert "Line 501" in shown["results"][500]["errors"][0]["detail"]
    assert shown["results"][501]["external_id"] == "tx-500"


def test_a_list_costs_no_more_statements_than_one(
    stage, linked, api, django_assert_max_num_queries
):
    token = stage.cast.token("referrals:write")
    api("post", REFERRALS, token, good(0))
    with django_assert_max_num_queries(11):
        api("post", REFERRALS, token, good(1))
    with django_assert_max_num_queries(11):
        api("post", REFERRALS, token, [good(number) for number in range(2, 500)])


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b'{"campaign": ', "application/json", 400),
        (b"7", "application/json", 422),
        (b"[]", "application/json", 202),
        (b"\n", "application/x-ndjson", 202),
        (b"a=b", "application/x-www-form-urlencoded", 415),
        (b"x" * (10 * 1024 * 1024 + 1), "application/json", 413),
    ],
)
def test_body_that_is_no_referral(stage, client, body, content_type, status):
    answer = client.post(
        f"/api/v1{REFERRALS}", data=body, content_type=content_type, **stage.cast.authorization()
    )
    assert answer.status_code == status
    if status >= 400:
        assert answer["Content-Type"] == "application/problem+json"


def test_token_without_the_scope_may_not(stage, api):
    assert api("post", REFERRALS, stage.cast.token("deliveries:read"), GOOD).status_code == 403
    assert api("post", REFERRALS, stage.cast.rival_token(), GOOD).status_code == 404
    assert api("post", REFERRALS, None, GOOD).status_code == 401


def test_referral_is_read_with_its_deliveries(stage, linked, api):
    posted = api("post", REFERRALS, stage.cast.token(), GOOD).json()["results"][0]
    path = f"{REFERRALS}/{posted['id']}"
    shown = api("get", path, stage.cast.token("deliveries:read", "pii:read")).json()
    assert shown["attributes"] == GOOD["attributes"]
    assert shown["occurred_at"] == GOOD["occurred_at"]
    assert [delivery["id"] for delivery in shown["deliveries"]] == posted["deliveries"]
    masked = api("get", path, stage.cast.token("deliveries:read")).json()
    assert masked["attributes"] == {"email": "••••", "first_name": "••••", "currency": "USD"}
    assert masked["external_id"] == "tx-1"


def test_referral_of_nobody_or_of_another_is_404(stage, api):
    posted = api("post", REFERRALS, stage.cast.token(), GOOD).json()["results"][0]
    for path in (f"{REFERRALS}/{uuid4()}", f"/accounts/rival/referrals/{posted['id']}"):
        assert api("get", path, stage.cast.token()).status_code == 404
    theirs = f"/accounts/rival/referrals/{posted['id']}"
    assert api("get", theirs, stage.cast.rival_token()).status_code == 404
