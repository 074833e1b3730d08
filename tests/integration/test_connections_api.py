"""Connections over HTTP: who may, who may only read, and a stranger."""

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from connections import selectors
from connections.models import TestRun
from tests.cast import BEGINNING
from tests.integration.connection_bodies import CONNECTIONS, WHOLE, made, made_id

pytestmark = pytest.mark.django_db


@pytest.fixture
def writer(cast):
    return cast.token("connections:write", "connections:read")


@pytest.fixture
def connection(api, writer):
    return f"{CONNECTIONS}/{made_id(api, writer)}"


class TestCreate:
    def test_whole_connection_is_created_in_the_agreed_shape(self, api, writer):
        answer = made(api, writer)
        assert (answer.status_code, answer["ETag"]) == (201, '"1"')
        shown = answer.json()
        assert {
            name: shown[name] for name in ("name", "status", "version", "live_version", "tested")
        } == {
            "name": "Newsletter CRM",
            "status": "draft",
            "version": 1,
            "live_version": None,
            "tested": False,
        }
        assert shown["config"]["authorization"] == WHOLE["config"]["authorization"]
        assert shown["config"]["body"]["template"] == WHOLE["config"]["body"]["template"]
        assert shown["contacts"] == WHOLE["contacts"]
        assert set(shown["secrets"]["crm_password"]) == {"production", "testing"}

    def test_name_and_endpoint_are_enough(self, api, writer):
        body = {
            "name": "A",
            "config": {"environments": {"production": {"url": "https://api.example.com"}}},
        }
        shown = made(api, writer, body).json()
        assert shown["config"]["response_rules"][0]["name"] == "Success"

    def test_no_answer_ever_holds_a_secret(self, api, writer, cast):
        answer = made(api, writer)
        shown = api("get", f"{CONNECTIONS}/{answer.json()['id']}", writer)
        listed = api("get", CONNECTIONS, writer)
        for text in (answer, shown, listed):
            assert "correct horse" not in text.content.decode()

    @pytest.mark.parametrize(
        ("body", "pointer", "detail"),
        [
            ({"config": WHOLE["config"]}, "/name", "This field is required."),
            ({"nmae": "A"}, "/nmae", 'There is no field "nmae" here.'),
            (
                {"name": "A", "config": {"environmnts": {}}},
                "/config/environmnts",
                'There is no field "environmnts" here. Did you mean environments?',
            ),
            (
                WHOLE | {"config": WHOLE["config"] | {"body": {"template": "{{ frist_name }}"}}},
                "/config/body/template",
                "Did you mean first_name?",
            ),
            (WHOLE | {"secret_values": {"a b": "x"}}, "/secret_values/a b", "Name a secret with"),
            (WHOLE | {"contacts": [{}]}, "/contacts/0/name", '"name" is missing: add it.'),
        ],
    )
    def test_mistake_is_said_with_its_place(self, api, writer, body, pointer, detail):
        answer = made(api, writer, body)
        assert (answer.status_code, answer["Content-Type"]) == (422, "application/problem+json")
        problems = {one["pointer"]: one["detail"] for one in answer.json()["errors"]}
        assert detail in problems[pointer]

    def test_same_idempotency_key_makes_one_connection(self, api, writer):
        first, second = (made(api, writer, HTTP_IDEMPOTENCY_KEY="k1") for _ in "ab")
        assert first.json() == second.json()
        assert first["ETag"] == second["ETag"]
        assert len(api("get", CONNECTIONS, writer).json()["results"]) == 1


class TestChange:
    def test_patch_merges_and_makes_a_version(self, api, writer, connection):
        patch = {"config": {"delivery": {"timeout_seconds": 20}, "variables": None}}
        answer = api("patch", connection, writer, patch)
        shown = answer.json()
        assert (answer.status_code, shown["version"], shown["dropped_secrets"]) == (200, 2, [])
        assert shown["config"]["delivery"]["timeout_seconds"] == 20
        assert shown["config"]["variables"] == {}
        assert shown["config"]["headers"] == WHOLE["config"]["headers"]

    def test_null_empties_a_list(self, api, writer, connection):
        shown = api("patch", connection, writer, {"contacts": None}).json()
        assert (shown["contacts"], shown["version"]) == ([], 1)

    def test_new_host_drops_the_secrets_and_the_answer_says_so(self, api, writer, connection):
        url = {"url": "https://elsewhere.example.com/"}
        patch = {"config": {"environments": {"production": url, "testing": url}}}
        shown = api("patch", connection, writer, patch).json()
        assert shown["dropped_secrets"] == ["crm_password"]
        assert shown["secrets"] == {}

    def test_patch_that_leaves_no_whole_configuration_says_where(self, api, writer, connection):
        answer = api("patch", connection, writer, {"config": {"environments": None}})
        assert answer.json()["errors"][0]["pointer"] == "/config/environments"

    @pytest.mark.parametrize(
        ("condition", "status"),
        [('"1"', 200), ('W/"1"', 200), ("*", 200), ('"2"', 412), ("nonsense", 412)],
    )
    def test_stale_etag_is_refused(self, api, writer, connection, condition, status):
        answer = api("patch", connection, writer, {"name": "B"}, HTTP_IF_MATCH=condition)
        assert answer.status_code == status

    def test_put_of_a_secret_is_a_new_etag(self, api, writer, connection):
        path = f"{connection}/secrets/crm_password"
        answer = api("put", path, writer, {"value": " a secret of mine ", "environment": "testing"})
        assert (answer.status_code, answer["ETag"]) == (200, '"2"')
        assert answer.json()["secrets"]["crm_password"]["testing"]["hint"] == "ine "
        stale = api("put", path, writer, {"value": "x"}, HTTP_IF_MATCH='"1"')
        assert stale.status_code == 412

    def test_archived_connection_leaves_the_list_but_can_be_read(self, api, writer, connection):
        assert api("delete", connection, writer).status_code == 204
        assert api("delete", connection, writer).status_code == 204
        assert api("get", CONNECTIONS, writer).json()["results"] == []
        assert api("get", connection, writer).json()["status"] == "archived"
        assert api("patch", connection, writer, {"name": "B"}).status_code == 409


class TestState:
    def test_activation_wants_a_test_or_a_reason(self, api, writer, connection):
        refused = api("post", f"{connection}/activate", writer, {})
        assert refused.status_code == 409
        assert "No test run of version 1 passed" in refused.json()["detail"]
        answer = api("post", f"{connection}/activate", writer, {"override": "tested by hand"})
        shown = answer.json()
        assert (shown["status"], shown["live_version"]) == ("active", 1)
        assert shown["health"] == "healthy"

    def test_pause_and_resume(self, api, writer, connection):
        assert api("post", f"{connection}/pause", writer).status_code == 409
        api("post", f"{connection}/activate", writer, {"override": "tested by hand"})
        assert api("post", f"{connection}/pause", writer).json()["status"] == "paused"
        assert api("post", f"{connection}/resume", writer).json()["status"] == "active"

    def test_versions_are_listed_and_restored(self, api, writer, connection):
        api("patch", connection, writer, {"config": {"method": "PUT"}})
        restored = api("post", f"{connection}/versions/1/restore", writer)
        assert (restored.json()["version"], restored.json()["config"]["method"]) == (3, "POST")
        versions = api("get", f"{connection}/versions", writer).json()["results"]
        assert [(one["number"], one["config"]["method"]) for one in versions] == [
            (3, "POST"),
            (2, "PUT"),
            (1, "POST"),
        ]


class TestPreviewAndClassify:
    def test_preview_renders_what_is_given_with_secrets_masked(self, api, writer, connection):
        lead = {"email": 'o"neil@example.com', "age": 25}
        asked = {
            "environment": "testing",
            "attributes": lead,
            "referral": {"external_id": "tx-1"},
            "campaign": "spring savings",
        }
        shown = api("post", f"{connection}/preview", writer, asked).json()
        assert shown["url"] == "https://test.example.com/v1?list=spring%20savings"
        assert shown["body"] == '{"email": "o\\"neil@example.com", "age": 25}'
        assert ["Authorization", "Basic ••••"] in shown["headers"]

    def test_preview_needs_no_secret_and_no_attributes(self, api, writer):
        body = {key: value for key, value in WHOLE.items() if key != "secret_values"}
        connection = f"{CONNECTIONS}/{made(api, writer, body).json()['id']}"
        shown = api("post", f"{connection}/preview", writer, {}).json()
        assert '"jane.citizen@example.com"' in shown["body"]

    @pytest.mark.parametrize(
        ("asked", "pointer"),
        [
            ({"attributes": {"email": None}}, "/config/required_attributes"),
            ({"attributes": {"frist_name": "A"}}, "/attributes/frist_name"),
            ({"environment": "staging"}, "/environment"),
            ({"environment": "moon"}, "/environment"),
            ({"enviroment": "testing"}, "/enviroment"),
        ],
    )
    def test_preview_that_cannot_be_made_says_where(self, api, writer, connection, asked, pointer):
        answer = api("post", f"{connection}/preview", writer, asked)
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["pointer"].startswith(pointer)

    def test_classify_says_which_rule_and_why(self, api, writer, connection):
        answer = {
            "status": 400,
            "headers": {"Content-Type": "text/plain; charset=iso-8859-1"},
            "body": '{"title": "member exists", "detail": "José is known"}',
        }
        verdict = api("post", f"{connection}/classify", writer, answer).json()
        assert (verdict["outcome"], verdict["rule"]) == ("duplicate", "Already there")
        assert verdict["reason"] == "José is known"
        assert verdict["trace"][0]["conditions"][1] == {"matched": True, "found": "member exists"}

    def test_classify_with_rules_that_are_not_saved_yet(self, api, writer, connection):
        rule = {
            "name": "Any",
            "outcome": "hold",
            "conditions": [{"source": "header", "path": "x-a", "operator": "equals", "value": "1"}],
        }
        asked = {"status": 200, "headers": [["X-A", "1"]], "rules": [rule]}
        assert api("post", f"{connection}/classify", writer, asked).json()["outcome"] == "hold"
        asked["rules"] = [rule | {"conditions": [{"source": "json", "operator": "exists"}]}]
        refused = api("post", f"{connection}/classify", writer, asked)
        assert refused.json()["errors"][0]["pointer"] == "/rules/0/conditions/0/path"

    @pytest.mark.parametrize("headers", [[["a"]], {"a": 1}, "a: b"])
    def test_headers_in_another_form_are_refused(self, api, writer, connection, headers):
        asked = {"status": 200, "headers": headers}
        refused = api("post", f"{connection}/classify", writer, asked)
        assert refused.json()["errors"][0]["pointer"] == "/headers"


READS = [
    ("get", "", None),
    ("get", "/versions", None),
    ("get", "/tests", None),
    ("post", "/preview", {}),
    ("post", "/classify", {"status": 200}),
]
WRITES = [
    ("patch", "", {"name": "B"}),
    ("delete", "", None),
    ("post", "/activate", {"override": "why not"}),
    ("post", "/pause", None),
    ("post", "/resume", None),
    ("put", "/secrets/a", {"value": "b"}),
    ("post", "/versions/1/restore", None),
    ("post", "/tests", {}),
]


class TestWhoMay:
    @pytest.mark.parametrize(("method", "path", "body"), READS)
    def test_reader_reads(self, api, cast, connection, method, path, body):
        token = cast.token("connections:read")
        assert api(method, f"{connection}{path}", token, body).status_code == 200

    @pytest.mark.parametrize(("method", "path", "body"), WRITES)
    def test_reader_changes_nothing(self, api, cast, connection, method, path, body):
        token = cast.token("connections:read")
        assert api(method, f"{connection}{path}", token, body).status_code == 403

    @pytest.mark.parametrize(("method", "path", "body"), READS + WRITES)
    def test_stranger_finds_nothing(self, api, cast, connection, method, path, body):
        token = cast.rival_token()
        assert api(method, f"{connection}{path}", token, body).status_code == 404
        own = connection.replace("/acme/", "/rival/")
        assert api(method, f"{own}{path}", token, body).status_code == 404

    def test_reader_does_not_add(self, api, cast):
        assert made(api, cast.token("connections:read")).status_code == 403

    def test_without_a_token_nothing(self, api):
        assert api("get", CONNECTIONS).status_code == 401


class TestList:
    def test_pages_are_walked_newest_first(self, api, writer):
        names = ["A", "B", "C"]
        for name in names:
            made(api, writer, WHOLE | {"name": name})
        first = api("get", f"{CONNECTIONS}?limit=2", writer).json()
        second = api("get", first["next"].partition("/api/v1")[2], writer).json()
        assert [one["name"] for one in first["results"] + second["results"]] == ["C", "B", "A"]
        assert (second["next"], second["previous"] is not None) == (None, True)

    @pytest.mark.parametrize("path", ["", "/versions", "/tests"])
    def test_twenty_rows_cost_no_more_queries_than_one(self, api, writer, path, many):
        connection = many(1)
        target = CONNECTIONS if path == "" else f"{connection}{path}"
        with CaptureQueriesContext(database) as for_one:
            api("get", target, writer)
        many(19)
        with CaptureQueriesContext(database) as for_twenty:
            answer = api("get", target, writer)
        assert len(answer.json()["results"]) == 20
        assert len(for_twenty) == len(for_one)

    @pytest.fixture
    def many(self, api, writer, cast):
        """Add so many connections, versions of the first and test runs of the first."""
        state = {"rows": 0, "first": None}

        def many(count):
            for _ in range(count):
                state["rows"] += 1
                number = state["rows"]
                body = WHOLE | {"name": f"CRM {number}"}
                path = f"{CONNECTIONS}/{made(api, writer, body).json()['id']}"
                state["first"] = state["first"] or path
                if number > 1:
                    patch = {"config": {"variables": {"number": str(number)}}}
                    api("patch", state["first"], writer, patch)
                _add_run(cast.account, state["first"])
            return state["first"]

        return many


def _add_run(account, path):

    connection = selectors.connection_of(account, path.rpartition("/")[2])
    TestRun.objects.for_account(account).create(
        account=account,
        connection=connection,
        version=connection.head_version,
        environment="testing",
        created_at=BEGINNING,
    )
