"""The breaker on real servers: when it opens, what it holds back, and how it is probed."""

import asyncio
import time
from datetime import timedelta

import pytest
from aiohttp import web

from accounts.models import AuditEvent
from connections.documents import MergePatch
from connections.models import Connection
from connections.services import (
    activate_connection,
    archive_connection,
    change_connection,
    pause_connection,
    resume_connection,
    set_secret,
)
from delivery import breaker
from delivery.models import Lane, Outage
from delivery.sweep import sweep
from tests.delivery_stage import answer, now, pump, pumping, receiving, set_stage, wait_until
from tests.integration.test_delivery_engine import claim, result_of, settle, who
from tests.loopback import serving

OPENS = breaker.FAILURES_TO_OPEN
NOWHERE = "http://127.0.0.1:9"


@pytest.fixture
def stage(transactional_db):
    return set_stage()


@pytest.fixture
def short_pauses(monkeypatch):
    monkeypatch.setattr(breaker, "FIRST_PAUSE", timedelta(seconds=0.3))


def health(connection):
    connection = Connection.objects.for_account(connection.account).get(id=connection.id)
    return connection.health


def lane(connection):
    return Lane.objects.get(connection=connection)


def outages(stage):
    return Outage.objects.for_account(stage.cast.account)


class Switch:
    """How a receiver answers at the moment."""

    def __init__(self, status):
        self.status = status

    def __call__(self, _number):
        return web.Response(status=self.status)


def open_breaker(stage, crm, *, status, count=40, **delivery):
    """Send to a receiver that fails until the breaker is open and nothing is in flight."""
    crm.answer = Switch(status)
    connection = stage.connection(crm, **({"concurrency": 4} | delivery))
    stage.accept(*(f"tx-{number}" for number in range(count)))
    return connection


@pytest.mark.parametrize(
    ("status", "expected", "cause"),
    [(503, "failing", "endpoint"), (401, "misconfigured", "configuration")],
)
def test_failing_endpoint_is_left_alone_and_what_waits_uses_no_attempts(
    stage, status, expected, cause
):
    with receiving() as crm:
        connection = open_breaker(stage, crm, status=status)
        pump(idle_seconds=1)
        asked = sum(crm.keys.values())
    assert OPENS <= asked < OPENS + 4
    assert stage.deliveries(attempt_count=0, status="pending").count() == 40 - asked
    assert health(connection) == expected
    outage = outages(stage).get()
    assert (outage.cause, outage.closed_at) == (cause, None)
    assert outage.reason == f"it answered with status {status}"
    assert (lane(connection).probe_at is None) == (cause == "configuration")


def test_refresh_token_that_is_refused_waits_for_a_new_one_and_every_lead_then_arrives(stage):
    """Of a token address that gives a new refresh token each time; the one set is used up."""
    used, valid = [], ["another"]

    async def token(request):
        used.append((await request.post())["refresh_token"])
        if used[-1] != valid[-1]:
            return web.json_response({"error": "invalid_grant"}, status=400)
        valid.append(f"next-{len(valid)}")
        answer = {"access_token": "a", "refresh_token": valid[-1], "expires_in": 1}
        return web.json_response(answer)

    app = web.Application()
    app.router.add_post("/token", token)
    with receiving() as crm, serving(app) as address, pumping(2):
        connection = stage.connection(crm, concurrency=4)
        authorize(stage, connection, f"{address}/token")
        stage.accept(*(f"tx-{number}" for number in range(20)))
        wait_until(lambda: health(connection) == "misconfigured")
        assert not crm.keys
        set_secret(name="refresh", value="another", **who(stage, connection))
        wait_until(lambda: stage.statuses() == {"delivered": 20}, seconds=30)
    assert outages(stage).get().reason == (
        "the token address refused the refresh token: access must be authorised again"
    )
    begun = used.index("another")
    assert set(used[:begun]) == {"used up"}
    assert used[begun:] == valid[:-1]  # each of them once, however many asked at once
    assert len(used[begun:]) > 1


def test_pump_ends_only_when_a_refresh_token_that_came_late_is_kept(stage):
    """The lead gives up after a second, and so would the pump that has nothing else to do."""

    async def token(_request):
        await asyncio.sleep(4)
        return web.json_response({"access_token": "a", "refresh_token": "next"})

    app = web.Application()
    app.router.add_post("/token", token)
    with receiving() as crm, serving(app) as address:
        connection = stage.connection(crm, timeout_seconds=1, retry_for_hours=0)
        authorize(stage, connection, f"{address}/token")
        stage.accept("tx-1")
        pump(idle_seconds=0.1)
    events = AuditEvent.objects.for_account(stage.cast.account)
    assert events.filter(event="secret.rotated").count() == 1


def authorize(stage, connection, token_url):
    patch = {
        "authorization": {
            "type": "oauth2_refresh_token",
            "token_url": token_url,
            "client_id": "us",
            "refresh_token": {"secret": "refresh"},
        }
    }
    change_connection(
        config=MergePatch(patch), secret_values={"refresh": "used up"}, **who(stage, connection)
    )
    stage.activate(connection)


@pytest.mark.usefixtures("short_pauses")
def test_recovered_endpoint_is_found_by_a_probe_and_its_backlog_drained(stage):
    with receiving(seconds=0.05) as crm, pumping(2):
        connection = open_breaker(stage, crm, status=503)
        wait_until(lambda: health(connection) == "failing")
        wait_until(lambda: lane(connection).probes >= 1)
        crm.most_in_flight = 0
        probed_from = sum(crm.keys.values())
        wait_until(lambda: lane(connection).probes >= 2)
        assert crm.most_in_flight <= 1
        assert sum(crm.keys.values()) - probed_from <= 2
        crm.answer = Switch(201)
        wait_until(lambda: health(connection) == "healthy")
        wait_until(lambda: stage.statuses().get("pending", 0) == 0)
        assert crm.most_in_flight <= 4
    assert outages(stage).get().closed_at is not None
    assert (lane(connection).failures, lane(connection).opened_at) == (0, None)


@pytest.mark.usefixtures("short_pauses")
def test_refused_credential_is_not_probed_but_tried_when_a_person_asks(stage):
    with receiving() as crm, pumping():
        connection = open_breaker(stage, crm, status=401)
        wait_until(lambda: health(connection) == "misconfigured")
        asked = sum(crm.keys.values())
        time.sleep(1)
        assert sum(crm.keys.values()) == asked

        resume_connection(**who(stage, connection))  # and nothing was mended
        wait_until(lambda: sum(crm.keys.values()) == asked + 1)
        wait_until(lambda: lane(connection).probe_at is None)
        time.sleep(0.5)
        assert sum(crm.keys.values()) == asked + 1
        assert health(connection) == "misconfigured"

        crm.answer = Switch(201)
        resume_connection(**who(stage, connection))
        wait_until(lambda: stage.statuses() == {"delivered": 40})
    assert health(connection) == "healthy"
    assert outages(stage).count() == 1


def test_one_success_among_failures_keeps_it_closed(stage):
    stage.connection(NOWHERE, concurrency=100)
    stage.accept(*(f"tx-{number}" for number in range(30)))
    claimed = claim().deliveries
    wait = {"status": "retrying", "next_attempt_at": now() + timedelta(hours=1)}
    failed = {"finished_at": None, "evidence": breaker.Evidence.FAILURE} | wait
    settle(*(result_of(one, **failed) for one in claimed[:9]))
    settle(*(result_of(one) for one in claimed[9:10]))
    settle(*(result_of(one, **failed) for one in claimed[10:19]))
    assert Lane.objects.get().failures == 9


FAILED = (breaker.Evidence.FAILURE, 503)
REFUSED = (breaker.Evidence.HOLD, 401)


@pytest.mark.parametrize(
    ("batches", "holds"),
    [
        ([[FAILED, REFUSED], [REFUSED]], 2),
        ([[REFUSED, REFUSED], [FAILED, REFUSED]], 1),
        ([[REFUSED], [FAILED]], 0),
    ],
)
def test_refusals_in_a_row_are_counted_from_settle_to_settle(stage, batches, holds):
    stage.connection(NOWHERE, concurrency=100)
    stage.accept(*(f"tx-{number}" for number in range(4)))
    claimed = iter(claim().deliveries)
    wait = {"status": "retrying", "next_attempt_at": now(), "finished_at": None}
    for batch in batches:
        settle(
            *(
                result_of(next(claimed), evidence=evidence, response_status=status, **wait)
                for evidence, status in batch
            )
        )
    lane = Lane.objects.get()
    assert (lane.failures, lane.holds) == (sum(map(len, batches)), holds)


@pytest.mark.usefixtures("short_pauses")
def test_failing_endpoint_that_comes_back_refusing_is_left_to_people(stage):
    with receiving() as crm, pumping():
        connection = open_breaker(stage, crm, status=503)
        wait_until(lambda: health(connection) == "failing")
        crm.answer = Switch(401)
        wait_until(lambda: health(connection) == "misconfigured")
        asked = sum(crm.keys.values())
        time.sleep(1)
        assert sum(crm.keys.values()) == asked
        crm.answer = Switch(503)
        resume_connection(**who(stage, connection))
        wait_until(lambda: health(connection) == "failing")
        crm.answer = Switch(201)
        wait_until(lambda: stage.statuses() == {"delivered": 40})
    assert outages(stage).count() == 1


def test_late_result_of_a_probe_that_was_lost_is_followed_by_another(stage):
    connection = stage.connection(NOWHERE, timeout_seconds=1)
    stage.accept("tx-1", "tx-2")
    moment = now()
    Lane.objects.update(failures=OPENS, opened_at=moment, probe_at=moment)
    assert len(claim(at=moment).deliveries) == 1
    assert lane(connection).probes == 1
    soon = moment + timedelta(seconds=3)
    assert claim(at=soon).deliveries == []
    assert claim(at=soon).next_ready_at is None


def test_review_that_was_lost_is_made_up_for_by_the_sweep(stage):
    connection = stage.connection(NOWHERE, concurrency=100)
    stage.accept(*(f"tx-{number}" for number in range(OPENS + 10)))
    claimed = claim(room=OPENS).deliveries
    failed = {"status": "retrying", "next_attempt_at": now(), "finished_at": None}
    settle(*(result_of(one, evidence=breaker.Evidence.FAILURE, **failed) for one in claimed))
    assert claim().deliveries == []
    assert health(connection) == "healthy"
    sweep(now=now())
    assert health(connection) == "failing"
    assert claim().deliveries == []
    assert len(claim(at=now() + timedelta(minutes=1)).deliveries) == 1


def test_pause_holds_a_failing_connection_and_resume_tries_it(stage):
    with receiving() as crm:
        connection = open_breaker(stage, crm, status=503)
        pump()
        pause_connection(**who(stage, connection))
        Lane.objects.update(probe_at=now())
        crm.answer = Switch(201)
        pump()
        assert stage.statuses().get("delivered", 0) == 0
        resume_connection(**who(stage, connection))
        pump()
    assert stage.statuses() == {"delivered": 40}


def test_deleted_connection_ends_its_outage_and_nobody_is_told(stage):
    with receiving() as crm:
        connection = open_breaker(stage, crm, status=401)
        pump()
    archive_connection(**who(stage, connection))
    outage = outages(stage).get()
    assert None not in (outage.closed_at, outage.told_opened_at, outage.told_closed_at)
    assert set(stage.statuses()) == {"cancelled"}


def test_request_that_cannot_be_built_says_nothing_of_the_endpoint(stage):
    with receiving() as crm:
        connection = stage.connection(crm)
        config = connection.head_version.document
        config = config.model_copy(update={"required_attributes": ("last_name",)})
        change_connection(config=config, **who(stage, connection))
        activate_connection(override="a test", **who(stage, connection))
        stage.accept(*(f"tx-{number}" for number in range(OPENS + 5)))
        pump()
    assert stage.statuses() == {"failed": OPENS + 5}
    assert health(connection) == "healthy"


def test_receiver_that_asks_for_time_is_not_broken(stage):
    with receiving(answer=answer(429, **{"Retry-After": "60"})) as crm:
        connection = stage.connection(crm)
        stage.accept(*(f"tx-{number}" for number in range(OPENS + 5)))
        pump()
    assert health(connection) == "healthy"
    assert lane(connection).failures == 0


def test_breaker_that_nobody_reviewed_after_another_kind_of_failure_is_probed(stage):
    connection = stage.connection(NOWHERE)
    stage.accept("tx-1")
    refused = {"failures": OPENS + 1, "holds": 0, "opened_at": now(), "probe_at": None}
    Lane.objects.filter(connection=connection).update(**refused)
    sweep(now=now())
    assert lane(connection).probe_at > now()


def test_result_of_a_lost_lease_is_not_counted(stage):
    connection = stage.connection(NOWHERE)
    stage.accept("tx-1")
    [lost] = claim().deliveries
    sweep(now=now() + timedelta(hours=1))
    claim()
    settle(result_of(lost, evidence=breaker.Evidence.FAILURE))
    assert lane(connection).failures == 0
