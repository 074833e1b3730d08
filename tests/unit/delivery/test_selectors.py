"""The numbers and lists that pages show of deliveries."""

from datetime import timedelta

import pytest

from accounts.errors import LookElsewhere
from delivery import selectors
from delivery.models import DeliveryStatus, Referral
from tests.delivery_stage import now, set_stage

NOWHERE = "http://127.0.0.1:9"


@pytest.fixture
def stage(db):
    return set_stage()


def test_latest_are_the_newest_of_that_connection(stage):
    connection = stage.connection(NOWHERE)
    stage.connection(NOWHERE)
    stage.accept("tx-1", "tx-2", "tx-3")
    latest = selectors.latest_deliveries(connection, 2)
    assert len(latest) == 2
    assert {delivery.connection_id for delivery in latest} == {connection.id}
    assert latest[0].id > latest[1].id


def test_cancellable_is_what_waits_and_nobody_holds(stage):
    connection = stage.connection(NOWHERE)
    stage.connection(NOWHERE)
    stage.accept(*"abcd")
    deliveries = stage.deliveries(connection=connection)
    of = {delivery.referral.external_id: delivery for delivery in deliveries}
    stage.deliveries(id=of["b"].id).update(status=DeliveryStatus.RETRYING)
    stage.deliveries(id=of["c"].id).update(lease_expires_at=now() + timedelta(minutes=1))
    stage.deliveries(id=of["d"].id).update(
        status=DeliveryStatus.DELIVERED, finished_at=now(), next_attempt_at=None
    )
    account = stage.cast.account
    assert selectors.count_cancellable(account, stage.campaign, connection) == 2
    assert selectors.count_cancellable(stage.cast.rival, stage.campaign, connection) == 0


def test_today_begins_at_midnight_utc(stage):
    stage.accept("tx-1", "tx-2")
    moment = now()
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    Referral.objects.for_account(stage.cast.account).filter(external_id="tx-1").update(
        received_at=midnight - timedelta(seconds=1)
    )
    assert selectors.referrals_today(stage.cast.account, now=moment) == 1
    assert selectors.referrals_today(stage.cast.rival, now=moment) == 0


def test_rows_of_another_account_are_not_there(stage):
    stage.connection(NOWHERE)
    [one] = stage.accept("tx-1")
    assert not selectors.deliveries_of(stage.cast.rival).exists()
    with pytest.raises(LookElsewhere):
        selectors.delivery_of(stage.cast.rival, one.deliveries[0])
    with pytest.raises(LookElsewhere):
        selectors.referral_of(stage.cast.rival, one.id)
