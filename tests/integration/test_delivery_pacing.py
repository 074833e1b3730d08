"""The rate limit counts requests: also the one that follows a refused access token."""

import asyncio
import json
import math
import time
from contextlib import contextmanager
from itertools import pairwise

import pytest
from psycopg_pool import AsyncConnectionPool

from connections.services import activate_connection, change_connection
from delivery.models import Lane
from delivery.pacing import SlotMissedError
from delivery.pump_house import _connection_arguments
from delivery.queue import take_slot
from tests.delivery_stage import (
    answer,
    busiest_second,
    now,
    pumping,
    receiving,
    set_stage,
    wait_until,
)
from tests.integration.test_delivery_engine import claim
from tests.loopback import listening

pytestmark = pytest.mark.alone


@pytest.fixture
def stage(transactional_db):
    return set_stage()


@contextmanager
def token_address(*, seconds=0.0):
    """Give the authorization of a connection that fetches its tokens here."""

    def token(_heard):
        time.sleep(seconds)
        return 200, {}, json.dumps({"access_token": "a-token", "expires_in": 3600})

    with listening([token]) as (url,):
        yield {
            "type": "oauth2_client_credentials",
            "token_url": f"{url}/token",
            "client_id": "",
            "client_secret": "",
        }


def refuse_first(number):
    return answer(401 if number == 1 else 201)(number)


def test_request_with_a_renewed_token_counts_against_the_limit(stage):
    with token_address() as authorization, receiving(answer=refuse_first) as crm:
        stage.connection(crm, authorization=authorization, rate_per_second=10, concurrency=50)
        stage.accept(*(f"tx-{number}" for number in range(15)))
        with pumping(2):
            wait_until(lambda: stage.statuses() == {"delivered": 15}, seconds=20)
    assert set(crm.keys.values()) == {2}
    assert set(stage.deliveries().values_list("attempt_count", flat=True)) == {1}
    assert busiest_second(crm) <= 10


def test_requests_that_waited_for_a_token_do_not_leave_at_once(stage):
    with token_address(seconds=1) as authorization, receiving() as crm:
        stage.connection(crm, authorization=authorization, rate_per_second=10, concurrency=50)
        stage.accept(*(f"tx-{number}" for number in range(25)))
        with pumping():
            wait_until(lambda: stage.statuses() == {"delivered": 25}, seconds=20)
    assert set(crm.keys.values()) == {1}
    assert busiest_second(crm) <= 10


def test_refusal_stands_where_no_other_request_may_leave_in_time(stage):
    with token_address() as authorization, receiving(answer=refuse_first) as crm:
        stage.connection(crm, authorization=authorization, rate_per_second=0.5, timeout_seconds=2)
        stage.accept("tx-1")
        with pumping():
            wait_until(lambda: stage.statuses() == {"retrying": 1})
            assert list(crm.keys.values()) == [1]
            wait_until(lambda: stage.statuses() == {"delivered": 1}, seconds=20)
    assert stage.deliveries().get().attempt_count == 2


def slots_of(connection, *, count=1, patience_seconds=100):
    """Take so many, all at once."""

    async def take_them():
        async with AsyncConnectionPool(
            kwargs=_connection_arguments(), min_size=1, max_size=3
        ) as pool:

            async def take():
                async with pool.connection() as database:
                    return await take_slot(
                        database, connection_id=connection.id, patience_seconds=patience_seconds
                    )

            return await asyncio.gather(*(take() for _ in range(count)))

    return asyncio.run(take_them())


def test_slots_that_are_asked_for_at_once_are_as_far_apart_as_those_of_claims(stage):
    connection = stage.connection("http://127.0.0.1:9", rate_per_second=5)
    stage.accept("tx-1")
    asked_at = time.monotonic()
    [claimed] = claim().deliveries
    moments = sorted(slot.at for slot in slots_of(connection, count=20))
    pauses = [
        later - one for one, later in pairwise([asked_at + claimed.slot_in_seconds, *moments])
    ]
    assert min(pauses) > 0.21 - 0.05  # an answer takes its time
    assert sum(pauses) == pytest.approx(20 * 0.21, abs=0.05)


def test_slot_that_begins_too_late_is_left_to_others(stage):
    connection = stage.connection("http://127.0.0.1:9", rate_per_second=0.1)
    stage.accept("tx-1")
    claim()
    before = Lane.objects.get().last_slot_at
    with pytest.raises(SlotMissedError):
        slots_of(connection, patience_seconds=10)
    assert Lane.objects.get().last_slot_at == before
    slots_of(connection, patience_seconds=11)
    assert Lane.objects.get().last_slot_at > before


def test_limit_that_was_lifted_lets_go_at_once(stage):
    connection = stage.connection("http://127.0.0.1:9", rate_per_second=0.1)
    stage.accept("tx-1")
    claim()
    who = {"account": stage.cast.account, "actor": stage.cast.actor, "now": now()}
    config = connection.head_version.document
    policy = config.delivery.model_copy(update={"rate_per_second": None})
    config = config.model_copy(update={"delivery": policy})
    change_connection(connection_id=connection.id, config=config, **who)
    activate_connection(connection_id=connection.id, override="no limit", **who)
    [slot] = slots_of(connection, patience_seconds=1)
    assert slot.at <= time.monotonic()
    assert slot.lasts_seconds == math.inf
