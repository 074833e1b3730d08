"""Test runs are sent through the real exchange to a real receiver, and swept when lost."""

import os
import signal
import socket
import subprocess
import sys
import time
from datetime import timedelta
from uuid import uuid4

import httpx
import pytest
from celery import Celery
from django.utils import timezone

from connections import runner, selectors, services, tasks
from connections.documents import parse_config
from connections.models import TestRun
from referral_export.sandbox_crm import make_app
from tests.cast import make_cast
from tests.loopback import serving

RULES = [
    {
        "name": "Known",
        "outcome": "duplicate",
        "conditions": [{"source": "status", "operator": "in", "value": "409"}],
    },
    {
        "name": "Created",
        "outcome": "delivered",
        "conditions": [{"source": "status", "operator": "in", "value": "2xx"}],
        "captures": [{"name": "lead_id", "source": "json", "path": "$.id"}],
    },
]
LEAD = {"email": "new@example.com", "age": 25}
CASES = [
    {"name": "New lead", "attributes": LEAD},
    {
        "name": "Known lead",
        "attributes": {"email": "duplicate@example.com"},
        "expected_outcome": "duplicate",
    },
]


@pytest.fixture(scope="module")
def crm():
    with serving(make_app()) as address:
        yield address


@pytest.fixture(scope="module")
def sender():
    sender = runner.Sender()
    yield sender
    sender.close()


def configured(crm, behaviour="smart", **changes):
    return {
        "environments": {"testing": {"url": f"{crm}/crm/{behaviour}"}},
        "authorization": {"type": "bearer", "token": {"secret": "token"}},
        "body": {
            "encoding": "json",
            "template": '{"email": "{{ email }}", "age": {{ age|tojson }}, "test": {{ test|tojson }}}',
        },
        "response_rules": RULES,
        "test_cases": CASES,
    } | changes


def start(account, actor, config, now=None, **asked):
    who = {"account": account, "actor": actor, "now": now or timezone.now()}
    connection = services.create_connection(
        **who,
        name=f"CRM {uuid4()}",
        config=parse_config(config),
        secret_values={"token": "sandbox-key"},
    )
    return services.start_test_run(**who, connection_id=connection.id, **asked)


@pytest.fixture
def run(cast, sender):
    """Start a run and send it; return it as the API shows it."""

    def run(config, **asked):
        started = start(cast.account, cast.actor, config, **asked)
        runner.run_test(started.id, sender=sender, now=timezone.now())
        return shown(started)

    return run


def shown(run):
    found = selectors.test_run_of(run.connection, run.id)
    return selectors.test_run_shown(found, with_personal_data=True)


def unique(email):
    return f"{uuid4().hex}-{email}"


def received(crm):
    return httpx.get(f"{crm}/received.json").json()["results"]


class TestRunning:
    def test_run_passes_when_each_case_ends_as_expected(self, crm, run):
        done = run(configured(crm))
        assert done["status"] == "passed"
        assert done["finished_at"] >= done["started_at"] >= done["created_at"]
        assert [(one["test_case"], one["passed"]) for one in done["results"]] == [
            ("New lead", True),
            ("Known lead", True),
        ]

    def test_case_shows_request_as_sent_response_and_deciding_rule(self, crm, run):
        first = run(configured(crm))["results"][0]
        attempt = first["attempt"]
        assert attempt["request"]["method"] == "POST"
        assert ["X-Test-Lead", "true"] in attempt["request"]["headers"]
        assert '"test": true' in attempt["request"]["body"]
        assert attempt["response"]["status"] == 201
        assert attempt["environment"] == "testing"
        assert first["verdict"]["rule"] == "Created"
        assert first["verdict"]["captures"]["lead_id"]

    def test_secret_is_sent_but_shown_nowhere(self, crm, run):
        done = run(configured(crm))
        assert "sandbox-key" not in str(done)
        assert ["Authorization", "Bearer ••••"] in done["results"][0]["attempt"]["request"][
            "headers"
        ]

    def test_each_case_has_an_idempotency_key_of_its_own(self, crm, run):
        done = run(configured(crm))
        keys = [
            dict(one["attempt"]["request"]["headers"])["Idempotency-Key"] for one in done["results"]
        ]
        assert len(set(keys)) == 2

    def test_run_fails_when_one_case_ends_otherwise(self, crm, run):
        done = run(configured(crm, "error", test_cases=CASES[:1]))
        assert done["status"] == "failed"
        (only,) = done["results"]
        assert (only["passed"], only["verdict"]["outcome"]) == (False, "retry")

    def test_expected_rejection_passes(self, crm, run):
        rejected = [{"name": "Bad", "attributes": LEAD, "expected_outcome": "rejected"}]
        assert (
            run(
                configured(
                    crm,
                    "success-false",
                    test_cases=rejected,
                    response_rules=[
                        {
                            "name": "Refused",
                            "outcome": "rejected",
                            "conditions": [
                                {
                                    "source": "json",
                                    "path": "$.success",
                                    "operator": "equals",
                                    "value": "false",
                                }
                            ],
                        }
                    ],
                )
            )["status"]
            == "passed"
        )

    def test_sample_lead_is_new_to_the_receiver_each_time(self, crm, run):
        for _ in range(2):
            assert run(configured(crm, test_cases=[]))["status"] == "passed"

    def test_given_attributes_are_sent(self, crm, run):
        email = unique("given@example.com")
        done = run(configured(crm), attributes={"email": email})
        assert done["status"] == "passed"
        assert email in done["results"][0]["attempt"]["request"]["body"]

    def test_missing_attribute_fails_the_case_with_a_sentence(self, crm, run):
        config = configured(crm, required_attributes=["first_name"], test_cases=CASES[:1])
        (only,) = run(config)["results"]
        assert (only["passed"], only["attempt"]["request"]) == (False, None)
        assert "first_name" in only["attempt"]["error"]["detail"]

    def test_unreachable_receiver_fails_the_case(self, run):
        config = configured("http://127.0.0.1:9", test_cases=CASES[:1])
        (only,) = run(config)["results"]
        assert (only["passed"], only["attempt"]["error"]["code"]) == (False, "connect")

    def test_passed_run_opens_the_way_to_activation(self, crm, cast, sender):
        config = configured(crm)
        config["environments"]["production"] = {"url": f"{crm}/crm/smart"}
        started = start(cast.account, cast.actor, config)
        who = {"account": cast.account, "actor": cast.actor, "now": timezone.now()}
        runner.run_test(started.id, sender=sender, now=timezone.now())
        active = services.activate_connection(**who, connection_id=started.connection_id)
        assert active.status == "active"

    def test_run_that_was_told_twice_is_sent_once(self, crm, cast, sender):
        email = unique("once@example.com")
        started = start(cast.account, cast.actor, configured(crm), attributes={"email": email})
        for _ in range(2):
            runner.run_test(started.id, sender=sender, now=timezone.now())
        assert [one["email"] for one in received(crm)].count(email) == 1

    def test_run_that_another_worker_has_is_left_alone(self, crm, cast, sender):
        email = unique("taken@example.com")
        started = start(cast.account, cast.actor, configured(crm), attributes={"email": email})
        TestRun.objects.for_account(cast.account).update(started_at=timezone.now())
        runner.run_test(started.id, sender=sender, now=timezone.now())
        assert email not in [one["email"] for one in received(crm)]
        assert shown(started)["status"] == "running"

    def test_cases_that_do_not_fit_into_the_time_say_so(self, crm, run, monkeypatch):
        monkeypatch.setattr(runner, "RUN_SECONDS", -1)
        done = run(configured(crm))
        assert done["status"] == "failed"
        assert {one["attempt"]["error"]["code"] for one in done["results"]} == {"run_too_long"}


class TestSweep:
    def test_run_of_a_lost_worker_fails_with_a_sentence(self, crm, cast):
        started = start(cast.account, cast.actor, configured(crm))
        begun = timezone.now()
        TestRun.objects.for_account(cast.account).update(started_at=begun)
        runner.sweep_test_runs(now=begun + timedelta(seconds=119))
        assert shown(started)["status"] == "running"
        runner.sweep_test_runs(now=begun + timedelta(seconds=121))
        done = shown(started)
        assert done["status"] == "failed"
        assert "Run the test again" in done["results"][0]["attempt"]["error"]["detail"]

    def test_run_that_nobody_took_is_asked_for_again(self, crm, cast, told):
        started = start(cast.account, cast.actor, configured(crm))
        runner.sweep_test_runs(now=started.created_at + timedelta(seconds=9))
        assert told == []
        runner.sweep_test_runs(now=started.created_at + timedelta(seconds=11))
        assert told == [started.id]

    @pytest.fixture
    def told(self, monkeypatch):
        told = []
        monkeypatch.setattr(runner, "tell_a_worker", told.append)
        return told


@pytest.mark.parametrize("is_silent", [False, True])
def test_redis_that_is_away_delays_a_run_but_loses_nothing(crm, transactional_db, is_silent):
    cast = make_cast()
    redis = socket.create_server(("127.0.0.1", 0))
    port = redis.getsockname()[1]
    if not is_silent:
        redis.close()
    ours = tasks.run_test.app
    away = Celery(set_as_current=False)
    away.config_from_object("django.conf:settings", namespace="CELERY")
    away.conf.broker_url = f"redis://127.0.0.1:{port}/0"
    away.set_current()
    began = time.monotonic()
    try:
        started = start(cast.account, cast.actor, configured(crm))
    finally:
        ours.set_current()
        redis.close()
    assert time.monotonic() - began < 2
    assert shown(started)["status"] == "running"


def test_worker_process_sends_a_run_within_seconds(crm, transactional_db, worker_log):
    cast = make_cast()
    started = start(cast.account, cast.actor, configured(crm))
    deadline = time.monotonic() + 30
    while shown(started)["status"] == "running" and time.monotonic() < deadline:
        time.sleep(0.1)
    assert shown(started)["status"] == "passed", worker_log.read_text()


@pytest.fixture
def worker_log(servers, tmp_path):
    """Run a worker as production does, and return where it writes to."""
    log = tmp_path / "worker.log"
    command = ["worker", "--concurrency=1", "--without-gossip", "--without-mingle"]
    with log.open("wb") as output:
        worker = subprocess.Popen(
            [sys.executable, "-m", "celery", "-A", "referral_export", *command],
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    yield log
    os.killpg(worker.pid, signal.SIGTERM)
    worker.wait(timeout=20)
