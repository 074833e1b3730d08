"""What a line about one delivery shows, wherever deliveries are listed."""

from collections.abc import Sequence
from dataclasses import dataclass

from accounts.access import Access
from accounts.permissions import Permission
from delivery.models import Attempt, Delivery, DeliveryStatus
from delivery.retention import ERASED
from delivery.selectors import delivery_summary


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    delivery: Delivery
    why: str
    """Never empty, and without personal data for who may not read it."""
    last_attempt: Attempt | None


def delivery_rows(access: Access, deliveries: Sequence[Delivery]) -> list[DeliveryRow]:
    """Return a row for each delivery, in their order; one query however many there are."""
    attempts = Attempt.objects.for_account(access.account).filter(delivery__in=deliveries)
    last = {attempt.delivery_id: attempt for attempt in attempts.order_by("number")}
    may_read = access.allows(Permission.PERSONAL_DATA_READ)
    return [
        DeliveryRow(
            delivery=delivery,
            why=why(delivery_summary(delivery, with_personal_data=may_read)["reason"], delivery),
            last_attempt=last.get(delivery.id),
        )
        for delivery in deliveries
    ]


def why(reason: str, delivery: Delivery) -> str:
    """Say which rule decided and why, or what a delivery without a verdict waits for."""
    if reason == ERASED:
        reason = "its reason was erased with the personal data"
    if delivery.rule:
        return f"Rule “{delivery.rule}”" + (
            f": {reason}" if reason not in {"", delivery.rule} else ""
        )
    if reason:
        return reason[0].upper() + reason[1:]
    if delivery.status == DeliveryStatus.PENDING:
        return "Waiting to be sent"
    return delivery.get_status_display()
