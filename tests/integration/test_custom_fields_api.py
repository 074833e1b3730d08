"""Custom fields through the REST API: who may, who may only read, and a stranger."""

import pytest

from accounts.permissions import Permission
from tests.integration.connection_bodies import made_id

FIELDS = "/accounts/acme/custom-fields"
REGION = {
    "name": "region",
    "source": "state",
    "condition": "contains",
    "mappings": [{"match": "NY", "value": "East"}],
    "default_when_empty": None,
    "default_when_nothing_matches": "Other",
}
USING = {
    "name": "CRM",
    "config": {
        "environments": {"production": {"url": "https://api.example.com/v1"}},
        "body": {"encoding": "json", "template": '{"region": {{ region|tojson }}}'},
    },
}


@pytest.fixture
def token(cast):
    return cast.token()


@pytest.fixture
def field(api, token):
    answer = api("post", FIELDS, token, REGION)
    assert answer.status_code == 201, answer.content
    return answer.json()


def test_field_is_added_read_changed_and_deleted(api, token, field):
    assert field | REGION == field
    assert field["used_by"] == []
    one = f"{FIELDS}/{field['id']}"
    assert api("get", one, token).json() == field
    changed = api("patch", one, token, {"name": "area", "default_when_nothing_matches": None})
    assert changed.status_code == 200
    assert (changed.json()["name"], changed.json()["default_when_nothing_matches"]) == (
        "area",
        None,
    )
    assert [row["name"] for row in api("get", FIELDS, token).json()["results"]] == ["area"]
    assert api("delete", one, token).status_code == 204
    assert api("get", one, token).status_code == 404


def test_field_that_is_used_is_not_deleted(api, token, field):
    connection = made_id(api, token, USING)
    one = f"{FIELDS}/{field['id']}"
    assert api("get", one, token).json()["used_by"] == [connection]
    refused = api("delete", one, token)
    assert refused.status_code == 409
    assert "CRM" in refused.json()["detail"]


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"name": "email"}, "/name"),
        ({"source": "stat"}, "/source"),
        ({"condition": "like"}, "/condition"),
        ({"mappings": [{"match": "", "value": "x"}]}, "/mappings/0/match"),
        ({"mapping": []}, "/mapping"),
    ],
)
def test_wrong_field_is_refused_with_its_place(api, token, wrong, pointer):
    refused = api("post", FIELDS, token, REGION | wrong)
    assert refused.status_code == 422
    assert [error["pointer"] for error in refused.json()["errors"]] == [pointer]


def test_same_idempotency_key_adds_it_once(api, token):
    first = api("post", FIELDS, token, REGION, HTTP_IDEMPOTENCY_KEY="one")
    again = api("post", FIELDS, token, REGION, HTTP_IDEMPOTENCY_KEY="one")
    assert (first.status_code, again.json()) == (201, first.json())


def test_who_may_only_read_changes_nothing(api, cast, field):
    reader = cast.token(Permission.CONNECTION_READ)
    one = f"{FIELDS}/{field['id']}"
    assert api("get", one, reader).status_code == 200
    assert api("post", FIELDS, reader, REGION).status_code == 403
    assert api("patch", one, reader, {}).status_code == 403
    assert api("delete", one, reader).status_code == 403


def test_stranger_sees_nothing(api, cast, field):
    assert api("get", FIELDS, cast.rival_token()).status_code == 404
    theirs = f"/accounts/rival/custom-fields/{field['id']}"
    assert api("get", theirs, cast.rival_token()).status_code == 404


def test_list_asks_no_more_of_the_database_when_it_is_long(
    api, token, field, django_assert_max_num_queries
):
    for number in range(20):
        api("post", FIELDS, token, REGION | {"name": f"region_{number}"})
    with django_assert_max_num_queries(10):
        assert len(api("get", FIELDS, token).json()["results"]) == 21
