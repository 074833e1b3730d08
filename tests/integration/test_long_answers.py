"""Answers longer than what is read of them, from a real receiver through the engine."""

import pytest
from aiohttp import web

from connections.documents import MergePatch
from connections.services import change_connection
from delivery.models import Attempt
from tests.delivery_stage import now, pump, receiving, set_stage

STATUS_IS_GOOD = {
    "name": "Success",
    "conditions": [{"source": "status", "operator": "in", "value": "200-299"}],
    "outcome": "delivered",
}
SAYS_DUPLICATE = {
    "name": "Known already",
    "conditions": [
        {"source": "json", "path": "$.status", "operator": "equals", "value": "duplicate"}
    ],
    "outcome": "duplicate",
}
BEGINS_WITH_DUPLICATE = {
    "name": "Begins with it",
    "conditions": [{"source": "body", "operator": "contains", "value": '"status": "duplicate"'}],
    "outcome": "duplicate",
}


@pytest.fixture
def stage(transactional_db):
    return set_stage()


def delivered_to(stage, rules, *, length):
    """Deliver one referral to a CRM that says `duplicate` at length; return its delivery."""
    body = '{"status": "duplicate", "log": "' + "x" * length + '"}'
    with receiving(answer=lambda _number: web.Response(status=200, text=body)) as crm:
        connection = stage.connection(crm)
        change_connection(
            account=stage.cast.account,
            actor=stage.cast.actor,
            now=now(),
            connection_id=connection.id,
            config=MergePatch({"response_rules": rules}),
        )
        stage.activate(connection)
        stage.accept("tx-1")
        pump()
    return stage.deliveries().get()


def test_long_answer_that_a_rule_cannot_read_is_unmatched_and_never_delivered(stage):
    delivery = delivered_to(stage, [SAYS_DUPLICATE, STATUS_IS_GOOD], length=70_000)
    assert (delivery.status, delivery.rule, delivery.attempt_count) == ("rejected", None, 1)
    assert 'the rule "Known already" needs the rest' in delivery.reason
    attempt = Attempt.objects.for_account(stage.cast.account).get()
    assert attempt.unmatched_shape is not None


def test_long_answer_is_told_by_what_stands_at_its_beginning(stage):
    rules = [BEGINS_WITH_DUPLICATE, SAYS_DUPLICATE, STATUS_IS_GOOD]
    delivery = delivered_to(stage, rules, length=70_000)
    assert (delivery.status, delivery.rule) == ("duplicate", "Begins with it")


def test_ten_megabytes_are_delivered_where_the_status_alone_decides(stage):
    delivery = delivered_to(stage, [STATUS_IS_GOOD], length=10_000_000)
    assert (delivery.status, delivery.rule) == ("delivered", "Success")
