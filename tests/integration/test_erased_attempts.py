"""Whoever reads attempts passes over those whose person was forgotten, and says so."""

from datetime import timedelta

import pytest
from django.urls import reverse

from accounts.permissions import Permission
from accounts.selectors import access_for_user
from connections.documents import MergePatch, parse_rules
from connections.production_answers import production_answers
from connections.selectors import connection_of
from connections.services import change_connection
from delivery import backtest as backtests
from delivery import history
from delivery.backtest import backtest, backtest_shown, relabel_past
from delivery.models import Attempt, Delivery, Referral
from delivery.retention import forget_people
from delivery.unmatched import unmatched_shapes
from tests.answers import answered
from tests.delivery_stage import now, set_stage

EXISTS = '{"error": "Lead exists", "lead": "zebedee@example.com"}'
DUPLICATE = {
    "name": "Already there",
    "conditions": [
        {"source": "json", "path": "$.error", "operator": "equals", "value": "Lead exists"}
    ],
    "outcome": "duplicate",
    "reason": {"source": "json", "path": "$.lead"},
    "captures": [{"name": "lead", "source": "json", "path": "$.lead"}],
}


@pytest.fixture
def stage(db):
    return set_stage()


@pytest.fixture
def connection(stage):
    """Two answers that no rule matched, of people who are forgotten, and a good one."""
    connection = stage.connection("http://127.0.0.1:9")
    for number in range(2):
        answered(stage, connection, f"old-{number}", 409, EXISTS)
    answered(stage, connection, "good", 201, '{"id": 1}')
    forget(stage)
    return connection_of(stage.cast.account, connection.id)


def forget(stage):
    forget_people(account=stage.cast.account, now=now() + timedelta(days=31))
    attempts = Attempt.objects.for_account(stage.cast.account)
    assert attempts.exclude(record_sealed=b"").count() == 0


def backtested(connection):
    return backtest(connection=connection, rules=parse_rules([DUPLICATE]), now=now())


def relabelled(stage, connection):
    who = {"account": stage.cast.account, "actor": stage.cast.actor, "now": now()}
    patch = MergePatch({"response_rules": [DUPLICATE]})
    change_connection(connection_id=connection.id, config=patch, **who)
    stage.activate(connection)
    return relabel_past(connection_id=connection.id, **who)


def manager_of(stage):
    return access_for_user(user=stage.cast.manager, slug="acme")


def test_nothing_erased_is_tried_shown_or_relabelled(stage, connection):
    assert production_answers(connection) == []
    assert backtested(connection).answers == 0
    assert relabelled(stage, connection) == {}
    assert unmatched_shapes(manager_of(stage), connection, now=now()) == []
    assert stage.deliveries(reason="erased", captures={}).count() == 3


def test_what_is_kept_is_found_beside_what_was_erased(stage, connection):
    answered(stage, connection, "new", 409, EXISTS)
    assert [answer.status for answer in production_answers(connection)] == [409]
    assert backtested(connection).answers == 1
    [shape] = unmatched_shapes(manager_of(stage), connection, now=now())
    assert shape.count == 1
    assert relabelled(stage, connection) == {"rejected to duplicate": 1}


def test_history_that_was_erased_is_not_read_through(
    stage, connection, monkeypatch, django_assert_num_queries
):
    monkeypatch.setattr(history, "BATCH_DELIVERIES", 1)
    answered(stage, connection, "new", 409, EXISTS)
    # Where the remembered begin, their deliveries, those's answers, and that there are no more.
    with django_assert_num_queries(4):
        assert len(list(history.stored_answers(connection, limit=100))) == 1


def test_who_is_forgotten_while_the_past_is_relabelled_gets_nothing_back(
    stage, connection, monkeypatch
):
    """Between reading the answers and locking their deliveries, retention may come by."""
    answered(stage, connection, "new", 409, EXISTS)
    find = backtests._other_statuses

    def found_and_forgotten(*arguments):
        wrong = find(*arguments)
        forget(stage)
        return wrong

    monkeypatch.setattr(backtests, "_other_statuses", found_and_forgotten)
    assert relabelled(stage, connection) == {}
    assert not Delivery.objects.for_account(stage.cast.account).exclude(captures={}).exists()


@pytest.mark.parametrize("gone", [forget, lambda stage: Referral.unscoped.all().delete()])
def test_example_that_goes_after_it_was_judged_is_no_error(stage, connection, gone):
    answered(stage, connection, "new", 409, EXISTS)
    result = backtested(connection)
    gone(stage)
    shown = backtest_shown(manager_of(stage), result)
    assert shown["changed"] == 1
    assert "zebedee" not in repr(shown)


def test_pages_say_that_it_was_erased(stage, connection, client):
    client.force_login(stage.cast.manager)

    def page(name, *arguments):
        answer = client.get(reverse(f"delivery:{name}", args=("acme", *arguments)))
        assert answer.status_code == 200
        return answer.content.decode()

    delivery = stage.deliveries(status="delivered").get()
    detail = page("delivery_detail", delivery.id)
    assert "The personal data was erased: Acme Energy keeps it for 30 days." in detail
    assert "was answered with status 201. The request and the answer were erased." in detail
    assert "Rule “Success”: its reason was erased with the personal data" in detail
    assert "Not reached" not in detail
    assert "its reason was erased with the personal data" in page("delivery_list")
    assert "No stored answer is without a rule." in page("unmatched_list", connection.id)
    assert "No answer is stored." in page("backtest", connection.id)
    editor = reverse("connections:connection_edit", args=("acme", connection.id))
    assert client.get(editor).status_code == 200


def test_rest_says_that_it_was_erased(stage, connection, api):
    delivery = stage.deliveries(status="delivered").get()
    for token in (stage.cast.token(), stage.cast.token(Permission.DELIVERY_READ)):
        answer = api("get", f"/accounts/acme/deliveries/{delivery.id}", token)
        assert answer.status_code == 200
        [attempt] = answer.json()["attempts"]
        assert attempt["response"]["status"] == 201
        assert attempt["request"]["body"] == ""
    body = api("get", f"/accounts/acme/connections/{connection.id}/unmatched", token).json()
    assert body["results"] == []
