"""Writes: deliveries are cancelled, and what workers left behind is put in order."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts.access import Actor
from accounts.errors import ResolveConflict
from accounts.models import Account
from accounts.services import record_event
from accounts.tenancy import TenantQuerySet
from campaigns.models import Campaign
from connections.models import Connection
from delivery import queue
from delivery.models import CANCELLABLE, WAITING, Delivery, DeliveryStatus


class WaitForTheAttempt(ResolveConflict):
    """A worker is sending it at this moment."""

    code = "delivery_in_flight"


class DeliveryIsFinished(ResolveConflict):
    """There is nothing left to cancel."""

    code = "delivery_finished"


@transaction.atomic
def cancel_delivery(
    *, account: Account, delivery_id: UUID | str, actor: Actor, now: datetime
) -> Delivery:
    """Cancel one delivery that was not sent yet.

    *Raises*: LookElsewhere; WaitForTheAttempt while it is being sent; DeliveryIsFinished.
    *Effects*: audit event `delivery.cancelled`.
    """
    deliveries = Delivery.objects.for_account(account)
    delivery = deliveries.select_for_update().get_or_404(pk=delivery_id)
    if delivery.status not in WAITING:
        raise DeliveryIsFinished(f"This delivery is {delivery.status}: nothing is left to cancel.")
    if delivery.lease_expires_at is not None:
        raise WaitForTheAttempt("This delivery is being sent: look again in a few seconds.")
    _cancel(deliveries.filter(pk=delivery.pk), f"Cancelled by {actor.label}.", now)
    record_event(
        account=account, actor=actor, event="delivery.cancelled", subject=delivery, now=now
    )
    return deliveries.get(pk=delivery.pk)


def cancel_unlinked(
    *, account: Account, campaign: Campaign, connection: Connection, now: datetime
) -> int:
    """Cancel what came over this link and is not being sent; return how many."""
    deliveries = Delivery.objects.for_account(account).filter(
        connection=connection, campaign=campaign
    )
    return _cancel(deliveries, queue.UNLINKED, now)


def cancel_archived(*, account: Account, connection: Connection, now: datetime) -> int:
    """Cancel what waits for this connection and is not being sent; return how many."""
    deliveries = Delivery.objects.for_account(account).filter(connection=connection)
    return _cancel(deliveries, queue.ARCHIVED, now)


def _cancel(deliveries: TenantQuerySet[Delivery], reason: str, now: datetime) -> int:
    """Cancel those of these that wait; a claim at the same moment gets each of them or we do."""
    waiting = deliveries.filter(CANCELLABLE)
    return waiting.update(
        status=DeliveryStatus.CANCELLED, reason=reason, finished_at=now, next_attempt_at=None
    )
