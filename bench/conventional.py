"""What one writes first: one Celery task for each delivery, an `httpx.Client`, `save()`.

With the same rendering, rules and record as the engine, so that only the design differs.
"""

import time
from datetime import UTC, datetime
from functools import cache

import httpx
from celery import shared_task

from connections.exchange.config import Environment
from connections.exchange.context import Context
from connections.exchange.egress import Timings
from connections.exchange.perform import Exchange
from connections.exchange.record import attempt_record
from connections.exchange.rendering import compile_config, render
from connections.exchange.request import PreparedRequest
from connections.exchange.responses import ReceivedResponse, classify
from connections.selectors import secret_values
from delivery.models import Attempt, Delivery
from delivery.sealing import open_attributes, seal_attempt

QUEUE = "conventional"
PRODUCTION = Environment.PRODUCTION


@shared_task(name="bench.deliver")
def deliver(delivery_id: str) -> None:
    delivery = Delivery.unscoped.select_related(
        "account", "referral", "campaign", "connection__live_version__account"
    ).get(id=delivery_id)
    now = datetime.now(UTC)
    version = delivery.connection.live_version
    compiled = compile_config(version.document)
    prepared = render(
        compiled,
        environment=PRODUCTION,
        context=_context(delivery, now),
        secrets=secret_values(version=version, environment=PRODUCTION),
    )
    started = time.perf_counter()
    response = _send(prepared)
    exchange = Exchange(
        request=prepared.shown,
        response=response,
        error=None,
        verdict=classify(compiled.rules, response, now=now),
        timings=Timings(),
        started_at=now,
        duration_ms=(time.perf_counter() - started) * 1_000,
    )
    _save(delivery, exchange)


@cache
def _client() -> httpx.Client:
    """Return the client of this process: making one for each task would cost more than all else."""
    return httpx.Client(timeout=10)


def _send(prepared: PreparedRequest) -> ReceivedResponse:
    response = _client().request(
        prepared.method, prepared.url, headers=prepared.headers, content=prepared.body
    )
    return ReceivedResponse(
        response.status_code, tuple(response.headers.multi_items()), response.content
    )


def _save(delivery: Delivery, exchange: Exchange) -> None:
    delivery.status = exchange.verdict.outcome.value
    delivery.reason = exchange.verdict.reason
    delivery.rule = exchange.verdict.rule
    delivery.attempt_count += 1
    delivery.next_attempt_at = None
    delivery.finished_at = datetime.now(UTC)
    delivery.save()
    version = delivery.connection.live_version
    record = attempt_record(exchange, number=1, version=version.number, environment=PRODUCTION)
    Attempt.unscoped.create(
        account=delivery.account,
        delivery=delivery,
        number=delivery.attempt_count,
        version=version,
        environment=PRODUCTION,
        started_at=exchange.started_at,
        duration_ms=exchange.duration_ms,
        response_status=exchange.response.status,
        outcome=exchange.verdict.outcome,
        record_sealed=seal_attempt(delivery.account.vault, record),
    )


def _context(delivery: Delivery, now: datetime) -> Context:
    referral, campaign, connection = delivery.referral, delivery.campaign, delivery.connection
    return Context(
        attributes=open_attributes(delivery.account.vault, bytes(referral.attributes_sealed)),
        referral_id=str(referral.id),
        external_id=referral.external_id,
        occurred_at=referral.occurred_at,
        campaign_id=str(campaign.id),
        campaign_name=campaign.name,
        campaign_reference=campaign.reference,
        connection_id=str(connection.id),
        connection_name=connection.name,
        now=now,
        test=False,
        delivery_id=str(delivery.id),
    )
