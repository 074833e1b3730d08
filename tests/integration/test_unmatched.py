"""Answers that no rule matched: grouped by shape, shown with an example, and made into a rule."""

import pytest

from accounts.permissions import Permission
from accounts.selectors import access_for_user
from connections.documents import MergePatch, dumped
from connections.exchange.responses import classify, compile_rules
from connections.services import change_connection
from delivery.history import received
from delivery.models import Attempt
from delivery.unmatched import unmatched_shapes
from tests.answers import answered
from tests.delivery_stage import answer as answering
from tests.delivery_stage import now, pump, receiving, set_stage

EXISTS = '{"error": "Lead exists", "id": %d, "email": "%s@example.com"}'


@pytest.fixture
def stage(db):
    return set_stage()


@pytest.fixture
def connection(stage):
    connection = stage.connection("http://127.0.0.1:9")
    answered(stage, connection, "good", 201, '{"id": 1}')
    for number in range(3):
        answered(stage, connection, f"old-{number}", 409, EXISTS % (number, number))
    answered(stage, connection, "bad", 422, "Bad postcode")
    return connection


def shapes(stage, connection, user=None):
    access = access_for_user(user=user or stage.cast.manager, slug="acme")
    return unmatched_shapes(access, connection, now=now())


def test_answers_of_one_shape_are_one_entry(stage, connection):
    [bad, exists] = shapes(stage, connection)
    assert (bad.shape, bad.count) == ("422 Bad postcode", 1)
    assert exists.shape == '409 {"email": "[email]", "error": "Lead exists", "id": "[number]"}'
    assert exists.count == 3
    assert exists.first_seen_at < exists.last_seen_at
    newest = stage.deliveries(referral__external_id="old-2").get()
    assert (exists.delivery_id, exists.number) == (newest.id, 1)
    assert exists.response["body"] == EXISTS % (2, 2)


def test_drafted_rule_matches_all_of_the_shape_and_holds_no_person(stage, connection):
    [bad, exists] = shapes(stage, connection)
    assert [(one.source.value, one.path, one.value) for one in exists.rule.conditions] == [
        ("status", None, "409"),
        ("json", "$.error", "Lead exists"),
    ]
    rules = compile_rules([bad.rule, exists.rule])
    for one in (bad, exists):
        assert classify(rules, received(one.response), now=now()).rule == one.rule.name
        assert "@" not in one.rule.model_dump_json()


def test_status_that_means_nothing_is_an_entry_like_others(stage, connection):
    answered(stage, connection, "odd", 999, "")
    [odd, *_] = shapes(stage, connection)
    assert (odd.shape.strip(), odd.rule.conditions[0].value) == ("999", "999")
    assert classify(compile_rules([odd.rule]), received(odd.response), now=now()).matched


def test_what_the_newest_rules_match_is_left_out(stage, connection):
    [_, exists] = shapes(stage, connection)
    change_connection(
        account=stage.cast.account,
        actor=stage.cast.actor,
        now=now(),
        connection_id=connection.id,
        config=MergePatch({"response_rules": [dumped(exists.rule)]}),
    )
    connection.refresh_from_db()
    assert [one.shape for one in shapes(stage, connection)] == ["422 Bad postcode"]


def test_example_is_masked_for_who_may_not_read_personal_data(stage, connection):
    [bad, exists] = shapes(stage, connection, stage.cast.viewer)
    assert "@" not in exists.response["body"]
    assert bad.response["body"] == "••••"


def test_other_connections_have_their_own(stage, connection):
    assert shapes(stage, stage.connection("http://127.0.0.1:9", linked=False)) == []


@pytest.mark.django_db(transaction=True)
def test_engine_notes_the_shape_of_what_no_rule_matched():
    stage = set_stage()
    with receiving(answer=answering(409)) as crm:
        stage.connection(crm)
        stage.accept("one", "two")
        pump()
    kept = Attempt.objects.for_account(stage.cast.account).values_list("unmatched_shape", flat=True)
    assert len(kept) == 2
    assert len(set(kept)) == 1
    assert None not in kept


class TestApi:
    def path(self, connection):
        return f"/accounts/acme/connections/{connection.id}/unmatched"

    def test_list_has_the_shape_of_every_list(self, api, stage, connection):
        body = api("get", self.path(connection), stage.cast.token()).json()
        assert (body["next"], body["previous"]) == (None, None)
        assert [one["count"] for one in body["results"]] == [1, 3]
        assert body["results"][1]["drafted_rule"]["name"] == "Lead exists"

    def test_drafted_rule_can_be_added_as_it_is(self, api, stage, connection):
        token = stage.cast.token()
        [one, _] = api("get", self.path(connection), token).json()["results"]
        patch = {"config": {"response_rules": [one["drafted_rule"]]}}
        answer = api("patch", f"/accounts/acme/connections/{connection.id}", token, patch)
        assert answer.status_code == 200, answer.content

    def test_who_may_not_read_deliveries_and_strangers_get_nothing(self, api, stage, connection):
        token = stage.cast.token(Permission.CONNECTION_READ)
        assert api("get", self.path(connection), token).status_code == 403
        assert api("get", self.path(connection), stage.cast.rival_token()).status_code == 404

    def test_list_asks_no_more_of_the_database_when_it_is_long(
        self, api, stage, connection, django_assert_max_num_queries
    ):
        words = ("name", "age", "street", "title", "phone", "city", "state", "consent", "source")
        for number, word in enumerate(words * 2):
            answered(stage, connection, f"n-{number}", 422 + number // 9, f"Bad {word}")
        with django_assert_max_num_queries(12):
            assert (
                len(api("get", self.path(connection), stage.cast.token()).json()["results"]) == 20
            )
