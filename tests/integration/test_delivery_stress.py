"""POSTs, claims and settles at the same moment: all arrives, in time, and no sweep is needed."""

import asyncio
import random
import threading
import time
from datetime import timedelta

import psycopg
import pytest
from django.db import connection as database

from delivery import queue
from delivery.breaker import Evidence
from delivery.models import FINAL, Attempt
from delivery.pump_house import _connection_arguments
from tests.delivery_stage import now, set_stage
from tests.integration.test_delivery_engine import NOWHERE, result_of

CLAIMERS = 2
POSTERS = 4
POSTS_EACH = 40
CONCURRENCY = 3
# A busy machine is slow; what nobody rings for would wait for ever, since nothing sweeps.
LONGEST_SECONDS = 20

pytestmark = pytest.mark.alone


@pytest.fixture
def stage(transactional_db):
    return set_stage()


async def work(seed, is_done):
    """Claim and settle as a pump does: look again when rung, or when a claim said it is worth it.

    Between a claim and its settle others do theirs.
    """
    chance = random.Random(seed)
    most = 0
    async with await psycopg.AsyncConnection.connect(**_connection_arguments()) as engine:
        waits = False
        while not is_done():
            room = chance.randint(1, 8)
            claimed = await queue.claim(engine, room=room, now=now(), waits=waits)
            waits = claimed.has_passed_over and not waits
            await asyncio.sleep(chance.random() * 0.01)
            if unsent := [one for one in claimed.deliveries if chance.random() < 0.1]:
                await queue.give_back(engine, unsent=unsent, now=now())
            results = [answered(one, chance) for one in claimed.deliveries if one not in unsent]
            if results:
                await queue.settle(engine, results=results, now=now())
            most = max(most, len(claimed.deliveries))
    return most


def answered(claimed, chance):
    number = claimed.attempt_count + 1
    if chance.random() < 0.7 or number > 3:
        return result_of(claimed, number=number)
    soon = now() + timedelta(seconds=chance.random() * 0.1)
    retry = {"status": "retrying", "next_attempt_at": soon, "finished_at": None}
    return result_of(claimed, number=number, evidence=Evidence.NONE, **retry)


def test_all_arrives_while_everybody_works_at_once(stage):
    connections = [stage.connection(NOWHERE, concurrency=CONCURRENCY) for _ in range(3)]
    total = POSTERS * POSTS_EACH * len(connections)
    done = threading.Event()
    failed = []

    def run(do):
        try:
            do()
        except Exception as error:  # noqa: BLE001  whatever ends a thread is to be seen
            failed.append(error)
        finally:
            database.close()

    def post(name):
        for number in range(POSTS_EACH):
            stage.accept(f"{name}-{number}")

    def claim(seed):
        asyncio.run(work(seed, done.is_set))

    workers = [threading.Thread(target=run, args=[lambda n=n: claim(n)]) for n in range(CLAIMERS)]
    posters = [threading.Thread(target=run, args=[lambda n=n: post(n)]) for n in range(POSTERS)]
    for thread in (*workers, *posters):
        thread.start()
    most_leased = 0
    deadline = time.monotonic() + LONGEST_SECONDS
    try:
        while stage.deliveries(status__in=FINAL).count() < total and time.monotonic() < deadline:
            for connection in connections:
                leased = stage.deliveries(connection=connection, lease_expires_at__isnull=False)
                most_leased = max(most_leased, leased.count())
            time.sleep(0.02)
    finally:
        done.set()
        for thread in (*workers, *posters):
            thread.join()
    assert failed == []
    assert stage.statuses() == {"delivered": total}, "something waits that nobody rang for"
    assert most_leased == CONCURRENCY
    waits = [first - made for made, first in times(stage)]
    assert max(waits) < timedelta(seconds=LONGEST_SECONDS / 2), f"{max(waits)} waited for a claim"
    attempts = Attempt.objects.for_account(stage.cast.account)
    made = stage.deliveries().values_list("attempt_count", flat=True)
    assert attempts.count() == sum(made)


def times(stage):
    """When each was made, and first claimed for the attempt that counts."""
    return stage.deliveries().values_list("created_at", "first_attempt_at")
