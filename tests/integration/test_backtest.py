"""What other rules would have said of stored answers, and re-labelling by them."""

import pytest

from accounts.errors import ResolveConflict
from accounts.models import AuditEvent
from accounts.permissions import Permission
from connections.documents import MergePatch, parse_rules
from connections.services import change_connection
from delivery.backtest import backtest, relabel_past
from delivery.models import Attempt
from tests.answers import answer_again, answered
from tests.delivery_stage import now, set_stage

EXISTS = '{"error": "Lead exists", "lead": "%s@example.com"}'
DUPLICATE = {
    "name": "Already there",
    "conditions": [
        {"source": "json", "path": "$.error", "operator": "equals", "value": "Lead exists"}
    ],
    "outcome": "duplicate",
    "reason": {"source": "json", "path": "$.error"},
    "captures": [{"name": "lead", "source": "json", "path": "$.lead"}],
}
SUCCESS = {
    "name": "Success",
    "conditions": [{"source": "status", "operator": "in", "value": "200-299"}],
    "outcome": "delivered",
}
RULES = [DUPLICATE, SUCCESS]


@pytest.fixture
def stage(db):
    return set_stage()


@pytest.fixture
def connection(stage):
    """Three good answers, two that say with 200 that the lead exists, one unmatched."""
    connection = stage.connection("http://127.0.0.1:9")
    for number in range(3):
        answered(stage, connection, f"new-{number}", 201, '{"id": 1}')
    for number in range(2):
        answered(stage, connection, f"old-{number}", 200, EXISTS % number)
    answered(stage, connection, "bad", 409, EXISTS % "bad")
    return connection


def backtested(connection, rules=RULES, **how):
    return backtest(connection=connection, rules=parse_rules(rules), now=now(), **how)


def changes(result):
    return {(one.before.value, one.after.value): one.count for one in result.changes}


def publish(stage, connection, rules=RULES, *, is_live=True):
    change_connection(
        account=stage.cast.account,
        actor=stage.cast.actor,
        now=now(),
        connection_id=connection.id,
        config=MergePatch({"response_rules": rules}),
    )
    if is_live:
        stage.activate(connection)


def relabel(stage, connection, **how):
    who = {"account": stage.cast.account, "actor": stage.cast.actor, "now": now()}
    return relabel_past(**who, connection_id=connection.id, **how)


def test_changes_are_counted_with_examples(connection):
    result = backtested(connection)
    assert (result.answers, result.changed) == (6, 3)
    assert changes(result) == {("delivered", "duplicate"): 2, ("rejected", "duplicate"): 1}
    assert (result.unmatched_before, result.unmatched_after) == (1, 0)
    assert result.relabels == 3
    [first, _] = result.changes
    assert [one.verdict.rule for one in first.examples] == ["Already there"] * 2


def test_same_rules_change_nothing(connection):
    result = backtested(connection, [SUCCESS])
    assert (result.answers, result.changes, result.relabels) == (6, [], 0)


def test_newest_answers_come_first_and_no_more_than_asked_for(connection):
    assert changes(backtested(connection, limit=1)) == {("rejected", "duplicate"): 1}
    assert backtested(connection, limit=2).answers == 2


def test_no_more_than_three_examples(stage, connection):
    for number in range(5):
        answered(stage, connection, f"more-{number}", 200, EXISTS % number)
    assert [len(one.examples) for one in backtested(connection).changes] == [3, 1]


def test_answers_of_another_connection_are_not_looked_at(stage, connection):
    other = stage.connection("http://127.0.0.1:9", linked=False)
    assert backtested(other).answers == 0


def test_past_is_relabelled_by_the_newest_rules(stage, connection):
    publish(stage, connection)
    before = list(Attempt.objects.for_account(stage.cast.account).values_list("outcome", "id"))
    assert relabel(stage, connection) == {"delivered to duplicate": 2, "rejected to duplicate": 1}
    assert stage.statuses() == {"delivered": 3, "duplicate": 3}
    one = stage.deliveries(referral__external_id="old-1").get()
    assert (one.rule, one.reason, one.captures) == (
        "Already there",
        "Lead exists",
        {"lead": "1@example.com"},
    )
    assert (
        list(Attempt.objects.for_account(stage.cast.account).values_list("outcome", "id")) == before
    )
    event = AuditEvent.objects.for_account(stage.cast.account).latest("id")
    assert event.event == "delivery.relabelled"
    assert event.details["counts"] == {"delivered to duplicate": 2, "rejected to duplicate": 1}


def test_past_is_not_judged_by_rules_that_are_not_live(stage, connection):
    publish(stage, connection, is_live=False)
    with pytest.raises(ResolveConflict, match="Version 2 is not live: publish it"):
        relabel(stage, connection)
    assert stage.statuses() == {"delivered": 5, "rejected": 1}


def test_relabelling_again_finds_nothing_and_can_be_undone(stage, connection):
    publish(stage, connection)
    relabel(stage, connection)
    events = AuditEvent.objects.for_account(stage.cast.account).count()
    assert relabel(stage, connection) == {}
    assert AuditEvent.objects.for_account(stage.cast.account).count() == events
    publish(stage, connection, [SUCCESS])
    assert relabel(stage, connection) == {"duplicate to delivered": 2, "duplicate to rejected": 1}


def test_only_the_last_answer_of_a_delivery_counts_and_what_waits_stays(stage, connection):
    retried = answered(stage, connection, "late", 503, EXISTS % "late")
    waiting = answered(stage, connection, "waits", 503, EXISTS % "waits")
    answer_again(connection, retried, 201)
    publish(stage, connection)
    relabel(stage, connection)
    retried.refresh_from_db()
    waiting.refresh_from_db()
    assert (retried.status, waiting.status) == ("delivered", "retrying")


def test_verdict_to_wait_relabels_nothing(stage, connection):
    hold = DUPLICATE | {"outcome": "hold", "captures": []}
    assert backtested(connection, [hold, SUCCESS]).relabels == 0
    publish(stage, connection, [hold, SUCCESS])
    assert relabel(stage, connection) == {}


class TestApi:
    def path(self, connection, action="backtest"):
        return f"/accounts/acme/connections/{connection.id}/{action}"

    def test_backtest_answers_with_counts_and_examples(self, api, stage, connection):
        token = stage.cast.token()
        answer = api("post", self.path(connection), token, {"rules": RULES})
        assert answer.status_code == 200, answer.content
        body = answer.json()
        assert (body["answers"], body["changed"], body["relabels"]) == (6, 3, 3)
        assert body["changes"][0]["from"] == "delivered"
        example = body["changes"][0]["examples"][0]
        assert (example["rule_before"], example["rule"]) == ("Success", "Already there")
        assert "Lead exists" in example["response"]["body"]

    def test_examples_are_masked_without_the_right(self, api, stage, connection):
        token = stage.cast.token(Permission.DELIVERY_READ)
        text = api("post", self.path(connection), token, {"rules": RULES}).content.decode()
        assert "@example.com" not in text
        assert "Lead exists" not in text

    @pytest.mark.parametrize(
        ("wrong", "pointer"),
        [
            ({"rules": [DUPLICATE | {"outcome": "maybe"}]}, "/rules/0/outcome"),
            ({"rules": RULES, "limit": 10_001}, "/limit"),
            (
                {"rules": [DUPLICATE | {"reason": {"source": "json", "path": "$["}}]},
                "/rules/0/reason/path",
            ),
        ],
    )
    def test_wrong_rules_are_refused_with_their_place(self, api, stage, connection, wrong, pointer):
        answer = api("post", self.path(connection), stage.cast.token(), wrong)
        assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]

    def test_relabel_wants_the_right_to_write(self, api, stage, connection):
        publish(stage, connection)
        reader = stage.cast.token(Permission.DELIVERY_READ, Permission.CONNECTION_READ)
        path = self.path(connection, "relabel")
        assert api("post", path, reader, {}).status_code == 403
        answer = api("post", path, stage.cast.token(), {})
        assert answer.json() == {
            "counts": {"delivered to duplicate": 2, "rejected to duplicate": 1}
        }
        assert api("post", path, stage.cast.rival_token(), {}).status_code == 404

    def test_newest_version_goes_live_with_the_relabelling(self, api, stage, connection):
        publish(stage, connection, is_live=False)
        path, token = self.path(connection, "relabel"), stage.cast.token()
        assert api("post", path, token, {}).status_code == 409
        untested = api("post", path, token, {"publish": True})
        assert (untested.status_code, untested.json()["detail"][:18]) == (409, "No test run of ver")
        done = api("post", path, token, {"publish": True, "override": "Only rules changed."})
        assert done.json()["counts"] == {"delivered to duplicate": 2, "rejected to duplicate": 1}
        connection.refresh_from_db()
        assert connection.live_version == connection.head_version
        events = AuditEvent.objects.for_account(stage.cast.account).order_by("-id")
        names = [one.event for one in events[:2]]
        assert names == ["delivery.relabelled", "connection.activated"]
