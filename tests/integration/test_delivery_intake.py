"""Accepting referrals: once answered they are kept, once only, and will be delivered."""

import threading
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from django.conf import settings
from django.db import connection as database
from redis import Redis

from accounts.errors import CorrectInput
from campaigns.models import CampaignStatus
from campaigns.services import change_campaign, create_campaign, unlink_campaign
from connections.services import archive_connection, pause_connection
from delivery import doorbell
from delivery.intake import Acceptance, ReferralIn, accept_referrals
from delivery.models import Lane, Referral
from delivery.sealing import open_attributes
from tests.delivery_stage import now, pump, receiving, set_stage

NOWHERE = "http://127.0.0.1:9"


@pytest.fixture
def stage(db):
    return set_stage()


@pytest.fixture
def committing_stage(transactional_db):
    return set_stage()


def accept_one(stage, **changes):
    item = {"campaign": "spring", "external_id": "tx-1", "attributes": {"email": "a@example.com"}}
    item = ReferralIn(**(item | changes))
    [accepted] = accept_referrals(account=stage.cast.account, items=[item], now=now())
    return accepted


def test_accept_keeps_attributes_sealed_and_finds_the_person_again(stage):
    attributes = {"email": " Jane@Example.com", "age": "25", "bid_price": 2.5, "first_name": ""}
    accept_one(stage, attributes=attributes)
    referral = Referral.objects.for_account(stage.cast.account).get()
    vault = stage.cast.account.vault
    assert b"Example" not in bytes(referral.attributes_sealed)
    opened = open_attributes(vault, bytes(referral.attributes_sealed))
    assert (opened["email"], opened["age"], str(opened["bid_price"])) == (
        " Jane@Example.com",
        25,
        "2.5",
    )
    assert opened["first_name"] is None
    assert bytes(referral.email_fingerprint) == vault.fingerprint("jane@example.com")


def test_accept_makes_one_delivery_for_each_live_link(stage):
    linked = {stage.connection(NOWHERE).id, stage.connection(NOWHERE).id}
    stage.connection(NOWHERE, linked=False)
    gone = stage.connection(NOWHERE)
    who = {"account": stage.cast.account, "actor": stage.cast.actor, "now": now()}
    unlink_campaign(connection_id=gone.id, campaign_id=stage.campaign.id, **who)
    archived = stage.connection(NOWHERE)
    archive_connection(connection_id=archived.id, **who)
    accepted = accept_one(stage)
    deliveries = stage.deliveries()
    assert {delivery.connection_id for delivery in deliveries} == linked
    assert {delivery.id for delivery in deliveries} == set(accepted.deliveries)


def test_accept_campaign_without_link_is_kept_without_delivery(stage):
    accepted = accept_one(stage)
    assert (accepted.status, accepted.deliveries) == (Acceptance.ACCEPTED, ())


def test_accept_paused_connection_waits(committing_stage):
    connection = committing_stage.connection(NOWHERE)
    pause_connection(
        account=committing_stage.cast.account,
        actor=committing_stage.cast.actor,
        now=now(),
        connection_id=connection.id,
    )
    accept_one(committing_stage)
    pump(idle_seconds=0.1)
    assert committing_stage.statuses() == {"pending": 1}


def test_accept_campaign_by_id_is_the_same_as_by_reference(stage):
    first = accept_one(stage)
    again = accept_one(stage, campaign=str(stage.campaign.id))
    assert (again.status, again.id) == (Acceptance.DUPLICATE, first.id)


def test_accept_same_again_is_a_duplicate_with_the_first_ones_ids(stage):
    stage.connection(NOWHERE)
    [first, in_list] = stage.accept("tx-1", "tx-1")
    [later] = stage.accept("tx-1")
    assert first.status is Acceptance.ACCEPTED
    for duplicate in (in_list, later):
        assert duplicate.status is Acceptance.DUPLICATE
        assert (duplicate.id, duplicate.deliveries) == (first.id, first.deliveries)
    assert stage.deliveries().count() == 1


def test_accept_same_external_id_in_another_campaign_is_another_referral(stage):
    create_campaign(
        account=stage.cast.account,
        actor=stage.cast.actor,
        now=now(),
        name="Autumn",
        reference="autumn",
    )
    accept_one(stage)
    assert accept_one(stage, campaign="autumn").status is Acceptance.ACCEPTED


def test_accept_fifty_at_the_same_moment_makes_one_delivery(committing_stage):
    start = threading.Barrier(50)

    def post(_):
        try:
            start.wait(timeout=30)
            return committing_stage.accept("tx-1", "tx-2")
        finally:
            database.close()

    with receiving() as crm:
        committing_stage.connection(crm)
        with ThreadPoolExecutor(50) as threads:
            answers = list(threads.map(post, range(50)))
        pump()
    for number in (0, 1):
        results = [answer[number] for answer in answers]
        assert [result.status for result in results].count(Acceptance.ACCEPTED) == 1
        assert len({(result.id, result.deliveries) for result in results}) == 1
    assert committing_stage.statuses() == {"delivered": 2}
    assert sorted(crm.keys.values()) == [1, 1]


@pytest.mark.parametrize(
    ("changes", "pointer", "code"),
    [
        ({"campaign": "sprnig"}, "/campaign", "unknown_campaign"),
        ({"campaign": str(uuid4())}, "/campaign", "unknown_campaign"),
        ({"campaign": "a\x00b"}, "/campaign", "unknown_campaign"),
        ({"external_id": ""}, "/external_id", "wrong_length"),
        ({"external_id": "x" * 201}, "/external_id", "wrong_length"),
        ({"external_id": "a\nb"}, "/external_id", "control_character"),
        ({"external_id": "a\ud800"}, "/external_id", "control_character"),
        ({"attributes": {"frist_name": "J"}}, "/attributes/frist_name", "unknown_attribute"),
        ({"attributes": {"a/b~": "J"}}, "/attributes/a~1b~0", "unknown_attribute"),
        ({"attributes": {"age": "old"}}, "/attributes/age", "not_an_integer"),
        (
            {
                "attributes": dict.fromkeys(
                    ("email", "title", "state", "gender", "suburb"), "x" * 16_000
                )
            },
            "/attributes",
            "too_long",
        ),
    ],
)
def test_accept_invalid_says_where_and_why(stage, changes, pointer, code):
    accepted = accept_one(stage, **changes)
    assert (accepted.status, accepted.id) == (Acceptance.INVALID, None)
    assert [(error.pointer, error.code) for error in accepted.errors] == [(pointer, code)]


def test_accept_campaign_of_another_account_is_unknown(stage):
    item = stage.referral("tx-1")
    [accepted] = accept_referrals(account=stage.cast.rival, items=[item], now=now())
    assert accepted.errors[0].code == "unknown_campaign"


def test_accept_archived_campaign_is_refused(stage):
    change_campaign(
        account=stage.cast.account,
        actor=stage.cast.actor,
        now=now(),
        campaign_id=stage.campaign.id,
        status=CampaignStatus.ARCHIVED,
    )
    assert accept_one(stage).errors[0].code == "campaign_archived"


def test_accept_invalid_one_does_not_spoil_the_others(stage):
    items = [stage.referral("tx-1"), stage.referral("tx-2", age="old"), stage.referral("tx-3")]
    accepted = accept_referrals(account=stage.cast.account, items=items, now=now())
    assert [one.status.value for one in accepted] == ["accepted", "invalid", "accepted"]


def test_accept_too_many_is_refused_whole(stage):
    with pytest.raises(CorrectInput):
        stage.accept(*map(str, range(1_001)))


def test_accept_a_thousand_takes_as_many_statements_as_one(committing_stage, tmp_path):
    committing_stage.connection(NOWHERE)
    counts = []
    for ids in (["one"], [f"tx-{number}" for number in range(1_000)]):
        with (tmp_path / "protocol").open("wb+") as protocol:
            database.connection.pgconn.trace(protocol.fileno())
            committing_stage.accept(*ids)
            database.connection.pgconn.untrace()
            protocol.seek(0)
            messages = [line.split(b"\t")[3] for line in protocol if b"\tF\t" in line]
        counts.append(sum(message in {b"Execute", b"Query"} for message in messages))
    assert counts == [1, 1]


def test_accept_rings_the_lane_after_the_commit(committing_stage):
    connection = committing_stage.connection(NOWHERE)
    committing_stage.accept("tx-1")
    assert Lane.objects.get(connection=connection).ready_at <= now()


def test_accept_rings_the_bell_only_for_a_lane_that_was_silent(committing_stage):
    committing_stage.connection(NOWHERE)
    with Redis.from_url(settings.REDIS_URL) as client:
        client.delete(doorbell.BELL)
        committing_stage.accept("tx-1")
        assert client.delete(doorbell.BELL) == 1
        committing_stage.accept("tx-2")
        assert client.delete(doorbell.BELL) == 0
        Lane.objects.update(ready_at=None)
        committing_stage.accept("tx-3")
        assert client.delete(doorbell.BELL) == 1


def test_accept_redis_away_is_accepted_without_delay(committing_stage, settings, tmp_path):
    settings.REDIS_URL = f"unix://{tmp_path}/nobody.sock"
    doorbell._redis.cache_clear()
    try:
        committing_stage.connection(NOWHERE)
        started = now()
        [accepted] = committing_stage.accept("tx-1")
        assert accepted.status is Acceptance.ACCEPTED
        assert (now() - started).total_seconds() < 1
    finally:
        doorbell._redis.cache_clear()
