"""Whatever happens in whatever order, nothing that is due lies where nobody will look.

Each step is what the product does, one after the other, on the real PostgreSQL; no sweep rings for
what was forgotten. `HYPOTHESIS_EXAMPLES=1000` makes a longer run of what is 10 examples here.
"""

import asyncio
import os
from datetime import timedelta

import psycopg
import pytest
from django.db import connection as database
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from campaigns.services import create_campaign, link_campaign, unlink_campaign
from connections.services import (
    activate_connection,
    archive_connection,
    change_connection,
    pause_connection,
    resume_connection,
)
from delivery import outages, queue
from delivery.breaker import Evidence
from delivery.intake import ReferralIn, accept_referrals
from delivery.models import FINAL, Attempt
from delivery.pump_house import _connection_arguments
from delivery.services import cancel_delivery
from tests.delivery_stage import now, set_stage
from tests.integration.test_delivery_engine import NOWHERE, result_of

# Due, leased by nobody, and in a lane that no claim will look at and no settle will ring.
FORSAKEN = """
SELECT delivery.id, lane.ready_at, lane.is_full, lane.failures, leased.count
FROM delivery_delivery delivery
JOIN connections_connection connection ON connection.id = delivery.connection_id
LEFT JOIN delivery_lane lane ON lane.connection_id = delivery.connection_id
CROSS JOIN LATERAL (
    SELECT count(*) FROM delivery_delivery leased
    WHERE leased.connection_id = delivery.connection_id AND leased.lease_expires_at IS NOT NULL
) leased
WHERE delivery.status IN ('pending', 'retrying') AND delivery.lease_expires_at IS NULL
    AND delivery.next_attempt_at <= %(now)s AND connection.status = 'active'
    AND (lane.ready_at <= %(now)s + make_interval(secs => %(company)s)) IS NOT TRUE
    AND (lane.is_full AND leased.count > 0) IS NOT TRUE
"""

LEASED = "SELECT count(*) FROM delivery_delivery WHERE connection_id = %s AND lease_expires_at > %s"

OPERATIONS = ("pause", "resume", "resume", "unlink", "link", "link", "replace", "cancel")

which = st.integers(0, 1)
some = st.integers(1, 4)
evidence = st.sampled_from(
    [Evidence.SUCCESS, Evidence.SUCCESS, Evidence.FAILURE, Evidence.HOLD, Evidence.NONE]
)


class Engine(RuleBasedStateMachine):
    """Two connections fed by one campaign, and workers that are told what to do."""

    stage = None
    runner = None
    engine = None
    examples = 0

    def __init__(self):
        super().__init__()
        type(self).examples += 1
        self.later = timedelta()
        self.count = 0
        self.in_hand = []
        self.concurrency = {}
        self.campaign = create_campaign(
            name="Model", reference=f"model-{self.examples}", **self._who()
        )
        self.connections = [
            self.stage.connection(NOWHERE, linked=False, concurrency=3) for _ in range(2)
        ]
        for connection in self.connections:
            self.concurrency[connection.id] = 3
            self._link(connection)

    def teardown(self):
        for connection in self.connections:
            archive_connection(connection_id=connection.id, **self._who())
        queue.release_expired(now=self._now() + timedelta(hours=1))
        queue.cancel_archived(now=self._now())

    def _now(self):
        return now() + self.later

    def _who(self, connection=None):
        cast = self.stage.cast
        given = {"account": cast.account, "actor": cast.actor, "now": self._now()}
        return given | ({"connection_id": connection.id} if connection else {})

    def _link(self, connection):
        link_campaign(campaign_id=self.campaign.id, **self._who(connection))

    @rule(count=st.integers(1, 12))
    def post(self, count):
        numbers = range(self.count, self.count + count)
        self.count += count
        items = [ReferralIn(self.campaign.reference, f"tx-{n}", {"age": 36}) for n in numbers]
        accept_referrals(account=self.stage.cast.account, items=items, now=self._now())

    @rule(room=st.integers(1, 20), waits=st.booleans())
    def claim(self, room, waits):
        claimed = self._run(queue.claim(self.engine, room=room, now=self._now(), waits=waits))
        assert len(claimed.deliveries) <= room
        self.in_hand += claimed.deliveries
        for connection in self.connections:
            taken = sum(one.connection_id == connection.id for one in claimed.deliveries)
            if taken:  # what was leased before a change may be more
                assert self._leased(connection) <= self.concurrency[connection.id]

    @rule(
        count=some,
        evidence=evidence,
        is_final=st.booleans(),
        seconds=st.sampled_from([0, 10, 100]),
        has_review=st.booleans(),
    )
    def settle(self, count, evidence, is_final, seconds, has_review):
        settled = self._some(count)
        final = {"status": "delivered"}
        soon = self._now() + timedelta(seconds=seconds)
        retry = {"status": "retrying", "next_attempt_at": soon, "finished_at": None}
        results = [
            result_of(
                one,
                number=one.attempt_count + 1,
                evidence=evidence,
                **(final if is_final or evidence is Evidence.SUCCESS else retry),
            )
            for one in settled
        ]
        if results:
            after = self._run(queue.settle(self.engine, results=results, now=self._now()))
            if after.troubled and has_review:
                outages.review(after.troubled, now=self._now())

    @rule(count=some)
    def give_back(self, count):
        if unsent := self._some(count):
            self._run(queue.give_back(self.engine, unsent=unsent, now=self._now()))

    @rule(seconds=st.sampled_from([0.1, 5, 20, 120]))
    def time_passes(self, seconds):
        """Leases run out, retries are due; the workers go on with what they hold."""
        self.later += timedelta(seconds=seconds)
        queue.release_expired(now=self._now())
        outages.review_forgotten(now=self._now())

    @rule(at=which, what=st.sampled_from(OPERATIONS))
    def operate(self, at, what):
        """Do one of what people do now and then: work goes on in most steps."""
        getattr(self, what)(at)

    def pause(self, at):
        pause_connection(**self._who(self.connections[at]))

    def resume(self, at):
        resume_connection(**self._who(self.connections[at]))

    @rule(
        at=which,
        concurrency=st.sampled_from([1, 3, 8]),
        rate=st.sampled_from([None, None, 0.01, 20]),
    )
    def change(self, at, concurrency, rate):
        connection = self.connections[at]
        config = type(connection).objects.for_account(connection.account).get(id=connection.id)
        config = config.head_version.document
        update = {"concurrency": concurrency, "rate_per_second": rate}
        policy = config.delivery.model_copy(update=update)
        change_connection(
            config=config.model_copy(update={"delivery": policy}), **self._who(connection)
        )
        activate_connection(override="another limit", **self._who(connection))
        self.concurrency[connection.id] = concurrency

    def unlink(self, at):
        unlink_campaign(campaign_id=self.campaign.id, **self._who(self.connections[at]))

    def link(self, at):
        self._link(self.connections[at])

    def cancel(self, _at):
        waiting = self._deliveries().filter(status="pending", lease_expires_at=None)
        if ids := sorted(waiting.values_list("id", flat=True)):
            cancel_delivery(delivery_id=ids[-1], **self._who())

    def replace(self, at):
        """Delete a connection, and add another."""
        archive_connection(**self._who(self.connections[at]))
        queue.cancel_archived(now=self._now())
        self.connections[at] = self.stage.connection(NOWHERE, linked=False, concurrency=3)
        self.concurrency[self.connections[at].id] = 3
        self._link(self.connections[at])

    @invariant()
    def nothing_is_forsaken(self):
        with database.cursor() as cursor:
            cursor.execute(FORSAKEN, {"now": self._now(), "company": queue.COMPANY_SECONDS})
            assert cursor.fetchall() == []

    @invariant()
    def nothing_ends_twice(self):
        deliveries = self._deliveries()
        assert not deliveries.filter(status__in=FINAL, finished_at=None).exists()
        delivered = deliveries.filter(status="delivered").values_list("id", "attempt_count")
        attempts = Attempt.objects.for_account(self.stage.cast.account)
        for delivery_id, count in delivered:
            numbers = attempts.filter(delivery=delivery_id).values_list("number", flat=True)
            assert sorted(numbers) == list(range(1, count + 1))
            delivered_once = attempts.filter(delivery=delivery_id, outcome="delivered")
            assert delivered_once.count() >= 1

    def _deliveries(self):
        return self.stage.deliveries(campaign=self.campaign)

    def _leased(self, connection):
        with database.cursor() as cursor:
            cursor.execute(LEASED, [connection.id, self._now()])
            return cursor.fetchone()[0]

    def _some(self, count):
        """Take some of what the workers hold, whoever owns it by now."""
        some, self.in_hand = self.in_hand[:count], self.in_hand[count:]
        return some

    def _run(self, coroutine):
        return self.runner.run(coroutine)


@pytest.mark.usefixtures("transactional_db")
def test_nothing_that_is_due_is_forsaken():
    with asyncio.Runner() as runner:
        connect = psycopg.AsyncConnection.connect(**_connection_arguments())
        Engine.stage, Engine.runner, Engine.engine = set_stage(), runner, runner.run(connect)
        try:
            run_state_machine_as_test(
                Engine,
                settings=settings(
                    max_examples=int(os.environ.get("HYPOTHESIS_EXAMPLES", "10")),
                    stateful_step_count=30,
                    deadline=None,
                    phases=[Phase.generate],  # times differ: what failed seldom does so again
                    suppress_health_check=list(HealthCheck),
                ),
            )
        finally:
            runner.run(Engine.engine.close())
