"""Weeks of rows: which partitions statements touch, what is forgotten, dropped and still known."""

import asyncio
import json
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from django.conf import settings
from django.db import DatabaseError, transaction
from django.db import connection as database
from django.urls import reverse

from accounts.models import Account
from accounts.services import change_account
from delivery import partitions, queue, retention
from delivery.intake import Acceptance, accept_referrals
from delivery.models import Attempt, Delivery, Referral, ReferralKey
from delivery.moments import first_id_at, id_at, moment_of
from delivery.pump_house import _connection_arguments
from delivery.queue import claims
from delivery.queue.oldest import CLOCKS_DIFFER
from delivery.selectors import delivery_of, delivery_shown, referral_of, referral_shown
from tests.delivery_stage import now, pump, receiving, set_stage
from tests.integration.test_delivery_engine import claim, result_of, settle

NOWHERE = "http://127.0.0.1:9"
WEEK = timedelta(days=7)
TABLES = ("delivery_referral", "delivery_delivery", "delivery_attempt")


def monday(moment):
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight - timedelta(days=midnight.weekday())


def suffix(moment):
    return monday(moment).strftime("_%Y%m%d")


def as_owner(statement, *parameters):
    address = settings.DATABASES["owner"]
    with psycopg.connect(
        dbname=address["NAME"],
        user=address["USER"],
        host=address["HOST"],
        port=address["PORT"] or None,
        autocommit=True,
    ) as owner:
        found = owner.execute(statement, parameters)
        return found.fetchall() if found.description else None


@pytest.fixture
def stage(transactional_db):
    for weeks in range(1, 16):
        as_owner("SELECT delivery_make_partition(%s)", now() - weeks * WEEK)
    return set_stage()


def accept_at(stage, moment, *external_ids):
    items = [stage.referral(external_id) for external_id in external_ids]
    return accept_referrals(account=stage.cast.account, items=items, now=moment)


def tables_of(rows):
    with database.cursor() as cursor:
        cursor.execute(f"SELECT DISTINCT tableoid::regclass::text FROM {rows} ORDER BY 1")
        return [name for (name,) in cursor.fetchall()]


def partitions_in_plan(statement, parameters):
    """Return which partitions a statement of the engine opens, as its own connection runs it."""
    with psycopg.connect(**_connection_arguments()) as connection:
        cursor = connection.execute(f"EXPLAIN (FORMAT JSON) {statement}", parameters, prepare=True)
        plan = json.dumps(cursor.fetchone()[0])
    return {
        name
        for name in plan.replace('"', " ").split()
        if (name.startswith(TABLES) and name[-8:].isdigit()) or name.endswith("_default")
    }


def of_the_past_and_present(partitions):
    """Return the weeks of these that have begun; those to come are empty, and cost nothing."""
    weeks = {name[-9:] for name in partitions}
    return {week for week in weeks if week <= suffix(now())}


def finish(stage):
    stage.deliveries().update(
        status="delivered", finished_at=now(), next_attempt_at=None, lease_expires_at=None
    )


def retain(moment=None):
    retention.retain(now=moment or now(), is_time_up=lambda: False)


def test_ids_tell_when():
    moment = datetime(2026, 11, 23, 13, 30, 0, 123_456, tzinfo=UTC)
    identifier = id_at(moment)
    assert identifier.version == 7
    assert moment_of(identifier) == moment.replace(microsecond=123_000)
    assert first_id_at(moment) <= identifier < first_id_at(moment + timedelta(milliseconds=1))


def test_both_sides_of_a_boundary_are_claimed_and_lie_in_their_own_weeks(stage):
    stage.connection(NOWHERE)
    boundary = monday(now())
    late, early = boundary - timedelta(milliseconds=1), boundary + timedelta(milliseconds=1)
    accept_at(stage, late, "sunday")
    accept_at(stage, early, "monday")
    for rows in ("delivery_referral", "delivery_delivery"):
        assert tables_of(rows) == sorted(rows + suffix(moment) for moment in (late, early))
    at = boundary + timedelta(seconds=1)
    assert queue.oldest_to_sweep(now=at) == first_id_at(boundary - WEEK - CLOCKS_DIFFER)
    assert {one.external_id for one in claim(at=at).deliveries} == {"sunday", "monday"}


def test_referral_of_the_week_before_that_of_its_delivery_is_found(stage):
    stage.connection(NOWHERE)
    boundary = monday(now())
    accept_at(stage, boundary + timedelta(milliseconds=1), "tx-1")
    earlier = id_at(boundary - timedelta(milliseconds=1))
    as_owner("UPDATE delivery_referral SET id = %s", earlier)
    as_owner("UPDATE delivery_delivery SET referral_id = %s", earlier)

    async def once():
        arguments = _connection_arguments()
        async with await psycopg.AsyncConnection.connect(**arguments) as connection:
            at = max(now(), boundary + timedelta(hours=2))
            since = await queue.oldest_waiting(connection, now=at)
            return await queue.claim(connection, room=1, now=at, since=since)

    assert [one.external_id for one in asyncio.run(once()).deliveries] == ["tx-1"]


def test_oldest_is_where_something_waits_or_is_leased(stage):
    stage.connection(NOWHERE)
    recent = first_id_at(now() - CLOCKS_DIFFER)
    assert abs(moment_of(queue.oldest_to_sweep(now=now())) - moment_of(recent)) < WEEK
    old = now() - 3 * WEEK
    accept_at(stage, old, "waits")
    assert queue.oldest_to_sweep(now=now()) == first_id_at(monday(old) - CLOCKS_DIFFER)
    [leased] = claim().deliveries
    assert queue.oldest_to_sweep(now=now()) == first_id_at(monday(old) - CLOCKS_DIFFER)
    settle(result_of(leased))
    assert queue.oldest_to_sweep(now=now()) > first_id_at(monday(old))


def test_old_delivery_that_waits_is_delivered(stage):
    with receiving() as crm:
        stage.connection(crm)
        accept_at(stage, now() - 3 * WEEK, "tx-1")
        pump()
    assert stage.statuses() == {"delivered": 1}
    assert tables_of("delivery_attempt") == ["delivery_attempt" + suffix(now())]


def test_delivery_of_no_week_is_delivered_all_the_same(stage):
    with receiving() as crm:
        stage.connection(crm)
        accept_at(stage, now() - timedelta(days=1_000), "tx-1")
        assert partitions.strays() == ["referral", "delivery"]
        pump()
    assert stage.statuses() == {"delivered": 1}


def test_claim_settle_and_intake_touch_the_week_that_they_must(stage):
    stage.connection(NOWHERE)
    stage.accept("tx-1")
    [claimed] = claim().deliveries
    since = queue.oldest_to_sweep(now=now())
    weeks = {suffix(now()), suffix(moment_of(since))}
    touched = set()

    class Recorder:
        """Explains what the engine sends instead of running it."""

        async def execute(self, statement, parameters=None):
            touched.update(partitions_in_plan(statement, parameters))
            raise StopAsyncIteration

    async def recorded(call):
        with pytest.raises((StopAsyncIteration, RuntimeError)):
            await call

    asyncio.run(recorded(queue.settle(Recorder(), results=[result_of(claimed)], now=now())))
    assert of_the_past_and_present(touched) == {suffix(now())}

    parameters = queue.claim_parameters(room=64, now=now(), since=since)
    for statement in (claims._LOCK_LANES, claims._CLAIM, claims._SILENCE_LANES):
        assert of_the_past_and_present(partitions_in_plan(statement, parameters)) <= weeks
    touched = partitions_in_plan(claims._CLAIM, parameters)
    assert of_the_past_and_present(touched) == weeks

    before = _reads()
    accept_at(stage, now(), "tx-1", "tx-3")
    assert {name[-9:] for name in _changed(before, _reads())} == {suffix(now())}


FINISHED = 20_000
_A_HISTORY = """
INSERT INTO delivery_delivery (id, account_id, referral_id, campaign_id, connection_id, status,
    reason, captures, attempt_count, lease_expiries, created_at, finished_at)
SELECT uuidv7(), account_id, referral_id, campaign_id, connection_id, 'delivered', '', '{}', 1, 0,
    created_at, now()
FROM delivery_delivery, generate_series(1, %s)
"""
_ROWS_READ = """
SELECT sum(seq_tup_read + COALESCE(idx_tup_fetch, 0))::int FROM pg_stat_xact_user_tables
WHERE relname LIKE 'delivery_delivery%'
"""


def test_claim_and_settle_read_no_more_rows_for_a_long_history(stage):
    stage.connection(NOWHERE, concurrency=32)
    stage.accept("tx-1")
    as_owner(_A_HISTORY, FINISHED)
    as_owner("ANALYZE")
    stage.accept(*(f"tx-{number}" for number in range(2, 200)))
    read = {}

    async def count(what, connection, work):
        async with connection.transaction():
            result = await work
            cursor = await connection.execute(_ROWS_READ)
            read[what] = (await cursor.fetchone())[0]
        return result

    async def once():
        arguments = _connection_arguments()
        async with await psycopg.AsyncConnection.connect(**arguments) as connection:
            looking = queue.oldest_waiting(connection, now=now())
            since = await count("oldest", connection, looking)
            claiming = queue.claim(connection, room=32, now=now(), since=since)
            claimed = await count("claim", connection, claiming)
            results = [result_of(one) for one in claimed.deliveries]
            settling = queue.settle(connection, results=results, now=now())
            await count("settle", connection, settling)
            return len(results)

    assert asyncio.run(once()) == 32
    assert max(read.values()) < 1_000, read


def _reads():
    with database.cursor() as cursor:
        cursor.execute("SELECT pg_stat_force_next_flush()")
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(
            "SELECT relname, COALESCE(seq_scan, 0) + COALESCE(idx_scan, 0) + n_tup_ins"
            " FROM pg_stat_user_tables WHERE relname ~ '_([0-9]{8}|default)$'"
        )
        return dict(cursor.fetchall())


def _changed(before, after):
    return {name for name, count in after.items() if before.get(name, 0) != count}


def test_new_partition_has_what_the_engine_relies_on(stage):
    week = suffix(now() - 2 * WEEK)
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT reloptions FROM pg_class WHERE relname = %s", ["delivery_delivery" + week]
        )
        [(options,)] = cursor.fetchall()
        cursor.execute(
            "SELECT count(*) FROM pg_indexes WHERE tablename = %s", ["delivery_delivery" + week]
        )
        [(indexes,)] = cursor.fetchall()
    assert "fillfactor=70" in options
    assert "autovacuum_vacuum_cost_delay=0" in options
    assert indexes == 6
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT tgname FROM pg_trigger WHERE tgrelid = %s::regclass",
            ["delivery_attempt" + week],
        )
        assert cursor.fetchall() == [("refuse_update_of_attempt",)]


def test_attempt_can_be_emptied_and_nothing_else(stage):
    with receiving() as crm:
        stage.connection(crm)
        stage.accept("tx-1")
        pump()
    attempts = Attempt.objects.for_account(stage.cast.account)
    for change in (
        {"record_sealed": b"another"},
        {"record_sealed": b"", "response_status": 500},
        {"duration_ms": 0.0},
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            attempts.update(**change)
    attempts.update(record_sealed=b"")
    assert bytes(attempts.get().record_sealed) == b""


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE mine (id int)",
        "SELECT delivery_make_partition(now())",
        "SELECT delivery_make_partitions(now() + interval '1 year')",
        "DROP TABLE delivery_attempt_default",
        "ALTER TABLE delivery_delivery DETACH PARTITION delivery_delivery_default",
    ],
)
def test_application_owns_no_table_and_makes_only_what_is_due(stage, statement):
    with pytest.raises(DatabaseError), transaction.atomic(), database.cursor() as cursor:
        cursor.execute(statement)


def test_week_that_is_made_late_takes_its_rows_out_of_the_default(stage):
    moment = now() - 40 * WEEK
    accept_at(stage, moment, "tx-1")
    assert partitions.strays() == ["referral"]
    as_owner("SELECT delivery_make_partition(%s)", moment)
    assert partitions.strays() == []
    assert tables_of("delivery_referral") == ["delivery_referral" + suffix(moment)]


def test_partitions_are_made_ahead(stage):
    assert partitions.make_partitions(now=now()) == 0
    as_owner(
        f"DROP TABLE delivery_referral{suffix(now() + 3 * WEEK)},"
        f" delivery_delivery{suffix(now() + 3 * WEEK)}, delivery_attempt{suffix(now() + 3 * WEEK)}"
    )
    retain()
    assert partitions.make_partitions(now=now()) == 0
    accept_at(stage, now() + 3 * WEEK - timedelta(days=1), "tx-1")
    assert partitions.strays() == []


def test_people_are_forgotten_to_the_day_and_outcomes_kept(stage):
    with receiving() as crm:
        stage.connection(crm)
        accept_at(stage, now() - timedelta(days=31), "old")
        accept_at(stage, now() - timedelta(days=29), "young")
        pump()
    account = stage.cast.account
    retain()
    deliveries = {one.referral.external_id: one for one in stage.deliveries()}
    shown = delivery_shown(delivery_of(account, deliveries["old"].id), with_personal_data=True)
    assert (shown["status"], shown["rule"], shown["reason"]) == ("delivered", "Success", "erased")
    assert shown["captures"] == {}
    [attempt] = shown["attempts"]
    assert (attempt["response"]["status"], attempt["response"]["body"]) == (201, "erased")
    assert (attempt["request"]["url"], attempt["verdict"]["outcome"]) == ("erased", "delivered")
    referral = referral_of(account, deliveries["old"].referral_id)
    assert (bytes(referral.attributes_sealed), referral.email_fingerprint) == (b"", None)
    assert referral_shown(referral, with_personal_data=False)["erased"]

    young = delivery_shown(delivery_of(account, deliveries["young"].id), with_personal_data=True)
    assert "young@example.com" in young["attempts"][0]["request"]["body"]
    assert Referral.objects.for_account(account).get(external_id="young").email_fingerprint


def test_pages_and_rest_show_who_was_forgotten(stage, client, api):
    with receiving() as crm:
        stage.connection(crm)
        accept_at(stage, now() - timedelta(days=31), "old")
        pump()
    retain()
    delivery = stage.deliveries().get()
    client.force_login(stage.cast.manager)
    page = client.get(reverse("delivery:delivery_detail", args=("acme", delivery.id)))
    assert page.status_code == 200
    assert "erased" in page.content.decode()
    assert client.get(reverse("delivery:delivery_list", args=("acme",))).status_code == 200
    token = stage.cast.token()
    shown = api("get", f"/accounts/acme/referrals/{delivery.referral_id}", token).json()
    assert (shown["attributes"], shown["erased"]) == ({}, True)
    path = f"/accounts/acme/connections/{delivery.connection_id}"
    assert api("get", f"{path}/unmatched", token).status_code == 200
    rules = api("get", path, token).json()["config"]["response_rules"]
    assert api("post", f"{path}/backtest", token, {"rules": rules}).status_code == 200


def test_who_is_forgotten_before_being_sent_is_failed_and_said_so(stage):
    stage.connection(NOWHERE, concurrency=1)
    accept_at(stage, now() - timedelta(days=31), "sent", "waits")
    [leased] = claim().deliveries
    retain()
    assert stage.statuses() == {"pending": 1, "failed": 1}
    assert stage.deliveries(status="failed").get().reason == retention.NEVER_SENT
    settle(result_of(leased))
    retain()
    assert stage.deliveries(id=leased.id).get().reason == "erased"


def test_weeks_are_dropped_and_the_key_is_a_duplicate_still(stage):
    connection = stage.connection(NOWHERE)
    change_account(
        account=stage.cast.account,
        actor=stage.cast.actor,
        now=now(),
        retention_days=35,
        personal_data_days=7,
    )
    Account.objects.exclude(pk=stage.cast.account.pk).update(retention_days=35)
    [first] = accept_at(stage, now() - 7 * WEEK, "tx-1")
    accept_at(stage, now() - 2 * WEEK, "tx-2")
    finish(stage)
    retain()
    assert not Referral.objects.for_account(stage.cast.account).filter(id=first.id).exists()
    assert stage.deliveries(connection=connection).count() == 1
    [again] = stage.accept("tx-1")
    assert (again.status, again.id) == (Acceptance.DUPLICATE, first.id)
    assert again.deliveries == first.deliveries

    much_later = now() + timedelta(days=retention.KEY_DAYS)
    assert retention.delete_keys(now=much_later, days=retention.KEY_DAYS) == 2
    assert not ReferralKey.objects.filter(referral_id=first.id).exists()
    assert stage.accept("tx-1")[0].status is Acceptance.ACCEPTED


def test_nothing_that_waits_or_is_kept_is_dropped(stage):
    stage.connection(NOWHERE)
    accept_at(stage, now() - 14 * WEEK, "waits")
    accept_at(stage, now() - 11 * WEEK, "kept")
    assert suffix(now() - 14 * WEEK) not in partitions.drop_partitions(before=now())
    finish(stage)
    dropped = partitions.drop_partitions(before=now() + timedelta(days=1_000))
    assert suffix(now() - 14 * WEEK) in dropped
    assert suffix(now() - 11 * WEEK) not in dropped
    assert [one.referral.external_id for one in stage.deliveries()] == ["kept"]


def test_account_that_keeps_shorter_loses_its_own_only(stage):
    stage.connection(NOWHERE)
    accept_at(stage, now() - timedelta(days=20), "old")
    accept_at(stage, now() - timedelta(days=3), "new")
    finish(stage)
    change_account(
        account=stage.cast.account,
        actor=stage.cast.actor,
        now=now(),
        retention_days=10,
        personal_data_days=10,
    )
    retain()
    kept = Referral.objects.for_account(stage.cast.account)
    assert list(kept.values_list("external_id", flat=True)) == ["new"]
    assert Delivery.objects.for_account(stage.cast.account).count() == 1


def test_retention_stops_when_its_time_is_up(stage, monkeypatch):
    monkeypatch.setattr(retention, "BATCH_ROWS", 1)
    accept_at(stage, now() - timedelta(days=31), "tx-1", "tx-2")
    retention.retain(now=now(), is_time_up=lambda: True)
    left = Referral.objects.for_account(stage.cast.account).exclude(attributes_sealed=b"")
    assert left.count() == 1
    retain()
    assert left.count() == 0
