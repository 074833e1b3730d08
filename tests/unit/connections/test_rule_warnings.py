"""Warnings on a connection's rules know its samples and the answers that its tests had."""

import orjson
import pytest

from connections.documents import MergePatch
from connections.exchange.config import ConnectionConfig
from connections.models import TestResult
from connections.rule_warnings import answers_in_tests, rule_warnings
from connections.selectors import ATTEMPT_PURPOSE, connection_of
from connections.services import change_connection, create_connection, start_test_run
from tests.cast import BEGINNING

pytestmark = pytest.mark.django_db

CONFIG = {
    "environments": {"testing": {"url": "https://api.example.com"}},
    "response_rules": [
        {
            "name": "Twice",
            "outcome": "duplicate",
            "conditions": [
                {"source": "json", "path": "$.twice", "operator": "equals", "value": "true"}
            ],
        },
        {
            "name": "Success",
            "outcome": "delivered",
            "conditions": [{"source": "status", "operator": "in", "value": "2xx"}],
        },
    ],
}
ANSWER = {
    "status": 200,
    "headers": [["Content-Type", "application/json; charset=iso-8859-1"]],
    "body": '{"success": false, "why": "é"}',
    "truncated": False,
}


@pytest.fixture
def connection(cast):
    made = create_connection(
        account=cast.account,
        actor=cast.actor,
        now=BEGINNING,
        name="CRM",
        config=ConnectionConfig.model_validate(CONFIG),
    )
    return connection_of(cast.account, made.id)


def test_without_answers_only_the_rules_speak(connection):
    assert rule_warnings(connection) == []


def test_token_to_renew_without_oauth_is_told(cast, connection):
    renewing = CONFIG["response_rules"][1] | {"outcome": "retry", "renew_token": True}
    change_connection(
        account=cast.account,
        actor=cast.actor,
        now=BEGINNING,
        connection_id=connection.id,
        config=MergePatch({"response_rules": [CONFIG["response_rules"][0], renewing]}),
    )
    warnings = rule_warnings(connection_of(cast.account, connection.id))
    assert [warning.code for warning in warnings] == ["no_token_to_renew"]


@pytest.mark.parametrize(("response", "count"), [(ANSWER, 1), (None, 0)])
def test_answers_of_tests_are_known(cast, connection, response, count):
    start_test_run(
        account=cast.account, actor=cast.actor, now=BEGINNING, connection_id=connection.id
    )
    sealed = cast.account.vault.seal(orjson.dumps({"response": response}), purpose=ATTEMPT_PURPOSE)
    TestResult.objects.for_account(cast.account).update(attempt_sealed=sealed)

    answers = answers_in_tests(connection)

    assert [answer.text() for answer in answers] == [ANSWER["body"]] * count
    codes = [warning.code for warning in rule_warnings(connection)]
    assert codes == ["path_never_seen", "error_taken_as_delivered"][: 2 * count]
