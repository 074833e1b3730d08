"""The engine on real servers: what it claims, sends and settles, and what it leaves alone."""

import asyncio
import threading
import time
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import psycopg
import pytest
import redis
from django.db import connection as database
from uuid_utils.compat import uuid7

from accounts.errors import ResolveConflict
from campaigns.services import unlink_campaign
from connections.services import (
    activate_connection,
    archive_connection,
    change_connection,
    pause_connection,
    resume_connection,
    set_secret,
)
from delivery import doorbell, queue
from delivery.breaker import Evidence
from delivery.clock import Clock
from delivery.models import Attempt, Lane
from delivery.pump_house import PumpHouse, _connection_arguments
from delivery.queue import claims, repair
from delivery.sealing import open_attempt
from delivery.services import cancel_delivery
from delivery.settler import Settler
from delivery.sweep import sweep
from tests.delivery_stage import answer, now, pump, pumping, receiving, set_stage, wait_until

NOWHERE = "http://127.0.0.1:9"
COMPANY = timedelta(seconds=queue.COMPANY_SECONDS)


@pytest.fixture
def stage(transactional_db):
    return set_stage()


def who(stage, connection=None):
    given = {"account": stage.cast.account, "actor": stage.cast.actor, "now": now()}
    return given | ({"connection_id": connection.id} if connection else {})


def claim(*, room=64, at=None, **how):
    """Claim as a pump does, and leave it at that."""

    async def once():
        async with await psycopg.AsyncConnection.connect(**_connection_arguments()) as connection:
            return await queue.claim(connection, room=room, now=at or now(), **how)

    return asyncio.run(once())


def settle(*results):
    async def once():
        async with await psycopg.AsyncConnection.connect(**_connection_arguments()) as connection:
            return await queue.settle(connection, results=results, now=now())

    return asyncio.run(once())


def result_of(claimed, **changes):
    given = {
        "id": claimed.id,
        "fence": claimed.fence,
        "connection_id": claimed.connection_id,
        "evidence": Evidence.SUCCESS,
        "status": "delivered",
        "reason": "",
        "rule": None,
        "captures": "{}",
        "next_attempt_at": None,
        "finished_at": now(),
        "first_attempt_at": claimed.first_attempt_at,
        "attempt_id": uuid7(),
        "number": 1,
        "version_id": claimed.version_id,
        "started_at": now(),
        "duration_ms": 1.0,
        "response_status": 201,
        "outcome": "delivered",
        "error_code": "",
        "unmatched_shape": None,
        "record_sealed": b"sealed",
    }
    return queue.Settled(**(given | changes))


def test_referral_of_a_linked_campaign_is_delivered_with_its_attempt(stage):
    with receiving() as crm:
        stage.connection(crm)
        [accepted] = stage.accept("tx-1")
        pump()
    delivery = stage.deliveries().get()
    assert (delivery.status, delivery.rule, delivery.attempt_count) == ("delivered", "Success", 1)
    assert (delivery.lease_expires_at, delivery.fence) == (None, None)
    assert crm.bodies == {str(accepted.deliveries[0]): '{"email": "tx-1@example.com"}'}
    attempt = delivery.attempts.get()
    assert (attempt.number, attempt.response_status, attempt.outcome) == (1, 201, "delivered")
    record = open_attempt(stage.cast.account.vault, bytes(attempt.record_sealed))
    assert record["request"]["body"] == '{"email": "tx-1@example.com"}'
    assert record["response"]["body"] == '{"id": "crm-1"}'
    assert record["version"] == 1


@pytest.mark.alone
def test_bell_wakes_a_resting_pump_at_once(stage):
    with receiving() as crm, pumping():
        stage.connection(crm)
        stage.accept("warm")
        wait_until(lambda: stage.statuses() == {"delivered": 1})
        time.sleep(0.3)  # the pump rests now, for up to a second
        started = time.monotonic()
        [accepted] = stage.accept("tx-1")
        key = str(accepted.deliveries[0])
        wait_until(lambda: key in crm.times)
        assert crm.times[key][0] - started < 0.3


def test_bell_that_nobody_hears_queues_one_pump_however_often_it_rings(stage, settings):
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        client.delete(doorbell.BELL, doorbell.LISTENING, doorbell.QUEUE)
        for _ in range(3):
            doorbell.ring()
            doorbell.keep_a_pump_queued()
        assert (client.llen(doorbell.BELL), client.llen(doorbell.QUEUE)) == (1, 1)
        client.delete(doorbell.QUEUE)


@pytest.mark.alone
def test_redis_away_is_noticed_by_looking(stage, settings, tmp_path):
    settings.REDIS_URL = f"unix://{tmp_path}/nobody.sock"
    doorbell._redis.cache_clear()
    try:
        with receiving() as crm, pumping():
            stage.connection(crm)
            stage.accept("warm")
            wait_until(lambda: stage.statuses() == {"delivered": 1})
            started = time.monotonic()
            stage.accept("tx-1")
            wait_until(lambda: stage.statuses() == {"delivered": 2})
            assert time.monotonic() - started < 1
    finally:
        doorbell._redis.cache_clear()


def test_request_that_cannot_be_built_fails_with_an_attempt_and_no_request(stage):
    with receiving() as crm:
        connection = stage.connection(crm)
        change_connection(config=_requiring("last_name", connection), **who(stage, connection))
        activate_connection(override="the second version", **who(stage, connection))
        stage.accept("tx-1")
        pump()
    delivery = stage.deliveries().get()
    assert (delivery.status, delivery.attempt_count) == ("failed", 1)
    assert "last_name" in delivery.reason
    assert crm.keys == Counter()
    attempt = delivery.attempts.get()
    assert (attempt.response_status, attempt.error_code) == (None, "required_attribute_missing")


def _requiring(name, connection):
    config = connection.head_version.document
    return config.model_copy(update={"required_attributes": (name,)})


def test_new_secret_is_used_by_a_running_pump(stage):
    seen = []

    with receiving() as crm, pumping():
        connection = stage.connection(crm)
        config = connection.head_version.document
        secret = {"name": "X-Key", "value": {"secret": "crm_key"}}
        config = type(config).model_validate(config.model_dump(mode="json") | {"headers": [secret]})
        change_connection(
            config=config, secret_values={"crm_key": "first-secret"}, **who(stage, connection)
        )
        activate_connection(override="with a secret", **who(stage, connection))
        crm.on_request = lambda request: seen.append(request.headers["X-Key"])
        stage.accept("tx-1")
        wait_until(lambda: stage.statuses() == {"delivered": 1})
        set_secret(name="crm_key", value="second-secret", **who(stage, connection))
        stage.accept("tx-2")
        wait_until(lambda: stage.statuses() == {"delivered": 2})
    assert seen == ["first-secret", "second-secret"]
    for attempt in Attempt.objects.for_account(stage.cast.account):
        record = open_attempt(stage.cast.account.vault, bytes(attempt.record_sealed))
        assert "first-secret" not in str(record)
        assert ["X-Key", "••••"] in record["request"]["headers"]


def test_retry_after_is_waited_for_and_then_delivered(stage):
    def busy_once(number):
        return answer(503, **{"Retry-After": "1"})(number) if number == 1 else answer(201)(number)

    with receiving(answer=busy_once) as crm, pumping():
        stage.connection(crm)
        stage.accept("tx-1")
        wait_until(lambda: stage.statuses() == {"retrying": 1})
        delivery = stage.deliveries().get()
        assert delivery.reason.endswith("It will be sent again.")
        wait_until(lambda: stage.statuses() == {"delivered": 1})
    [(first, second)] = crm.times.values()
    assert 1.0 <= second - first < 7.0  # the backoff may be longer
    assert list(stage.deliveries().get().attempts.values_list("number", flat=True)) == [1, 2]


def test_no_answer_is_set_aside_where_timeouts_are_not_retried(stage):
    with receiving(seconds=3) as crm:
        stage.connection(crm, timeout_seconds=1, retry_on_timeout=False)
        stage.accept("tx-1")
        pump()
    delivery = stage.deliveries().get()
    assert delivery.status == "failed"
    assert delivery.reason.startswith("Outcome unknown")


def test_concurrency_is_never_exceeded_by_two_pumps(stage):
    with receiving(seconds=0.05) as crm:
        stage.connection(crm, concurrency=3)
        stage.accept(*(f"tx-{number}" for number in range(60)))
        with pumping(2):
            wait_until(lambda: stage.statuses() == {"delivered": 60}, seconds=20)
    assert crm.most_in_flight == 3
    assert set(crm.keys.values()) == {1}


@pytest.mark.alone
def test_hanging_endpoint_does_not_delay_another(stage):
    with receiving(seconds=20) as dead, receiving() as well:
        stage.connection(dead, timeout_seconds=3)
        stage.accept(*(f"dead-{number}" for number in range(500)))
        healthy = stage.connection(well)
        with pumping(capacity=16):
            wait_until(lambda: dead.in_flight == 8)
            started = time.monotonic()
            stage.accept("tx-1")
            wait_until(lambda: stage.statuses(connection=healthy) == {"delivered": 1})
            assert time.monotonic() - started < 1
            assert dead.in_flight == 8


def test_full_lane_leaves_room_for_others(stage):
    slow, quick = stage.connection(NOWHERE, concurrency=2), stage.connection(NOWHERE)
    stage.accept(*(f"tx-{number}" for number in range(10)))
    claims = [claim(room=4) for _ in range(5)]
    per_claim = [Counter(one.connection_id for one in each.deliveries) for each in claims]
    assert per_claim[0] == {slow.id: 2, quick.id: 2}
    taken = sum(per_claim, Counter())
    assert taken == {slow.id: 2, quick.id: 8}


def test_longest_unserved_lane_comes_first(stage):
    connections = [stage.connection(NOWHERE, concurrency=50) for _ in range(3)]
    stage.accept(*(f"tx-{number}" for number in range(20)))
    served = [claim(room=1).deliveries[0].connection_id for _ in range(6)]
    assert served[:3] == served[3:]
    assert set(served) == {connection.id for connection in connections}


def test_paused_connection_is_not_claimed_until_resumed(stage):
    connection = stage.connection(NOWHERE)
    pause_connection(**who(stage, connection))
    stage.accept("tx-1")
    assert claim().deliveries == []
    resume_connection(**who(stage, connection))
    assert len(claim().deliveries) == 1


def test_claim_is_told_when_to_look_again(stage):
    stage.connection(NOWHERE)
    stage.accept("tx-1")
    later = now() + timedelta(minutes=5)
    [claimed] = claim().deliveries
    settle(result_of(claimed, status="retrying", next_attempt_at=later, finished_at=None))
    looked = claim()
    assert (looked.deliveries, looked.next_ready_at) == ([], later)
    assert len(claim(at=later).deliveries) == 1


def test_late_settle_of_a_stalled_worker_writes_nothing(stage):
    stage.connection(NOWHERE)
    stage.accept("tx-1")
    [stalled] = claim().deliveries
    much_later = now() + timedelta(minutes=5)
    queue.release_expired(now=much_later)
    [newer] = claim(at=much_later).deliveries
    assert (newer.id, newer.fence != stalled.fence) == (stalled.id, True)

    settle(result_of(stalled, status="rejected"))
    assert stage.statuses() == {"pending": 1}
    assert not Attempt.objects.for_account(stage.cast.account).exists()
    settle(result_of(newer))
    assert stage.statuses() == {"delivered": 1}
    settle(result_of(stalled, status="rejected"))
    assert stage.statuses() == {"delivered": 1}
    assert Attempt.objects.for_account(stage.cast.account).count() == 1


def test_lease_that_expires_is_claimed_again_and_the_third_is_poison(stage):
    stage.connection(NOWHERE)
    stage.accept("tx-1")
    moment = now()
    for expiries in (1, 2):
        assert len(claim(at=moment).deliveries) == 1
        assert claim(at=moment).deliveries == []
        moment += timedelta(minutes=5)
        queue.release_expired(now=moment)
        delivery = stage.deliveries().get()
        assert (delivery.status, delivery.lease_expiries) == ("pending", expiries)
        assert delivery.reason == repair.INTERRUPTED
    claim(at=moment)
    queue.release_expired(now=moment + timedelta(minutes=5))
    delivery = stage.deliveries().get()
    assert delivery.status == "failed"
    assert delivery.reason.startswith("poison: ")
    assert claim(at=moment + timedelta(days=1)).deliveries == []


def test_workers_write_first_when_postgresql_comes_back(stage):
    stage.connection(NOWHERE)
    stage.accept("tx-1")
    [claimed] = claim().deliveries
    with database.cursor() as cursor:
        cursor.execute("SELECT pg_postmaster_start_time()")
        [came_back_at] = cursor.fetchone()
    stage.deliveries().update(lease_expires_at=came_back_at - timedelta(minutes=1))
    queue.release_expired(now=came_back_at + timedelta(seconds=4))
    assert stage.deliveries(fence=claimed.fence).exists()
    queue.release_expired(now=came_back_at + timedelta(seconds=6))
    assert not stage.deliveries(fence=claimed.fence).exists()


def test_lease_outlasts_the_exchange(stage):
    stage.connection(NOWHERE, timeout_seconds=30)
    stage.accept("tx-1")
    [claimed] = claim().deliveries
    queue.release_expired(now=now() + timedelta(seconds=60))
    settle(result_of(claimed))
    assert stage.statuses() == {"delivered": 1}


def test_unlinking_cancels_what_waits_but_not_what_is_being_sent(stage):
    connection = stage.connection(NOWHERE, concurrency=2)
    stage.accept(*(f"tx-{number}" for number in range(5)))
    sent, asks_again = claim().deliveries
    unlink_campaign(campaign_id=stage.campaign.id, **who(stage, connection))
    assert stage.statuses() == {"pending": 2, "cancelled": 3}
    assert set(stage.deliveries(status="cancelled").values_list("reason", flat=True)) == {
        queue.UNLINKED
    }
    settle(
        result_of(sent),
        result_of(asks_again, status="retrying", next_attempt_at=now(), finished_at=None),
    )
    assert claim().deliveries == []
    assert stage.statuses() == {"delivered": 1, "cancelled": 4}


def test_archiving_cancels_what_waits_and_the_sweep_what_came_late(stage):
    connection = stage.connection(NOWHERE, concurrency=1)
    stage.accept("tx-1", "tx-2")
    [claimed] = claim().deliveries
    archive_connection(**who(stage, connection))
    assert stage.statuses() == {"pending": 1, "cancelled": 1}
    settle(result_of(claimed, status="retrying", next_attempt_at=now(), finished_at=None))
    sweep(now=now())
    assert stage.statuses() == {"cancelled": 2}
    assert set(stage.deliveries().values_list("reason", flat=True)) == {queue.ARCHIVED}


def test_cancelled_delivery_is_never_claimed(stage):
    stage.connection(NOWHERE)
    [accepted] = stage.accept("tx-1")
    cancel_delivery(delivery_id=accepted.deliveries[0], **who(stage))
    assert claim().deliveries == []
    delivery = stage.deliveries().get()
    assert (delivery.status, delivery.reason) == (
        "cancelled",
        f"Cancelled by {stage.cast.manager.name}.",
    )


@pytest.mark.parametrize("finish", [True, False])
def test_cancel_what_is_being_sent_or_finished_is_refused(stage, finish):
    stage.connection(NOWHERE)
    [accepted] = stage.accept("tx-1")
    [claimed] = claim().deliveries
    if finish:
        settle(result_of(claimed))
    with pytest.raises(ResolveConflict):
        cancel_delivery(delivery_id=accepted.deliveries[0], **who(stage))


def test_sweep_finds_what_nobody_rang_for(stage):
    connection = stage.connection(NOWHERE)
    stage.accept("tx-1")
    Lane.objects.update(ready_at=None)
    assert claim().deliveries == []
    sweep(now=now())
    assert len(claim().deliveries) == 1
    assert Lane.objects.get(connection=connection).ready_at is None


def test_sweep_leaves_full_lanes_alone(stage):
    connection = stage.connection(NOWHERE, concurrency=1)
    stage.accept("tx-1", "tx-2")
    [claimed] = claim().deliveries
    assert queue.ring_forgotten_lanes(now=now()) == 0
    assert lane_of(connection) == (None, True)
    stage.deliveries(id=claimed.id).update(lease_expires_at=None)
    assert queue.ring_forgotten_lanes(now=now()) == 1


def test_sweep_never_waits_for_a_settle_that_waits_for_it(stage, monkeypatch):
    """It frees a lease of the later lane, then rings the earlier one, as a settle of both does."""
    early, late = sorted((stage.connection(NOWHERE) for _ in range(2)), key=lambda one: one.id)
    stage.accept("tx-1", "tx-2")
    held = claim().deliveries
    forgotten, expired = (
        next(one for one in held if one.connection_id == connection.id)
        for connection in (early, late)
    )
    given = {"lease_expires_at": None, "fence": None}
    stage.deliveries(id=forgotten.id).update(**given)
    stage.deliveries(id=expired.id).update(lease_expires_at=now() - timedelta(minutes=9))
    others = [one for one in held if one not in (forgotten, expired)]
    thread = threading.Thread(target=settle, args=[result_of(one) for one in others])
    ring = queue.ring_forgotten_lanes

    def ring_while_a_settle_waits(**how):
        thread.start()
        thread.join(timeout=1)
        return ring(**how)

    monkeypatch.setattr(queue, "ring_forgotten_lanes", ring_while_a_settle_waits)
    sweep(now=now())
    thread.join()
    assert stage.statuses() == {"delivered": 2, "pending": 2}


def lane_of(connection):
    lane = Lane.objects.get(connection=connection)
    return lane.ready_at, lane.is_full


def test_settle_rings_a_lane_only_where_a_slot_was_waited_for(stage):
    connection = stage.connection(NOWHERE, concurrency=2)
    stage.accept("tx-1", "tx-2", "tx-3")
    first, second = claim().deliveries
    assert lane_of(connection) == (None, True)
    assert settle(result_of(first)).has_rung
    [third] = claim().deliveries
    assert lane_of(connection) == (None, True)
    assert settle(result_of(second), result_of(third)).has_rung
    assert claim().deliveries == []
    stage.accept("tx-4")
    [fourth] = claim(at=now() + COMPANY).deliveries
    assert not settle(result_of(fourth)).has_rung
    assert lane_of(connection) == (None, False)


def test_settle_rings_for_the_time_of_a_retry(stage):
    connection = stage.connection(NOWHERE)
    stage.accept("tx-1")
    [claimed] = claim().deliveries
    later = now() + timedelta(minutes=5)
    retrying = {"status": "retrying", "next_attempt_at": later, "finished_at": None}
    assert settle(result_of(claimed, **retrying)).has_rung
    assert lane_of(connection) == (later, False)


def test_full_lane_is_not_rung_by_what_comes_in(stage):
    connection = stage.connection(NOWHERE, concurrency=1)
    stage.accept("tx-1")
    [claimed] = claim().deliveries
    stage.accept("tx-2")
    assert lane_of(connection) == (None, True)
    settle(result_of(claimed))
    assert [one.external_id for one in claim().deliveries] == ["tx-2"]


def test_result_that_postgresql_refuses_does_not_spoil_its_batch(stage):
    stage.connection(NOWHERE)
    stage.accept("tx-1", "tx-2", "tx-3")
    results = [result_of(claimed) for claimed in claim().deliveries]
    results[1] = replace(results[1], number=2**40)
    written = []

    async def write():
        house = await PumpHouse.open()
        done = asyncio.Event()
        settler = Settler(
            house.pool,
            clock=Clock(),
            on_written=lambda count: written.append(count) or done.set(),
            on_rung=lambda: None,
        )
        for result in results:
            settler.add(result)
        running = asyncio.create_task(settler.run())
        await done.wait()
        running.cancel()
        await house.close()

    asyncio.run(write())
    assert written == [3]
    assert stage.statuses() == {"delivered": 2, "pending": 1}


def test_pump_ends_though_redis_py_swallows_a_cancellation(stage, monkeypatch):
    swallowed = []

    async def listen(_self):
        while len(swallowed) < 2:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                swallowed.append("a cancellation")
        await asyncio.sleep(60)

    monkeypatch.setattr(doorbell.Listener, "run", listen)
    started = time.monotonic()
    pump(idle_seconds=0.1)
    assert (len(swallowed), time.monotonic() - started < 5) == (2, True)


def test_pump_that_is_stopped_without_postgresql_ends_and_leaves_the_lease(stage, monkeypatch):
    async def is_away(*_args, **_options):
        raise psycopg.OperationalError

    monkeypatch.setattr("delivery.settler.settle", is_away)
    monkeypatch.setattr("delivery.pump.STOP_SECONDS", 0.5)
    with receiving() as crm:
        stage.connection(crm)
        stage.accept("tx-1")
        pump(stop=lambda: bool(crm.keys))
    assert stage.deliveries(lease_expires_at__isnull=False).count() == 1


def test_pump_whose_settler_fails_ends_instead_of_waiting_for_ever(stage, monkeypatch):
    async def fails(*_args, **_options):
        raise ZeroDivisionError

    monkeypatch.setattr("delivery.settler.settle", fails)
    with receiving() as crm:
        stage.connection(crm)
        stage.accept("tx-1")
        with pytest.raises(ZeroDivisionError):
            pump()
    assert stage.deliveries(lease_expires_at__isnull=False).count() == 1


def test_claim_costs_the_same_however_much_waits_or_happened(stage):
    """Buffers that a claim of 64 touches, with 1,000 and with 50,000 deliveries waiting."""
    connection = stage.connection(NOWHERE, concurrency=512)

    def buffers(count):
        _fill(stage, connection, count)
        Lane.objects.update(ready_at=now())
        return _buffers_of_a_claim()

    few, many = buffers(1_000), buffers(49_000)
    assert many < few * 2


def _fill(stage, connection, count):
    with database.cursor() as cursor:
        cursor.execute(
            """
            WITH referral AS (
                INSERT INTO delivery_referral (id, account_id, campaign_id, external_id,
                    attributes_sealed, received_at)
                SELECT uuidv7(), %(account)s, %(campaign)s, gen_random_uuid()::text, '',
                    %(now)s
                FROM generate_series(1, %(count)s) RETURNING id
            )
            INSERT INTO delivery_delivery (id, account_id, referral_id, campaign_id, connection_id,
                status, reason, captures, attempt_count, lease_expiries, created_at,
                next_attempt_at)
            SELECT uuidv7(), %(account)s, id, %(campaign)s, %(connection)s, 'pending', '',
                '{}', 0, 0, %(now)s, %(now)s
            FROM referral
            """,
            {
                "account": stage.cast.account.id,
                "campaign": stage.campaign.id,
                "connection": connection.id,
                "now": now(),
                "count": count,
            },
        )


def _buffers_of_a_claim():
    parameters = queue.claim_parameters(room=64, now=now())
    with psycopg.connect(**_connection_arguments()) as connection:
        total = 0
        for statement in (claims._LOCK_LANES, claims._CLAIM, claims._SILENCE_LANES):
            plan = connection.execute(
                f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement}", parameters
            ).fetchone()[0][0]["Plan"]
            total += plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]
        connection.rollback()
    return total
