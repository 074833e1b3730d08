"""Drafts over REST: what was pasted becomes a connection, its secrets are kept and never shown."""

import pytest

from accounts.permissions import Permission
from connections.exchange.config import Environment
from connections.models import Connection
from connections.selectors import secret_values
from tests.integration.connection_bodies import CONNECTIONS, made_id

pytestmark = pytest.mark.django_db

LINE = (
    "curl https://api.example.com/leads?list=7 -H 'Authorization: Bearer correct-horse-battery'"
    ' -b session=1 --json \'{"email": "ada@example.com", "id": 7}\''
)
DOCUMENT = {
    "openapi": "3.1.0",
    "servers": [{"url": "https://api.example.com"}],
    "paths": {
        "/leads": {
            "get": {"responses": {}},
            "post": {"operationId": "addLead", "summary": "Add a lead", "responses": {"201": {}}},
        }
    },
}


RULE = {
    "conditions": [{"source": "status", "operator": "in", "value": "2xx"}],
    "outcome": "delivered",
}


def from_curl(api, token, **body):
    return api("post", f"{CONNECTIONS}/from-curl", token, {"curl": LINE} | body)


def test_a_curl_line_becomes_a_draft_with_its_secret_sealed(api, cast):
    answer = from_curl(api, cast.token(), name="Pasted")

    body = answer.json()
    assert answer.status_code == 201
    assert (body["name"], body["status"]) == ("Pasted", "draft")
    assert body["config"]["authorization"] == {"type": "bearer", "token": {"secret": "token"}}
    assert body["guesses"] == [
        {"place": "body email", "template": "{{ email }}", "certainty": "certain"}
    ]
    assert [note["place"] for note in body["not_understood"]] == ["--cookie"]
    assert "correct-horse" not in answer.content.decode()
    connection = Connection.objects.for_account(cast.account).get(id=body["id"])
    values = secret_values(version=connection.head_version, environment=Environment.PRODUCTION)
    assert values == {"token": "correct-horse-battery"}


def test_a_draft_is_named_after_its_host_and_previews(api, cast):
    token = cast.token()
    body = from_curl(api, token).json()

    shown = api(
        "post",
        f"{CONNECTIONS}/{body['id']}/preview",
        token,
        {"attributes": {"email": "grace@example.com"}},
    ).json()

    assert body["name"] == "api.example.com"
    assert shown["url"] == "https://api.example.com/leads?list=7"
    assert '"grace@example.com"' in shown["body"]


def test_the_same_key_adds_one_draft(api, cast):
    token = cast.token()
    first = api("post", f"{CONNECTIONS}/from-curl", token, {"curl": LINE}, HTTP_IDEMPOTENCY_KEY="k")
    again = api("post", f"{CONNECTIONS}/from-curl", token, {"curl": LINE}, HTTP_IDEMPOTENCY_KEY="k")

    assert first.json()["id"] == again.json()["id"]


def test_a_raw_request_is_taken_too(api, cast):
    raw = "POST /x HTTP/1.1\nHost: api.example.com\n\na=1"

    assert from_curl(api, cast.token(), curl=raw).json()["config"]["method"] == "POST"


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"curl": "wget https://x"}, "/curl"),
        ({"curl": "curl http://169.254.169.254/"}, "/curl"),
        ({"curl": LINE, "name": ""}, "/name"),
        ({"curl": LINE, "colour": "red"}, "/colour"),
        ({}, "/curl"),
    ],
)
def test_what_cannot_be_taken_is_refused_where_it_stands(api, cast, body, pointer):
    answer = api("post", f"{CONNECTIONS}/from-curl", cast.token(), body)

    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
    assert not Connection.objects.for_account(cast.account).exists()


def test_without_an_operation_they_are_listed(api, cast):
    answer = api("post", f"{CONNECTIONS}/from-openapi", cast.token(), {"document": DOCUMENT})

    assert answer.status_code == 200
    assert answer.json()["operations"][1] == {
        "operation": "addLead",
        "method": "POST",
        "path": "/leads",
        "summary": "Add a lead",
    }


@pytest.mark.parametrize("operation", ["addLead", "POST /leads"])
def test_an_operation_becomes_a_draft(api, cast, operation):
    answer = api(
        "post",
        f"{CONNECTIONS}/from-openapi",
        cast.token(),
        {"document": DOCUMENT, "operation": operation, "name": "From OpenAPI"},
    )

    assert answer.status_code == 201
    assert answer.json()["config"]["environments"] == {
        "production": {"url": "https://api.example.com/leads"}
    }


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"document": "openapi: ["}, "/document"),
        ({"document": 7}, "/document"),
        ({"document": DOCUMENT, "operation": "x"}, "/operation"),
    ],
)
def test_a_wrong_document_is_refused_where_it_is_wrong(api, cast, body, pointer):
    answer = api("post", f"{CONNECTIONS}/from-openapi", cast.token(), body)

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == pointer


SAMPLES = [
    {"name": "New", "status": 201, "body": '{"id": 7}', "expected_outcome": "delivered"},
    {"name": "Twice", "status": 409, "expected_outcome": "duplicate"},
]


def test_samples_become_rules_and_are_kept_with_them(api, cast):
    token = cast.token()
    path = f"{CONNECTIONS}/{made_id(api, token)}"

    answer = api("post", f"{path}/rules-from-samples", token, {"samples": SAMPLES})

    body = answer.json()
    assert answer.status_code == 200, body
    assert [rule["outcome"] for rule in body["response_rules"]] == ["duplicate", "delivered"]
    assert (body["version"], body["warnings"]) == (2, [])
    config = api("get", path, token).json()["config"]
    assert [one["name"] for one in config["response_samples"]] == ["New", "Twice"]
    assert config["response_rules"] == body["response_rules"]


def test_samples_add_to_those_that_are_kept(api, cast):
    token = cast.token()
    path = f"{CONNECTIONS}/{made_id(api, token)}/rules-from-samples"
    api("post", path, token, {"samples": SAMPLES})

    more = [{"name": "Bad", "status": 400, "expected_outcome": "rejected"}, SAMPLES[0]]
    body = api("post", path, token, {"samples": more, "dry_run": True}).json()

    assert [one["name"] for one in body["response_samples"]] == ["New", "Twice", "Bad"]
    assert body["version"] is None
    assert len(body["response_rules"]) == 3


def test_samples_that_contradict_each_other_are_refused(api, cast):
    token = cast.token()
    path = f"{CONNECTIONS}/{made_id(api, token)}/rules-from-samples"
    other = SAMPLES[0] | {"name": "Other", "expected_outcome": "rejected"}

    answer = api("post", path, token, {"samples": [SAMPLES[0], other]})

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["code"] == "samples_not_separable"


def test_one_connection_is_shown_with_what_to_look_at_in_its_rules(api, cast):
    token = cast.token()
    path = f"{CONNECTIONS}/{made_id(api, token)}"
    sample = {"name": "Odd", "status": 201, "expected_outcome": "rejected"}

    changed = api("patch", path, token, {"config": {"response_samples": [sample]}}).json()

    assert [one["code"] for one in changed["warnings"]] == ["sample_misread"]
    assert api("get", path, token).json()["warnings"] == changed["warnings"]


CALLS = [
    ("from-curl", {"curl": LINE}),
    ("from-openapi", {"document": DOCUMENT, "operation": "addLead"}),
    ("{id}/rules-from-samples", {"samples": SAMPLES}),
]


@pytest.mark.parametrize(("path", "body"), CALLS)
def test_who_may_only_read_may_not_draft(api, cast, path, body):
    connection = made_id(api, cast.token())
    url = f"{CONNECTIONS}/{path.replace('{id}', connection)}"

    reader = cast.token(Permission.CONNECTION_READ)
    assert api("post", url, reader, body).status_code == 403
    assert api("post", url, cast.rival_token(), body).status_code == 404
    assert api("post", url, None, body).status_code == 401


def test_the_editor_shows_what_to_look_at_in_the_saved_rules(api, cast, client):
    connection = made_id(api, cast.token())
    body = {"config": {"response_rules": [RULE | {"name": "First"}, RULE | {"name": "Second"}]}}
    api("patch", f"{CONNECTIONS}/{connection}", cast.token(), body)
    client.force_login(cast.manager)

    page = client.get(f"/accounts/acme/integrations/connections/{connection}/").content.decode()

    assert "&quot;Second&quot; is never reached: &quot;First&quot; matches before it." in page
