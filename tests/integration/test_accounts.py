"""Who a token is, and the accounts that it reaches, over HTTP."""

from datetime import UTC, datetime

import pytest

from accounts.models import Account, IdempotentRequest
from accounts.permissions import Permission
from accounts.services import issue_token
from tests.cast import BEGINNING, NOBODY


@pytest.fixture
def manager_token(cast):
    text, _ = issue_token(
        name="all of mine",
        user=cast.manager,
        scopes=list(Permission),
        actor=NOBODY,
        now=datetime.now(UTC),
    )
    return text


def test_me_tells_scopes_and_accounts(cast, api):
    answer = api("get", "/me", cast.token("referrals:write"))
    assert answer.status_code == 200
    assert answer.json()["scopes"] == ["referrals:write"]
    assert [account["slug"] for account in answer.json()["accounts"]] == ["acme"]


@pytest.mark.parametrize("path", ["/me", "/attributes", "/accounts", "/accounts/acme"])
def test_no_token_is_401_problem(cast, api, path):
    answer = api("get", path)
    assert answer.status_code == 401
    assert answer["Content-Type"] == "application/problem+json"
    assert answer["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("bad", ["rex_wrong", "", "é"])
def test_wrong_token_is_401(cast, api, bad):
    assert api("get", "/me", HTTP_AUTHORIZATION=f"Bearer {bad}").status_code == 401


def test_attributes_are_the_catalogue(cast, api):
    answer = api("get", "/attributes", cast.token("referrals:write")).json()
    assert answer["next"] is None
    email = next(row for row in answer["results"] if row["name"] == "email")
    assert email.keys() == {"name", "label", "type", "description", "example", "pii"}
    assert email["pii"] is True


def test_token_of_an_account_reaches_that_one_alone(cast, api):
    token = cast.token()
    listed = api("get", "/accounts", token).json()
    assert [account["slug"] for account in listed["results"]] == ["acme"]
    assert listed["next"] is None
    assert listed["previous"] is None
    assert api("get", "/accounts/acme", token).json()["name"] == "Acme Energy"
    for method in ("get", "patch"):
        assert api(method, "/accounts/rival", token).status_code == 404


def test_account_is_renamed_with_the_right_only(cast, api):
    token = cast.token("account:admin")
    answer = api("patch", "/accounts/acme", token, {"name": "Acme Power"})
    assert answer.status_code == 200
    assert answer.json()["name"] == "Acme Power"
    refused = api("patch", "/accounts/acme", cast.token("connections:read"), {"name": "X"})
    assert refused.status_code == 403


def test_account_says_how_long_it_remembers(cast, api):
    token = cast.token("account:admin")
    shown = api("get", "/accounts/acme", token).json()
    assert (shown["retention_days"], shown["personal_data_days"]) == (90, 30)
    body = {"retention_days": 60, "personal_data_days": 14}
    shown = api("patch", "/accounts/acme", token, body).json()
    assert (shown["retention_days"], shown["personal_data_days"]) == (60, 14)
    refused = api("patch", "/accounts/acme", token, {"retention_days": 7})
    assert refused.json()["errors"][0]["pointer"] == "/personal_data_days"
    assert api("patch", "/accounts/acme", token, {"retention_days": 0}).status_code == 422


def test_unknown_field_is_refused_with_its_pointer(cast, api):
    answer = api("patch", "/accounts/acme", cast.token(), {"nmae": "Acme Power"})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/nmae"


def test_accounts_are_added_by_a_manager_s_token(cast, api, manager_token):
    answer = api("post", "/accounts", manager_token, {"name": "Solar One", "slug": "solar-one"})
    assert answer.status_code == 201
    assert answer.json()["slug"] == "solar-one"
    slugs = {
        account["slug"] for account in api("get", "/accounts", manager_token).json()["results"]
    }
    assert slugs == {"acme", "solar-one"}


def test_accounts_are_not_added_by_an_account_s_token(cast, api):
    answer = api("post", "/accounts", cast.token(), {"name": "Solar One", "slug": "solar-one"})
    assert answer.status_code == 403
    assert Account.objects.filter(slug="solar-one").count() == 0


def test_taken_slug_is_refused(cast, api, manager_token):
    answer = api("post", "/accounts", manager_token, {"name": "Mine", "slug": "rival"})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/slug"


def test_account_posted_twice_with_one_key_is_one_account(cast, api, manager_token):
    body = {"name": "Solar One", "slug": "solar-one"}
    first = api("post", "/accounts", manager_token, body, HTTP_IDEMPOTENCY_KEY="k1")
    again = api("post", "/accounts", manager_token, body, HTTP_IDEMPOTENCY_KEY="k1")
    other = body | {"slug": "solar-two"}
    refused = api("post", "/accounts", manager_token, other, HTTP_IDEMPOTENCY_KEY="k1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert refused.status_code == 422
    assert Account.objects.filter(slug__startswith="solar").count() == 1


def test_method_that_is_not_there_is_a_405_problem(cast, api):
    for method in ("options", "delete"):
        answer = api(method, "/accounts/acme/campaigns", cast.token())
        assert answer.status_code == 405
        assert answer["Content-Type"] == "application/problem+json"


def test_unknown_route_is_a_problem(api, db):
    for method in ("get", "post"):
        answer = api(method, "/nowhere/at/all")
        assert answer.status_code == 404
        assert answer["Content-Type"] == "application/problem+json"


def test_too_large_a_body_is_413(cast, api):
    body = {"name": "x" * (11 * 1024 * 1024)}
    answer = api("patch", "/accounts/acme", cast.token(), body)
    assert answer.status_code == 413
    assert answer["Content-Type"] == "application/problem+json"


def test_broken_json_is_400(cast, client):
    answer = client.patch(
        "/api/v1/accounts/acme",
        data=b'{"name": ',
        content_type="application/json",
        **cast.authorization(),
    )
    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"


def test_idempotent_answers_are_sealed(cast, api, manager_token):
    body = {"name": "Solar One", "slug": "solar-one"}
    api("post", "/accounts", manager_token, body, HTTP_IDEMPOTENCY_KEY="k1")
    made = Account.objects.get(slug="solar-one")
    row = IdempotentRequest.objects.for_account(made).get()
    assert b"Solar One" not in bytes(row.response_sealed)
    assert row.created_at > BEGINNING
