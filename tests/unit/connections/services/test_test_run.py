"""Test runs: what is sent where, and what is refused before anything is sent."""

from datetime import timedelta

import pytest

from accounts.errors import CorrectInput, TryLater
from connections import services
from connections.exchange.config import Environment, Outcome
from tests.unit.connections.services.changes import PRODUCTION, TESTING, patch, pointers

CASES = [
    {"name": "New lead", "attributes": {"email": "new@example.com"}},
    {
        "name": "Known lead",
        "attributes": {"email": "old@example.com"},
        "expected_outcome": "duplicate",
    },
]


@pytest.fixture
def connection(make_connection):
    return make_connection(environments=PRODUCTION | TESTING, test_cases=CASES)


def start(who, connection, **asked):
    return services.start_test_run(**who, connection_id=connection.id, **asked)


def cases(run):
    return [(row.test_case, row.expected_outcome) for row in run.results.order_by("position")]


def test_all_cases_go_to_testing_with_the_newest_version(connection, who):
    patch(who, connection, method="PUT")
    run = start(who, connection)
    assert (run.environment, run.status, run.version.number) == ("testing", "running", 2)
    assert cases(run) == [("New lead", "delivered"), ("Known lead", "duplicate")]


def test_named_case_goes_alone(connection, who):
    run = start(who, connection, test_cases=["Known lead"])
    assert cases(run) == [("Known lead", "duplicate")]


def test_unknown_case_is_refused_with_a_suggestion(connection, who):
    with pytest.raises(CorrectInput, match=r"Did you mean New lead\?") as refused:
        start(who, connection, test_cases=["New laed"])
    assert pointers(refused) == ["/test_cases/0"]


def test_given_attributes_are_one_case(connection, who):
    run = start(
        who, connection, attributes={"email": "a@b.example"}, expected_outcome=Outcome.REJECTED
    )
    assert cases(run) == [("Given attributes", "rejected")]


def test_unknown_attribute_is_refused_at_its_place(connection, who):
    with pytest.raises(CorrectInput, match=r"Did you mean first_name\?") as refused:
        start(who, connection, attributes={"frist_name": "Ana"})
    assert pointers(refused) == ["/attributes/frist_name"]


@pytest.mark.parametrize(
    ("asked", "pointer"),
    [
        ({"test_cases": []}, "/test_cases"),
        ({"test_cases": ["New lead"], "attributes": {}}, "/test_cases"),
        ({"expected_outcome": Outcome.REJECTED}, "/expected_outcome"),
        ({"environment": Environment.STAGING}, "/environment"),
    ],
)
def test_question_that_makes_no_sense_is_refused(connection, who, asked, pointer):
    with pytest.raises(CorrectInput) as refused:
        start(who, connection, **asked)
    assert pointers(refused) == [pointer]


def test_connection_without_cases_sends_a_sample(make_connection, who):
    run = start(who, make_connection(environments=PRODUCTION | TESTING))
    assert cases(run) == [("Sample lead", "delivered")]


def test_production_must_be_confirmed_by_who_reads_its_host(make_connection, who):
    connection = make_connection()
    with pytest.raises(CorrectInput, match=r"api\.example\.com") as refused:
        start(who, connection)
    assert pointers(refused) == ["/confirm_production"]
    assert start(who, connection, confirm_production=True).environment == "production"


def test_eleventh_run_in_a_minute_waits(connection, who, now):
    for second in range(10):
        start(who | {"now": now + timedelta(seconds=second)}, connection)
    with pytest.raises(TryLater) as refused:
        start(who | {"now": now + timedelta(seconds=20)}, connection)
    assert refused.value.retry_after_seconds == 40
    start(who | {"now": now + timedelta(seconds=61)}, connection)


def test_worker_is_told_after_commit_only(connection, who, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks() as callbacks:
        start(who, connection)
    assert len(callbacks) == 1
