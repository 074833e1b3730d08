"""The engine on real servers: what it claims, sends, settles, and in what case it does not."""

import pytest

from tests.delivery_stage import pump, receiving, set_stage


@pytest.fixture
def stage(transactional_db):
    return set_stage()


def test_referral_linked_campaign_is_delivered_with_its_attempt(stage):
    with receiving() as crm:
        stage.connection(crm)
        [accepted] = stage.accept("tx-1")
        pump()
    delivery = stage.deliveries().get()
    assert (delivery.status, delivery.rule, delivery.attempt_count) == ("delivered", "Success", 1)
    assert delivery.lease_expires_at is None
    assert crm.bodies == {str(accepted.deliveries[0]): '{"email": "tx-1@example.com"}'}
    attempt = delivery.attempts.get()
    assert (attempt.number, attempt.response_status, attempt.outcome) == (1, 201, "delivered")
