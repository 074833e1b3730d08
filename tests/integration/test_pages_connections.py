"""The pages of connections, through their URLs: who may, who may only read, and a stranger."""

import re
from html.parser import HTMLParser

import pytest
from django.db import connection as database
from django.http import QueryDict
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from connections.exchange.config import Environment
from connections.models import Connection, ConnectionStatus, Secret, TestRun
from connections.runner import Sender, run_test
from connections.selectors import secret_values
from referral_export.sandbox_crm import API_KEY, make_app
from tests.cast import client_of
from tests.loopback import serving

pytestmark = pytest.mark.django_db

LIST = "/accounts/acme/integrations/connections/"
URL = "https://api.acme-leads.com/v1/leads"


@pytest.fixture
def sender():
    made = Sender()
    yield made
    made.close()


@pytest.fixture
def connection(cast, manager):
    manager.post(f"{LIST}add/api/", {"name": "Acme CRM", "method": "POST", "url": URL})
    return Connection.objects.for_account(cast.account).get()


class _Controls(HTMLParser):
    """Reads what a browser would send of the editor's form."""

    def __init__(self):
        super().__init__()
        self.sent = QueryDict(mutable=True)
        self.depth = 0
        self.select = self.area = None

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        self.depth += tag == "template"
        name = found.get("name")
        if self.depth or (not name and tag != "option"):
            return
        if tag == "input" and found.get("type") in ("checkbox", "radio"):
            if "checked" in found:
                self.sent.appendlist(name, found.get("value", "on"))
        elif tag == "input":
            self.sent.appendlist(name, found.get("value", ""))
        elif tag == "select":
            self.select = name
        elif tag == "option" and "selected" in found:
            self.sent.appendlist(self.select, found["value"])
        elif tag == "textarea":
            self.area = name
            self.sent.appendlist(name, "")

    def handle_endtag(self, tag):
        self.depth -= tag == "template"
        if tag == "textarea":
            self.area = None

    def handle_data(self, data):
        if self.area and not self.depth:
            text = self.sent[self.area] + data
            self.sent[self.area] = text.removeprefix("\n")


def form_on(response) -> QueryDict:
    page = _Controls()
    html = response.content.decode()
    page.feed(html[html.index('<form id="editor"') :].split("</form>")[0])
    return page.sent


def page_of(connection) -> str:
    return f"{LIST}{connection.id}/"


def edit(client, connection, **changes):
    """Open the editor, change some fields, press Save (or `then`)."""
    typed = form_on(client.get(page_of(connection)))
    then = changes.pop("then", "save")
    for name, value in changes.items():
        typed[name.replace("__", ".")] = value
    return client.post(
        page_of(connection),
        typed.urlencode() + f"&then={then}",
        content_type="application/x-www-form-urlencoded",
    )


def config_of(connection):
    connection.refresh_from_db()
    return connection.head_version.document


def test_list_empty_says_what_to_do(manager):
    page = manager.get(LIST).content.decode()

    assert "No connection yet." in page
    assert "Add connection" in page


def test_add_asks_for_the_kind_then_name_and_endpoint(manager):
    page = manager.get(f"{LIST}add/").content.decode()

    assert "Referrals" in page
    assert f'href="{LIST}add/api/">API</a>' in page
    assert 'name="url"' in manager.get(f"{LIST}add/api/").content.decode()


def test_add_makes_a_draft_and_opens_its_editor(cast, manager):
    response = manager.post(f"{LIST}add/api/", {"name": "Acme CRM", "method": "PUT", "url": URL})

    connection = Connection.objects.for_account(cast.account).get()
    assert response.url == page_of(connection)
    assert connection.status == ConnectionStatus.DRAFT
    assert config_of(connection).method == "PUT"
    assert "api.acme-leads.com" in manager.get(LIST).content.decode()


def test_add_refused_keeps_what_was_typed(manager):
    response = manager.post(f"{LIST}add/api/", {"name": "", "method": "PUT", "url": URL})

    page = response.content.decode()
    assert response.status_code == 422
    assert URL in page
    assert "Give the connection a name." in page
    assert 'href="#id_name"' in page


@pytest.mark.parametrize(
    ("search", "is_found"), [("crm", True), ("ACME-lea", True), ("zzz", False)]
)
def test_list_searches_name_and_host(manager, connection, search, is_found):
    page = manager.get(LIST, {"q": search}).content.decode()

    assert ("Acme CRM" in page) is is_found


def test_list_asks_the_database_as_often_for_twenty_as_for_one(manager, connection):
    with CaptureQueriesContext(database) as one:
        manager.get(LIST)
    for number in range(19):
        manager.post(f"{LIST}add/api/", {"name": f"CRM {number}", "method": "POST", "url": URL})
    with CaptureQueriesContext(database) as twenty:
        manager.get(LIST)

    assert len(twenty) == len(one)


def test_editor_saved_unchanged_makes_no_version(manager, connection):
    response = edit(manager, connection)

    assert response.status_code == 302
    connection.refresh_from_db()
    assert connection.head_version.number == 1


def test_editor_saves_all_sections_as_one_version(cast, manager, connection):
    template = '{\n  "email": "{{ email }}"\n}'
    response = edit(
        manager,
        connection,
        name="Acme leads",
        environments__testing__url="https://test.acme-leads.com/v1",
        authorization__type="basic",
        authorization__username="rokt",
        authorization__password__value="correct horse",
        headers__7__name="X-Key",
        headers__7__value="battery staple",
        headers__7__secret="on",
        body__template=template,
        response_rules__9__name="There already",
        response_rules__9__outcome="duplicate",
        response_rules__9__conditions__0__source="status",
        response_rules__9__conditions__0__operator="in",
        response_rules__9__conditions__0__value="409",
        test_cases__0__name="New lead",
        test_cases__0__attributes="email = new@example.com",
        test_cases__0__expected_outcome="delivered",
        contacts__0__name="John Smith",
        documentation__0__url="https://docs.acme.example",
    )

    assert response.status_code == 302, response.content.decode()
    config = config_of(connection)
    assert connection.name == "Acme leads"
    assert connection.head_version.number == 2
    assert config.body.template == template
    assert [rule.name for rule in config.response_rules] == ["Success", "There already"]
    assert config.test_cases[0].attributes == {"email": "new@example.com"}
    assert connection.contacts[0]["name"] == "John Smith"
    assert secret_values(version=connection.head_version, environment=Environment.TESTING) == {
        "password": "correct horse",
        "header_x_key": "battery staple",
    }


def test_editor_never_shows_a_secret(manager, connection):
    edit(
        manager,
        connection,
        authorization__type="bearer",
        authorization__token__value="correct horse battery",
    )
    refused = edit(manager, connection, authorization__token__value="another secret", name="")
    page = manager.get(page_of(connection)).content.decode()

    assert "correct horse" not in page
    assert "•••• tery" in page
    assert refused.status_code == 422
    assert "another secret" not in refused.content.decode()


def test_editor_takes_a_secret_for_one_environment(cast, manager, connection):
    edit(
        manager,
        connection,
        environments__testing__url="https://test.acme-leads.com/v1",
        authorization__type="bearer",
        authorization__token__value="for all",
        authorization__token__testing="for testing",
    )

    connection.refresh_from_db()
    version = connection.head_version
    assert secret_values(version=version, environment=Environment.PRODUCTION) == {
        "token": "for all"
    }
    assert secret_values(version=version, environment=Environment.TESTING) == {
        "token": "for testing"
    }


def test_editor_saves_nothing_when_one_secret_is_refused(cast, manager, connection):
    response = edit(
        manager,
        connection,
        name="Other name",
        authorization__type="bearer",
        authorization__token__value="for all",
        authorization__token__testing="there is no such environment",
    )

    assert response.status_code == 422
    assert Connection.objects.for_account(cast.account).get().name == "Acme CRM"
    assert not Secret.objects.for_account(cast.account).exists()


def test_editor_says_which_secrets_a_new_host_drops(manager, connection):
    edit(
        manager, connection, authorization__type="bearer", authorization__token__value="secret one"
    )
    edit(manager, connection, environments__production__url="https://api.other-leads.com/v1")

    page = manager.get(page_of(connection)).content.decode()
    assert "secrets of the old one were removed: token" in page


def test_editor_refused_shows_the_problem_beside_its_field_and_keeps_all(manager, connection):
    response = edit(
        manager, connection, body__template='{"a": "{{ frist_name }}"}', headers__0__name="X-A"
    )

    page = response.content.decode()
    assert response.status_code == 422
    assert 'href="#id_body-template"' in page
    assert 'id="id_body-template_error"' in page
    assert "Did you mean first_name?" in page
    assert "{{ frist_name }}" in form_on(response)["body.template"]
    assert form_on(response)["headers.0.name"] == "X-A"
    assert re.search(r"Body\s*<span class=\"visually-hidden\">, 1 problem<", page)


@pytest.mark.parametrize("revision", ["9" * 5_000, "soon", "²"])
def test_editor_that_does_not_say_when_it_was_opened_is_out_of_date(manager, connection, revision):
    form = form_on(manager.get(page_of(connection))).dict() | {"revision": revision}
    refused = manager.post(page_of(connection), form | {"name": "My name", "then": "save"})
    assert refused.status_code == 409
    assert form_on(refused)["name"] == "My name"


def test_lead_that_is_nested_without_end_is_no_number(manager, connection):
    form = form_on(manager.get(page_of(connection))).dict() | {
        "test_cases.0.name": "Deep",
        "test_cases.0.attributes": "age = " + "[" * 100_000,
    }
    assert manager.post(page_of(connection), form | {"then": "save"}).status_code == 422


def test_editor_opened_before_a_newer_save_keeps_what_was_typed(manager, connection):
    stale = form_on(manager.get(page_of(connection)))
    edit(manager, connection, name="Newer name")
    stale["name"] = "My name"

    refused = manager.post(page_of(connection), stale.dict() | {"then": "save"})
    page = refused.content.decode()
    assert refused.status_code == 409
    assert "Somebody saved a newer version" in page
    assert form_on(refused)["name"] == "My name"

    manager.post(page_of(connection), form_on(refused).dict() | {"then": "overwrite"})
    connection.refresh_from_db()
    assert connection.name == "My name"


@pytest.mark.parametrize(
    ("then", "names"),
    [
        ("add:headers", ["headers.0.name", "headers.1.name"]),
        ("remove:headers.0", []),
        ("remove:headers.9", ["headers.0.name"]),
    ],
)
def test_editor_without_javascript_changes_rows_and_saves_nothing(manager, connection, then, names):
    response = edit(manager, connection, then=then, headers__0__name="X-A", name="Typed")

    typed = form_on(response)
    assert [name for name in typed if name.startswith("headers") and name.endswith("name")] == names
    assert typed["name"] == "Typed"
    connection.refresh_from_db()
    assert connection.name == "Acme CRM"


def test_preview_shows_the_request_that_the_form_would_send(manager, connection):
    typed = form_on(manager.get(page_of(connection)))
    typed["body.template"] = '{"mail": "{{ email }}"}'
    page = manager.post(f"{page_of(connection)}preview/", typed.dict()).content.decode()

    assert "jane.citizen@example.com" in page
    assert "<html" not in page


def test_preview_links_to_what_is_wrong(manager, connection):
    typed = form_on(manager.get(page_of(connection)))
    typed["body.template"] = '{"mail": {{ email }'
    page = manager.post(f"{page_of(connection)}preview/", typed.dict()).content.decode()

    assert 'href="#id_body-template"' in page


def test_try_says_which_rule_decides(manager, connection):
    typed = form_on(manager.get(page_of(connection)))
    typed["try.status"] = "201"
    page = manager.post(f"{page_of(connection)}try/", typed.dict()).content.decode()

    assert "Delivered" in page
    assert "“Success”" in page


@pytest.mark.parametrize("status", ["", "abc", "2000", "099", "²⁰¹"])
def test_try_refuses_what_is_no_status(manager, connection, status):
    typed = form_on(manager.get(page_of(connection)))
    typed["try.status"] = status
    response = manager.post(f"{page_of(connection)}try/", typed.dict())

    assert response.status_code == 200
    assert "Write a status from 100 to 599" in response.content.decode()


def test_test_to_production_asks_first_and_names_the_host(cast, manager, connection):
    asked = edit(manager, connection, then="test")
    page = manager.get(asked.url).content.decode()

    assert asked.url == f"{page_of(connection)}tests/new/"
    assert "api.acme-leads.com" in page
    assert not TestRun.objects.for_account(cast.account).exists()

    refused = manager.post(
        f"{page_of(connection)}tests/", {"asked": "yes", "environment": "production"}
    )
    assert refused.status_code == 422
    assert '<a href="#confirm_production">Tick the box' in refused.content.decode()
    started = manager.post(
        f"{page_of(connection)}tests/",
        {"asked": "yes", "environment": "production", "confirm_production": "on"},
    )
    run = TestRun.objects.for_account(cast.account).get()
    assert started.url == f"{page_of(connection)}tests/{run.id}/"


def test_test_saves_first_then_goes_to_its_result(cast, manager, connection):
    response = edit(
        manager,
        connection,
        then="test",
        environments__testing__url="https://test.acme-leads.com/v1",
    )

    run = TestRun.objects.for_account(cast.account).get()
    assert run.version.number == 2
    page = manager.get(response.url).content.decode()
    assert "Testing…" in page
    assert 'aria-busy="true"' in page
    fragment = manager.get(response.url, HTTP_HX_REQUEST="true").content.decode()
    assert "<html" not in fragment
    assert "poll-visible" in fragment


@pytest.fixture
def tested(cast, connection):
    connection.refresh_from_db()
    return TestRun.objects.for_account(cast.account).create(
        account=cast.account,
        connection=connection,
        version=connection.head_version,
        environment="production",
        status="passed",
        requested_by="Ana",
        created_at=connection.created_at,
    )


def test_result_shows_what_was_sent_what_came_and_why(cast, manager, connection, sender):
    with serving(make_app()) as sandbox:
        started = edit(
            manager,
            connection,
            then="test",
            environments__testing__url=f"{sandbox}/crm/smart",
            authorization__type="bearer",
            authorization__token__value=API_KEY,
            body__template='{"email": "{{ email }}"}',
            test_cases__0__name="Known lead",
            test_cases__0__attributes="email = duplicate@example.com",
            test_cases__0__expected_outcome="delivered",
        )
        run = TestRun.objects.for_account(cast.account).get()
        run_test(run.id, sender=sender, now=timezone.now())
    page = manager.get(started.url).content.decode()

    assert "Not as expected" in page
    assert "0 of 1 test leads" in page
    assert "duplicate@example.com" in page
    assert "409" in page
    assert "No rule matched" in page
    assert "Authorization: Bearer &#x27;&quot;$SECRET&quot;" in page.replace("&#39;", "&#x27;")
    assert API_KEY not in page
    assert "Activate version" not in page

    for who, is_masked in (("advertiser", True), ("viewer", True), ("operator", False)):
        page = client_of(getattr(cast, who)).get(started.url).content.decode()
        assert ("duplicate@example.com" not in page) is is_masked
        assert ("Personal data is masked for your role." in page) is is_masked
        assert "409" in page


def test_passed_result_offers_to_activate(manager, connection, tested):
    page = manager.get(f"{page_of(connection)}tests/{tested.id}/").content.decode()
    assert "Activate version 1" in page

    manager.post(f"{page_of(connection)}activate/")
    connection.refresh_from_db()
    assert connection.status == ConnectionStatus.ACTIVE


def test_activate_untested_wants_a_reason(manager, connection):
    refused = manager.post(f"{page_of(connection)}activate/")
    assert refused.status_code == 422
    assert "No test run of version 1 passed" in refused.content.decode()

    short = manager.post(f"{page_of(connection)}activate/", {"override": "no"}).content.decode()
    assert '<a href="#id_override">Say in 3 to 500 characters' in short
    assert 'id="id_override_error"' in short

    manager.post(f"{page_of(connection)}activate/", {"override": "Their test system is down"})
    connection.refresh_from_db()
    assert connection.status == ConnectionStatus.ACTIVE


def test_pause_resume_archive(manager, connection, tested):
    states = []
    for step in ("activate", "pause", "resume", "archive"):
        manager.post(f"{page_of(connection)}{step}/")
        connection.refresh_from_db()
        states.append(connection.status)

    assert states == ["active", "paused", "active", "archived"]
    assert "is archived" in manager.get(page_of(connection)).content.decode()


def test_versions_go_back_as_a_new_version(manager, connection):
    edit(manager, connection, method="PUT")
    manager.post(f"{page_of(connection)}versions/1/restore/")

    assert config_of(connection).method == "POST"
    assert connection.head_version.number == 3
    assert "v3" in manager.get(f"{page_of(connection)}versions/").content.decode()


READ = ["", "tests/", "versions/"]
WRITE = [
    "",
    "preview/",
    "try/",
    "activate/",
    "pause/",
    "resume/",
    "archive/",
    "versions/1/restore/",
]


@pytest.mark.parametrize("who", ["viewer", "advertiser", "operator"])
def test_who_may_not_write_reads_only(cast, connection, who):
    client = client_of(getattr(cast, who))

    assert [client.get(page_of(connection) + path).status_code for path in READ] == [200] * 3
    assert [client.post(page_of(connection) + path).status_code for path in WRITE] == [403] * 8
    assert client.get(f"{LIST}add/").status_code == 403
    assert client.get(f"{LIST}add/api/").status_code == 403
    page = client.get(page_of(connection)).content.decode()
    assert "account managers can change it" in page
    assert '<form id="editor"' not in page


@pytest.mark.parametrize(
    ("who", "status"), [("viewer", 403), ("advertiser", 302), ("operator", 302)]
)
def test_who_may_test(cast, connection, who, status):
    response = client_of(getattr(cast, who)).post(f"{page_of(connection)}tests/")

    assert response.status_code == status


def test_stranger_finds_nothing(cast, connection, tested):
    client = client_of(cast.outsider)
    mine = page_of(connection)
    theirs = mine.replace("/acme/", "/rival/")
    for page in (mine, theirs):
        gets = [*READ, "tests/new/", f"tests/{tested.id}/", "activate/", "pause/", "archive/"]
        assert {client.get(page + path).status_code for path in gets} == {404}
        posts = [*WRITE, "tests/"]
        assert {client.post(page + path).status_code for path in posts} == {404}
    assert client.get(LIST).status_code == 404


def test_nobody_signs_in_first(connection):
    assert Client().get(page_of(connection)).url.startswith("/login/")
