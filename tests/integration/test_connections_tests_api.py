"""Test runs over HTTP: started, waited for, and read again."""

import threading
from copy import deepcopy

import pytest
from django.db import connection as database
from django.utils import timezone

from connections import runner
from connections.models import TestRun
from referral_export.sandbox_crm import make_app
from tests.cast import make_cast
from tests.integration.connection_bodies import CONNECTIONS, WHOLE, made_id
from tests.loopback import serving


@pytest.fixture(scope="module")
def crm():
    with serving(make_app()) as address:
        yield address


@pytest.fixture
def body(crm):
    body = deepcopy(WHOLE)
    body["config"]["environments"]["testing"] = {"url": f"{crm}/crm/smart"}
    body["secret_values"] = {"crm_password": "sandbox-key"}
    return body


@pytest.fixture
def token(cast):
    return cast.token("connections:write", "connections:read", "connections:test")


@pytest.fixture
def tests(api, token, body):
    return f"{CONNECTIONS}/{made_id(api, token, body)}/tests"


def send_all(account):
    """Do what a worker does with the runs that wait."""
    sender = runner.Sender()
    for run in TestRun.objects.for_account(account).filter(started_at=None):
        runner.run_test(run.id, sender=sender, now=timezone.now())
    sender.close()


def test_run_is_accepted_and_then_read_with_its_attempt(api, token, tests, cast):
    accepted = api("post", tests, token, {})
    shown = accepted.json()
    assert (accepted.status_code, shown["status"], shown["environment"]) == (
        202,
        "running",
        "testing",
    )
    assert accepted["Location"].endswith(f"/api/v1{tests}/{shown['id']}")
    send_all(cast.account)
    done = api("get", f"{tests}/{shown['id']}", token).json()
    assert done["status"] == "passed"
    (only,) = done["results"]
    assert (only["test_case"], only["passed"]) == ("New lead", True)
    assert only["attempt"]["response"]["status"] == 201
    assert only["verdict"] == only["attempt"]["verdict"]
    (listed,) = api("get", tests, token).json()["results"]
    assert listed["results"] == [
        {"test_case": "New lead", "expected_outcome": "delivered", "passed": True}
    ]


def test_exchange_is_masked_without_the_scope_for_personal_data(api, token, tests, cast):
    lead = {"email": "jane.citizen@example.com", "first_name": "Jane"}
    run = api("post", tests, token, {"attributes": lead}).json()["id"]
    send_all(cast.account)

    def read(*scopes):
        done = api("get", f"{tests}/{run}", cast.token("connections:read", *scopes)).json()
        return done["results"][0]["attempt"]

    assert "jane.citizen@example.com" in read("pii:read")["request"]["body"]
    masked = read()
    assert "jane" not in str(masked).lower()
    assert '"email": "••••"' in masked["request"]["body"]
    assert masked["response"]["status"] == read("pii:read")["response"]["status"]


def test_passed_run_makes_the_connection_tested_and_activable(api, token, tests, cast):
    connection = tests.removesuffix("/tests")
    api("post", tests, token, {})
    assert api("get", connection, token).json()["tested"] is False
    send_all(cast.account)
    assert api("get", connection, token).json()["tested"] is True
    assert api("post", f"{connection}/activate", token, {}).status_code == 200


def test_waiting_answers_200_with_the_result(api, transactional_db, body):
    cast = make_cast()
    token = cast.token("connections:write", "connections:test")
    tests = f"{CONNECTIONS}/{made_id(api, token, body)}/tests"
    stop = threading.Event()

    def work():
        while not stop.wait(0.05):
            send_all(cast.account)
        database.close()

    worker = threading.Thread(target=work)
    worker.start()
    try:
        answer = api("post", f"{tests}?wait=20", token, {}, HTTP_IDEMPOTENCY_KEY="once")
    finally:
        stop.set()
        worker.join()
    assert (answer.status_code, answer.json()["status"]) == (200, "passed")
    again = api("post", f"{tests}?wait=20", token, {}, HTTP_IDEMPOTENCY_KEY="once")
    assert (again.status_code, again.json()) == (200, answer.json())


def test_waiting_ends_when_no_worker_comes(api, token, tests):
    answer = api("post", f"{tests}?wait=1", token, {})
    assert (answer.status_code, answer.json()["status"]) == (202, "running")


@pytest.mark.parametrize("wait", ["21", "-1", "soon", "", "9" * 5_000])
def test_wait_that_is_no_number_of_seconds_is_refused(api, token, tests, wait):
    answer = api("post", f"{tests}?wait={wait}", token, {})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/wait")


@pytest.mark.parametrize(
    ("asked", "pointer"),
    [
        ({"environment": "production"}, "/confirm_production"),
        ({"environment": "staging"}, "/environment"),
        ({"test_cases": ["Nwe lead"]}, "/test_cases/0"),
        ({"attributes": {"emial": "a@example.com"}}, "/attributes/emial"),
        ({"atributes": {}}, "/atributes"),
        ({"attributes": {}, "expected_outcome": "great"}, "/expected_outcome"),
    ],
)
def test_question_that_makes_no_sense_is_refused_with_its_place(api, token, tests, asked, pointer):
    answer = api("post", tests, token, asked)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer)


def test_eleventh_run_in_a_minute_is_told_when_to_come_again(api, token, tests):
    answers = [api("post", tests, token, {}) for _ in range(11)]
    assert [answer.status_code for answer in answers] == [202] * 10 + [429]
    assert 1 <= int(answers[-1]["Retry-After"]) <= 60


def test_operator_without_write_may_test(api, cast, token, tests):
    assert api("post", tests, cast.token("connections:test"), {}).status_code == 202


def test_run_of_another_connection_is_not_found(api, token, tests, body):
    other = f"{CONNECTIONS}/{made_id(api, token, body | {'name': 'Other'})}/tests"
    run = api("post", tests, token, {}).json()["id"]
    assert api("get", f"{other}/{run}", token).status_code == 404


def test_run_is_not_found_by_a_stranger(api, cast, token, tests):
    run = api("post", tests, token, {}).json()["id"]
    rival = cast.rival_token()
    assert api("get", f"{tests}/{run}", rival).status_code == 404
    own = tests.replace("/acme/", "/rival/")
    assert api("get", f"{own}/{run}", rival).status_code == 404
