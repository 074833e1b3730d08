"""The pages that hold rules against history: unmatched answers, backtest, re-label."""

import html
import re

import pytest

from connections.selectors import connection_of
from tests.answers import answered
from tests.cast import client_of
from tests.delivery_stage import set_stage

EXISTS = '{"error": "Lead exists", "email": "%s@example.com"}'
HTMX = {"HTTP_HX_REQUEST": "true"}
FORM = {
    "name": "CRM 0",
    "method": "POST",
    "environments.production.url": "http://127.0.0.1:9/leads",
    "authorization.type": "none",
    "body.encoding": "json",
    "body.mode": "template",
    "body.template": '{"email": "{{ email }}"}',
    "response_rules.0.name": "Already there",
    "response_rules.0.outcome": "duplicate",
    "response_rules.0.conditions.0.source": "json",
    "response_rules.0.conditions.0.path": "$.error",
    "response_rules.0.conditions.0.operator": "exists",
    "response_rules.1.name": "Success",
    "response_rules.1.outcome": "delivered",
    "response_rules.1.conditions.0.source": "status",
    "response_rules.1.conditions.0.operator": "in",
    "response_rules.1.conditions.0.value": "200-299",
}


@pytest.fixture
def stage(db):
    return set_stage()


@pytest.fixture
def manager(stage):
    return client_of(stage.cast.manager)


@pytest.fixture
def connection(stage):
    connection = stage.connection("http://127.0.0.1:9")
    answered(stage, connection, "good", 201, "{}")
    for number in range(2):
        answered(stage, connection, f"old-{number}", 409, EXISTS % number)
    return connection


@pytest.fixture
def url(connection):
    return f"/accounts/acme/integrations/connections/{connection.id}/"


def text(answer):
    return html.unescape(answer.content.decode())


def rules(stage, connection):
    head = connection_of(stage.cast.account, connection.id).head_version
    return [rule.name for rule in head.document.response_rules]


class TestUnmatched:
    def test_alike_answers_are_one_card_with_an_example(self, manager, url):
        page = text(manager.get(f"{url}unmatched/"))
        assert "409, 2 times" in page
        assert '409 {"email": "[email]", "error": "Lead exists"}' in page
        assert "1@example.com" in page

    def test_rule_made_from_it_stands_last_in_the_editor_and_is_not_saved(
        self, stage, manager, connection, url
    ):
        page = manager.get(f"{url}unmatched/").content.decode()
        [link] = re.findall(r'href="([^"]*\?rule=[^"]*)"', page)
        editor = text(manager.get(html.unescape(link)))
        assert "A rule was drafted from the answer" in editor
        assert 'name="response_rules.1.name" value="Lead exists"' in editor
        assert "data-unsaved" in editor
        assert rules(stage, connection) == ["Success"]

    @pytest.mark.parametrize("rule", ["", "{", "[]", '{"name": 1}', "[" * 100_000, "null"])
    def test_address_without_a_rule_opens_the_editor_as_it_is(self, manager, url, rule):
        answer = manager.get(url, {"rule": rule[:9_000]})
        assert answer.status_code == 200
        assert "data-unsaved" not in text(answer)

    def test_viewer_sees_no_person_and_makes_no_rule(self, stage, url):
        page = text(client_of(stage.cast.viewer).get(f"{url}unmatched/"))
        assert "409, 2 times" in page
        assert "@example.com" not in page
        assert "Make a rule" not in page

    def test_nothing_unmatched_says_so(self, stage, manager):
        other = stage.connection("http://127.0.0.1:9", linked=False)
        path = f"/accounts/acme/integrations/connections/{other.id}/unmatched/"
        assert "No stored answer is without a rule" in text(manager.get(path))

    def test_outsider_finds_nothing(self, stage, url):
        assert client_of(stage.cast.outsider).get(f"{url}unmatched/").status_code == 404


class TestBacktest:
    def test_editor_shows_what_the_unsaved_rules_would_change(
        self, stage, manager, connection, url
    ):
        answer = manager.post(f"{url}history/", FORM, **HTMX)
        page = text(answer)
        assert "2 of 3 answers would mean something else" in page
        assert "No rule matched 2 of them then, 0 now" in page
        assert "<html" not in page
        assert "Save, publish and re-label the past" in page
        assert rules(stage, connection) == ["Success"]

    def test_without_javascript_it_is_a_page(self, manager, url):
        page = text(manager.post(f"{url}history/", FORM))
        assert "<html" in page
        assert "2 of 3 answers" in page
        assert "Save, publish" not in page

    def test_wrong_rule_leads_to_its_field(self, manager, url):
        wrong = FORM | {"response_rules.0.conditions.0.path": "$["}
        answer = manager.post(f"{url}history/", wrong, **HTMX)
        assert answer.status_code == 422
        assert 'href="#id_response_rules-0-conditions-0-path"' in text(answer)

    def test_save_and_publish_makes_the_rules_live_and_relabels(
        self, stage, manager, connection, url
    ):
        reason = {"publish.override": "Tried on three answers."}
        done = manager.post(f"{url}history/save-and-publish", FORM | reason, follow=True)
        assert "Re-labelled: 2 from rejected to duplicate." in text(done)
        assert "Version 2 is live." in text(done)
        connection.refresh_from_db()
        assert connection.live_version == connection.head_version
        assert rules(stage, connection) == ["Already there", "Success"]
        assert stage.statuses() == {"delivered": 1, "duplicate": 2}

    def test_what_may_not_go_live_is_neither_saved_nor_relabelled(
        self, stage, manager, connection, url
    ):
        refused = manager.post(f"{url}history/save-and-publish", FORM)
        assert refused.status_code == 422
        page = text(refused)
        assert "No test run of version 2 passed" in page
        assert "Nothing was saved or re-labelled." in page
        assert 'value="Already there"' in page
        assert rules(stage, connection) == ["Success"]
        assert stage.statuses() == {"delivered": 1, "rejected": 2}

    def test_form_that_is_wrong_saves_and_relabels_nothing(self, stage, manager, connection, url):
        refused = manager.post(f"{url}history/save-and-publish", FORM | {"name": ""})
        assert refused.status_code == 422
        # The next Save goes to the editor, not here.
        assert f'id="editor" method="post" action="{url}"' in text(refused)
        assert stage.statuses() == {"delivered": 1, "rejected": 2}

    def test_saved_rules_are_held_against_history_and_relabel_afterwards(
        self, stage, manager, connection, url
    ):
        assert "would mean what they meant" in text(manager.get(f"{url}history/"))
        manager.post(url, FORM | {"then": "save"})
        page = text(manager.get(f"{url}history/?answers=1"))
        assert "1 of 1 answers" in page
        assert "Publish and re-label the past" in page
        assert "version 2 goes live with it" in page
        wrong = manager.post(f"{url}history/relabel", {"try.answers": "500"}, follow=True)
        assert "No test run of version 2 passed" in text(wrong)
        assert stage.statuses() == {"delivered": 1, "rejected": 2}
        reason = {"try.answers": "500", "publish.override": "Tried on three answers."}
        done = manager.post(f"{url}history/relabel", reason, follow=True)
        assert "Re-labelled: 2 from rejected to duplicate." in text(done)
        again = manager.post(f"{url}history/relabel", {}, follow=True)
        assert "Nothing was to be re-labelled." in text(again)

    def test_viewer_looks_and_changes_nothing(self, stage, url):
        viewer = client_of(stage.cast.viewer)
        assert viewer.get(f"{url}history/").status_code == 200
        assert viewer.post(f"{url}history/relabel").status_code == 403
        assert viewer.post(f"{url}history/save-and-publish", FORM).status_code == 403

    def test_outsider_finds_nothing(self, stage, url):
        outsider = client_of(stage.cast.outsider)
        assert outsider.get(f"{url}history/").status_code == 404
        assert outsider.post(f"{url}history/relabel").status_code == 404
