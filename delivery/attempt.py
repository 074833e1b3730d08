"""One attempt at a claimed delivery: perform the exchange, decide, and write down both."""

import random
from datetime import datetime
from uuid import UUID

import httpx
import orjson
import psycopg
from django.conf import settings
from psycopg_pool import AsyncConnectionPool
from uuid_utils.compat import uuid7

from accounts.vault import Vault, open_vault
from connections.exchange.config import Environment
from connections.exchange.context import Context
from connections.exchange.perform import Exchange, Pace, at_once, perform
from connections.exchange.record import attempt_record
from connections.exchange.responses.received import storable
from connections.grants import GrantKeeper
from delivery.breaker import evidence_of
from delivery.clock import Clock
from delivery.equipment import Equipment, EquipmentStore
from delivery.models import FINAL
from delivery.pacing import Slot, SlotMissedError, SlotPace, wait_for_slot
from delivery.queue import Claimed, Settled, take_slot
from delivery.retry import decide
from delivery.sealing import open_attributes, seal_attempt
from delivery.shapes import shape_key, shape_of

ENVIRONMENT = Environment.PRODUCTION


async def make_attempt(
    claimed: Claimed,
    *,
    slot: Slot | None,
    pool: AsyncConnectionPool,
    clock: Clock,
    equipment_store: EquipmentStore,
    transport: httpx.AsyncBaseTransport,
) -> Settled:
    """Send the referral once and return what is to be written of it.

    *Raises* SlotMissedError when it could not be sent in its slot, and was not.
    """
    vault = open_vault(settings.KEY_RING, claimed.wrapped_key, claimed.account_id)
    equipment = await equipment_store.get(claimed)
    if slot:
        await wait_for_slot(slot)
    exchange = await perform(
        equipment.compiled,
        environment=ENVIRONMENT,
        context=_context(claimed, vault, clock.now()),
        secrets=equipment.secrets,
        transport=transport,
        renew=GrantKeeper(account_id=claimed.account_id, connection_id=claimed.connection_id),
        pace=_pace(claimed, slot, pool),
    )
    return _settled(claimed, equipment, exchange, vault, now=clock.now())


def _pace(claimed: Claimed, slot: Slot | None, pool: AsyncConnectionPool) -> Pace:
    if slot is None:
        return at_once

    async def take(patience_seconds: float) -> Slot:
        try:
            async with pool.connection() as connection:
                return await take_slot(
                    connection,
                    connection_id=claimed.connection_id,
                    patience_seconds=patience_seconds,
                )
        except psycopg.OperationalError as away:
            raise SlotMissedError from away

    return SlotPace(slot, take=take)


def _context(claimed: Claimed, vault: Vault, now: datetime) -> Context:
    return Context(
        attributes=open_attributes(vault, claimed.attributes_sealed),
        referral_id=str(claimed.referral_id),
        external_id=claimed.external_id,
        occurred_at=claimed.occurred_at,
        campaign_id=str(claimed.campaign_id),
        campaign_name=claimed.campaign_name,
        campaign_reference=claimed.campaign_reference,
        connection_id=str(claimed.connection_id),
        connection_name=claimed.connection_name,
        now=now,
        test=False,
        delivery_id=str(claimed.id),
    )


def _settled(
    claimed: Claimed, equipment: Equipment, exchange: Exchange, vault: Vault, *, now: datetime
) -> Settled:
    number = claimed.attempt_count + 1
    decision = decide(
        exchange=exchange,
        policy=equipment.compiled.config.delivery,
        attempt_count=number,
        first_attempt_at=claimed.first_attempt_at,
        now=now,
        random=random.random,
    )
    record = attempt_record(
        exchange, number=number, version=equipment.version_number, environment=ENVIRONMENT
    )
    captures = {name: storable(value) for name, value in decision.captures.items()}
    return Settled(
        id=claimed.id,
        fence=claimed.fence,
        connection_id=claimed.connection_id,
        evidence=evidence_of(exchange),
        status=decision.status,
        reason=storable(decision.reason),
        rule=decision.rule,
        captures=orjson.dumps(captures).decode(),
        next_attempt_at=decision.next_attempt_at,
        finished_at=now if decision.status in FINAL else None,
        first_attempt_at=claimed.first_attempt_at,
        attempt_id=uuid7(),
        number=number,
        version_id=claimed.version_id,
        started_at=exchange.started_at,
        duration_ms=exchange.duration_ms,
        response_status=exchange.response.status if exchange.response else None,
        outcome=exchange.verdict.outcome.value if exchange.verdict else "",
        error_code=exchange.error.code if exchange.error else "",
        unmatched_shape=_unmatched_shape(claimed, exchange, vault),
        record_sealed=seal_attempt(vault, record),
    )


def _unmatched_shape(claimed: Claimed, exchange: Exchange, vault: Vault) -> UUID | None:
    if exchange.response is None or exchange.verdict is None or exchange.verdict.matched:
        return None
    attributes = open_attributes(vault, claimed.attributes_sealed)
    return shape_key(vault, shape_of(exchange.response, attributes))
