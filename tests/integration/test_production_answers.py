"""Warnings on rules know what production answered: in the editor, over REST, and of new rules."""

import pytest

from connections.production_answers import production_answers
from connections.selectors import connection_of
from delivery.history import _sent
from delivery.models import Delivery
from tests.answers import answer_again, answered
from tests.delivery_stage import now, set_stage
from tests.integration.test_delivery_growth import as_owner

NOWHERE = "http://127.0.0.1:9"
EXISTS = '{"error": "exists", "lead": "zebedee@example.com"}'
RULES = [
    {
        "name": "Exists",
        "conditions": [
            {"source": "json", "path": "$.erorr", "operator": "equals", "value": "exists"}
        ],
        "outcome": "duplicate",
    },
    {
        "name": "Success",
        "conditions": [{"source": "status", "operator": "in", "value": "2xx"}],
        "outcome": "delivered",
    },
]


@pytest.fixture
def stage(db):
    return set_stage()


@pytest.fixture
def connection(stage):
    return stage.connection(NOWHERE)


def statuses(stage, connection):
    shown = connection_of(stage.cast.account, connection.id)
    return [answer.status for answer in production_answers(shown)]


def test_latest_answers_come_first_and_rare_ones_are_among_them(stage, connection):
    answered(stage, connection, "rare", 409, EXISTS)
    for number in range(22):
        answered(stage, connection, f"usual-{number}", 201)
    assert statuses(stage, connection) == [201] * 19 + [409]


def test_every_attempt_of_a_delivery_counts(stage, connection):
    delivery = answered(stage, connection, "late", 503)
    answer_again(connection, delivery, 201)
    assert statuses(stage, connection) == [201, 503]


def test_answers_of_another_connection_are_none_of_its_own(stage, connection):
    other = stage.connection(NOWHERE, linked=False)
    answered(stage, connection, "one", 201)
    assert statuses(stage, other) == []


def test_what_nobody_answered_is_left_out(stage, connection):
    stage.accept("waits")
    stage.deliveries().update(attempt_count=1)
    assert statuses(stage, connection) == []


def patched(api, stage, connection):
    path = f"/accounts/acme/connections/{connection.id}"
    answer = api("patch", path, stage.cast.token(), {"config": {"response_rules": RULES}})
    assert answer.status_code == 200, answer.content
    return answer.json()["warnings"]


def test_rest_warns_of_what_production_answered(api, stage, connection):
    assert patched(api, stage, connection) == []
    answered(stage, connection, "old", 200, EXISTS)
    path = f"/accounts/acme/connections/{connection.id}"
    warnings = api("get", path, stage.cast.token()).json()["warnings"]
    assert [(one["pointer"], one["code"]) for one in warnings] == [
        ("/response_rules/0/conditions/0/path", "path_never_seen"),
        ("/response_rules/1", "error_taken_as_delivered"),
    ]


def test_editor_warns_and_shows_nothing_of_the_person(api, client, stage, connection):
    patched(api, stage, connection)
    answered(stage, connection, "old", 200, EXISTS)
    client.force_login(stage.cast.manager)
    page = client.get(f"/accounts/acme/integrations/connections/{connection.id}/").content.decode()
    assert "stood in none of the 1 JSON answers" in page
    assert "takes an answer as delivered" in page
    assert "zebedee" not in page


def test_rules_from_samples_are_looked_at_beside_what_production_answered(api, stage, connection):
    answered(stage, connection, "old", 200, '{"success": false}')
    path = f"/accounts/acme/connections/{connection.id}/rules-from-samples"
    samples = [{"name": "New", "status": 201, "body": "", "expected_outcome": "delivered"}]
    answer = api("post", path, stage.cast.token(), {"samples": samples, "dry_run": True})
    assert answer.status_code == 200, answer.content
    assert "error_taken_as_delivered" in [one["code"] for one in answer.json()["warnings"]]


@pytest.mark.django_db(transaction=True)
def test_newest_of_a_connection_are_found_without_those_of_its_neighbour():
    stage = set_stage()
    quiet, busy = stage.connection(NOWHERE, linked=False), stage.connection(NOWHERE, linked=False)
    row = {"account": stage.cast.account, "campaign": stage.campaign, "created_at": now()}
    done = {"status": "delivered", "attempt_count": 1, "finished_at": now()}
    Delivery.objects.for_account(stage.cast.account).bulk_create(
        Delivery(connection=connection, referral_id=stage.campaign.id, **row, **done)
        for connection in [busy] * 3_000 + [quiet]
    )
    as_owner("ANALYZE delivery_delivery")
    assert "Index Cond: (connection_id" in _sent(quiet)[:10].explain()
