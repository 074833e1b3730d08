"""The page that makes rules from sample answers, and the samples that stay with the rules."""

import pytest

from connections.exchange.config import ConnectionConfig, Outcome, Source
from connections.selectors import connection_of
from connections.services import create_connection
from tests.cast import BEGINNING, client_of

pytestmark = pytest.mark.django_db

ANSWERS = {
    "samples.0.status": "200",
    "samples.0.body": '{"result": "created"}',
    "samples.0.expected_outcome": "delivered",
    "samples.1.status": "409",
    "samples.1.expected_outcome": "duplicate",
}


@pytest.fixture
def connection(cast):
    url = "https://api.example.com"
    config = ConnectionConfig.model_validate({"environments": {"production": {"url": url}}})
    return create_connection(
        account=cast.account, actor=cast.actor, now=BEGINNING, name="CRM", config=config
    )


@pytest.fixture
def editor(connection):
    return f"/accounts/acme/integrations/connections/{connection.id}/"


def test_the_editor_leads_to_the_page(manager, editor):
    assert f'href="{editor}samples/"' in manager.get(editor).content.decode()
    assert 'name="samples.0.status"' in manager.get(f"{editor}samples/").content.decode()


def test_drafting_shows_rules_and_verdicts_and_saves_nothing(cast, manager, editor, connection):
    response = manager.post(f"{editor}samples/", ANSWERS | {"then": "draft"})
    page = response.content.decode()

    assert response.status_code == 200
    assert "Duplicate (409)" in page
    assert page.count("Passed") == 2
    assert "Use these rules" in page
    assert config_of(cast, connection).response_samples == ()


def test_using_the_rules_saves_them_with_the_samples(cast, manager, editor, connection):
    response = manager.post(f"{editor}samples/", ANSWERS | {"then": "use"})

    assert response.status_code == 302
    assert response["Location"] == f"{editor}#response-handling"
    config = config_of(cast, connection)
    assert [rule.outcome for rule in config.response_rules] == ["duplicate", "delivered"]
    assert [one.name for one in config.response_samples] == ["200 delivered", "409 duplicate"]
    page = manager.get(editor).content.decode()
    assert page.count("Passed") == 2


def test_answers_without_a_status_become_rules_on_their_bodies(cast, manager, editor, connection):
    answers = {
        "samples.0.body": "successfully delivered",
        "samples.0.expected_outcome": "delivered",
        "samples.1.body": '{"status": "duplicate"}',
        "samples.1.expected_outcome": "duplicate",
    }
    assert manager.post(f"{editor}samples/", answers | {"then": "use"}).status_code == 302
    config = config_of(cast, connection)
    assert {one.source for rule in config.response_rules for one in rule.conditions} == {
        Source.JSON,
        Source.BODY,
    }
    assert manager.get(editor).content.decode().count("Passed") == 2
    assert 'value="None"' not in manager.get(f"{editor}samples/").content.decode()


def test_answer_without_status_and_body_is_told_beside_its_field(manager, editor):
    answers = {"samples.0.name": "Nothing", "samples.0.expected_outcome": "delivered"}
    response = manager.post(f"{editor}samples/", answers | {"then": "draft"})
    assert response.status_code == 422
    page = response.content.decode()
    assert "give the status, the body or both" in page.lower()
    assert 'href="#id_samples-0-' in page


def test_samples_are_kept_without_the_rules_and_told_when_misread(
    cast, manager, editor, connection
):
    manager.post(f"{editor}samples/", ANSWERS | {"then": "keep"})

    config = config_of(cast, connection)
    assert [rule.outcome for rule in config.response_rules] == [Outcome.DELIVERED]
    assert len(config.response_samples) == 2
    page = manager.get(editor).content.decode()
    assert "<strong>Not as expected</strong>" in page

    manager.post(f"{editor}samples/", {"then": "keep"})
    assert config_of(cast, connection).response_samples == ()


def test_rows_are_added_and_removed_without_javascript(manager, editor):
    def page(then):
        return manager.post(f"{editor}samples/", ANSWERS | {"then": then}).content.decode()

    assert 'name="samples.2.status"' in page("add:samples")
    assert 'name="samples.1.status"' not in page("remove:samples.0")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"samples.1.status": "40"}, 'href="#id_samples-1-status"'),
        ({"samples.1.status": "9" * 5_000}, 'href="#id_samples-1-status"'),
        ({"samples.1.status": "200", "samples.1.body": '{"result": "created"}'}, "same answer"),
        ({"samples.0.name": "x", "samples.1.name": "x"}, "There is a problem"),
        ({"then": "use", "revision": "0"}, "There is a problem"),
        ({"then": "use", "revision": "9" * 5_000}, "open it again"),
        ({"then": "use", "revision": "soon"}, "open it again"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_lost(manager, editor, changes, words):
    response = manager.post(f"{editor}samples/", ANSWERS | {"then": "use"} | changes)
    page = response.content.decode()

    assert response.status_code == 422
    assert words in page
    assert "created" in page


def test_only_who_may_write_sees_it(cast, editor):
    assert client_of(cast.viewer).get(f"{editor}samples/").status_code == 403
    assert client_of(cast.outsider).get(f"{editor}samples/").status_code == 404


def config_of(cast, connection):
    return connection_of(cast.account, connection.id).head_version.document
