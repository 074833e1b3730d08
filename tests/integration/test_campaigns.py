"""Campaigns and links over HTTP: who may, who may only read, and a stranger."""

import threading
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from django.db import connections as databases
from django.test import Client

from campaigns.models import Campaign, CampaignStatus
from campaigns.services import change_campaign, create_campaign
from connections.models import Connection, ConnectionStatus
from tests.cast import BEGINNING, make_cast

CAMPAIGNS = "/accounts/acme/campaigns"
BODY = {"name": "Spring savings", "reference": "spring"}


@pytest.fixture
def campaign(cast):
    return make_campaign(cast, "Spring savings", "spring")


@pytest.fixture
def connection(cast):
    return make_connection(cast.account, "CRM")


def make_campaign(cast, name, reference):
    return create_campaign(
        account=cast.account, actor=cast.actor, now=BEGINNING, name=name, reference=reference
    )


def make_connection(account, name):
    return Connection.objects.for_account(account).create(
        account=account, name=name, created_at=BEGINNING, updated_at=BEGINNING
    )


def test_campaign_is_created_and_read_by_id_and_reference(cast, api):
    made = api("post", CAMPAIGNS, cast.token("campaigns:write"), BODY)
    assert made.status_code == 201
    shown = made.json()
    assert shown == {"id": shown["id"], **BODY, "status": "live"}
    for key in (shown["id"], "spring"):
        read = api("get", f"{CAMPAIGNS}/{key}", cast.token("campaigns:read"))
        assert (read.status_code, read.json()) == (200, shown)


def test_campaign_is_changed(cast, api, campaign):
    answer = api("patch", f"{CAMPAIGNS}/spring", cast.token(), {"status": "paused"})
    assert answer.status_code == 200
    assert answer.json()["status"] == "paused"


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"name": "Spring"}, "/reference"),
        (BODY | {"state": "live"}, "/state"),
        (BODY | {"status": "gone"}, "/status"),
        (BODY | {"name": " "}, "/name"),
        ([BODY], ""),
    ],
)
def test_wrong_campaign_is_refused_with_its_place(cast, api, body, pointer):
    answer = api("post", CAMPAIGNS, cast.token(), body)
    assert answer.status_code == 422
    assert pointer in [error["pointer"] for error in answer.json()["errors"]]


def test_who_may_only_read_may_not_write(cast, api, campaign, connection):
    reader = cast.token("campaigns:read")
    links = f"/accounts/acme/connections/{connection.id}/campaigns"
    assert api("get", CAMPAIGNS, reader).status_code == 200
    assert api("get", links, reader).status_code == 200
    assert api("post", CAMPAIGNS, reader, BODY).status_code == 403
    assert api("patch", f"{CAMPAIGNS}/spring", reader, {"name": "x"}).status_code == 403
    assert api("put", f"{links}/spring", reader).status_code == 403
    assert api("delete", f"{links}/spring", reader).status_code == 403


def test_list_holds_its_query_count(cast, api, campaign, django_assert_num_queries):
    token = cast.token("campaigns:read")
    api("get", CAMPAIGNS, token)  # notes the use of the token
    with django_assert_num_queries(2):
        assert len(api("get", CAMPAIGNS, token).json()["results"]) == 1
    for number in range(19):
        make_campaign(cast, f"Campaign {number}", f"reference-{number}")
    with django_assert_num_queries(2):
        assert len(api("get", CAMPAIGNS, token).json()["results"]) == 20


def test_list_is_paged_newest_first(cast, api):
    made = [str(make_campaign(cast, name, name).id) for name in "abc"]
    token = cast.token()
    first = api("get", f"{CAMPAIGNS}?limit=2", token).json()
    assert [row["id"] for row in first["results"]] == [made[2], made[1]]
    assert first["previous"] is None
    rest = api("get", first["next"].partition("/api/v1")[2], token).json()
    assert [row["id"] for row in rest["results"]] == [made[0]]
    assert rest["next"] is None


def test_link_and_unlink_are_idempotent(cast, api, campaign, connection):
    token = cast.token("campaigns:read", "campaigns:write")
    links = f"/accounts/acme/connections/{connection.id}/campaigns"

    def names(query):
        return [row["name"] for row in api("get", f"{links}{query}", token).json()["results"]]

    assert names("?linked=false") == ["Spring savings"]
    for _ in range(2):
        answer = api("put", f"{links}/{campaign.id}", token)
        assert (answer.status_code, answer.content) == (204, b"")
    assert (names("?linked=true"), names("?linked=false")) == (["Spring savings"], [])
    for _ in range(2):
        assert api("delete", f"{links}/spring", token).status_code == 204
    assert (names("?linked=true"), names("?linked=false")) == ([], ["Spring savings"])
    assert names("") == ["Spring savings"]


def test_linked_is_true_or_false(cast, api, connection):
    links = f"/accounts/acme/connections/{connection.id}/campaigns"
    answer = api("get", f"{links}?linked=maybe", cast.token())
    assert answer.status_code == 422


def test_archived_is_not_linked(cast, api, campaign, connection):
    link = f"/accounts/acme/connections/{connection.id}/campaigns/spring"
    change_campaign(
        account=cast.account,
        actor=cast.actor,
        now=BEGINNING,
        campaign_id=campaign.id,
        status=CampaignStatus.ARCHIVED,
    )
    answer = api("put", link, cast.token())
    assert answer.status_code == 409
    assert "archived" in answer.json()["detail"]
    Connection.objects.for_account(cast.account).update(status=ConnectionStatus.ARCHIVED)
    assert api("put", link, cast.token()).status_code == 409


@pytest.mark.parametrize("missing", ["connection", "campaign"])
def test_link_to_nothing_is_404(cast, api, campaign, connection, missing):
    ids = {"connection": connection.id, "campaign": campaign.id} | {missing: uuid4()}
    path = "/accounts/acme/connections/{connection}/campaigns/{campaign}".format(**ids)
    for method in ("put", "delete"):
        assert api(method, path, cast.token()).status_code == 404


def test_same_key_and_body_is_created_once(cast, api):
    token = cast.token()
    first = api("post", CAMPAIGNS, token, BODY, HTTP_IDEMPOTENCY_KEY="one")
    again = api("post", CAMPAIGNS, token, BODY, HTTP_IDEMPOTENCY_KEY="one")
    assert again.status_code == 201
    assert again.json() == first.json()
    assert again["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first


def test_same_key_with_another_body_is_refused(cast, api):
    token = cast.token()
    api("post", CAMPAIGNS, token, BODY, HTTP_IDEMPOTENCY_KEY="one")
    answer = api(
        "post", CAMPAIGNS, token, BODY | {"reference": "other"}, HTTP_IDEMPOTENCY_KEY="one"
    )
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["code"] == "idempotency_key_reused"


def test_an_error_is_not_kept_under_its_key(cast, api):
    token = cast.token()
    wrong = api("post", CAMPAIGNS, token, {"name": "x"}, HTTP_IDEMPOTENCY_KEY="one")
    right = api("post", CAMPAIGNS, token, BODY, HTTP_IDEMPOTENCY_KEY="one")
    assert (wrong.status_code, right.status_code) == (422, 201)


def test_key_that_is_no_text_is_refused(cast, api):
    answer = api("post", CAMPAIGNS, cast.token(), BODY, HTTP_IDEMPOTENCY_KEY="x" * 256)
    assert answer.status_code == 422


@pytest.mark.django_db(transaction=True)
def test_same_key_at_once_is_created_once():
    cast = make_cast()
    headers = cast.authorization() | {"HTTP_IDEMPOTENCY_KEY": "one"}
    together = threading.Barrier(8)

    def post(_):
        together.wait()
        try:
            return Client().post(
                f"/api/v1{CAMPAIGNS}", data=BODY, content_type="application/json", **headers
            )
        finally:
            databases.close_all()

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(post, range(8)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert Campaign.objects.for_account(cast.account).count() == 1
