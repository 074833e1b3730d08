"""Deliveries that were answered, as the engine would have written them, without sending any."""

from datetime import UTC, datetime

from connections.exchange.config import Environment
from connections.exchange.egress import Timings
from connections.exchange.perform import Exchange
from connections.exchange.record import attempt_record
from connections.exchange.request import ShownRequest
from connections.exchange.responses import ReceivedResponse, classify, compile_rules
from connections.models import Connection
from connections.selectors import connection_of
from delivery.models import Attempt, Delivery, DeliveryStatus
from delivery.sealing import open_attributes, seal_attempt
from delivery.shapes import shape_key, shape_of
from tests.delivery_stage import Stage

STATUSES = {"retry": DeliveryStatus.RETRYING, "hold": DeliveryStatus.RETRYING}


def answered(
    stage: Stage, connection: Connection, external_id: str, status: int, body: str = ""
) -> Delivery:
    """Keep a referral with one attempt to deliver it, which was answered so."""
    [accepted] = stage.accept(external_id)
    delivery = stage.deliveries(id=accepted.deliveries[0]).select_related("referral").get()
    answer_again(connection, delivery, status, body)
    return delivery


def answer_again(connection: Connection, delivery: Delivery, status: int, body: str = "") -> None:
    """Keep one more attempt of the delivery, and what became of it."""
    now = datetime.now(UTC)
    response = ReceivedResponse(status, (("Content-Type", "application/json"),), body.encode())
    connection = connection_of(connection.account, connection.id)
    version = connection.live_version
    verdict = classify(compile_rules(version.document.response_rules), response, now=now)
    exchange = Exchange(
        request=ShownRequest("POST", "https://crm.example/leads", (), "{}"),
        response=response,
        error=None,
        verdict=verdict,
        timings=Timings(),
        started_at=now,
        duration_ms=1.0,
    )
    _keep_attempt(connection, delivery, exchange)
    is_final = verdict.outcome.value not in STATUSES
    delivery.attempt_count += 1
    delivery.status = STATUSES.get(verdict.outcome.value, verdict.outcome.value)
    delivery.reason, delivery.rule = verdict.reason, verdict.rule
    delivery.finished_at = now if is_final else None
    delivery.next_attempt_at = None if is_final else now
    delivery.save()


def _keep_attempt(connection: Connection, delivery: Delivery, exchange: Exchange) -> None:
    account, version = connection.account, connection.live_version
    number = delivery.attempt_count + 1
    attributes = open_attributes(account.vault, bytes(delivery.referral.attributes_sealed))
    shape = None
    if not exchange.verdict.matched:
        shape = shape_key(account.vault, shape_of(exchange.response, attributes))
    record = attempt_record(
        exchange, number=number, version=version.number, environment=Environment.PRODUCTION
    )
    Attempt.objects.for_account(account).create(
        account=account,
        delivery=delivery,
        number=number,
        version=version,
        environment="production",
        started_at=exchange.started_at,
        duration_ms=exchange.duration_ms,
        response_status=exchange.response.status,
        outcome=exchange.verdict.outcome.value,
        unmatched_shape=shape,
        record_sealed=seal_attempt(account.vault, record),
    )
