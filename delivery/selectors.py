"""Reads referrals, deliveries and attempts, in the contract's shape."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, Q

from accounts.models import Account
from accounts.tenancy import TenantQuerySet
from accounts.vault import Vault
from campaigns.models import Campaign
from connections.masking import PersonMask, masked_attributes
from connections.models import Connection
from delivery.forgotten import forgotten_record
from delivery.models import CANCELLABLE, Attempt, Delivery, DeliveryStatus, Referral, ReferralKey
from delivery.moments import first_id_at
from delivery.sealing import open_attempt, open_attributes


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryFilter:
    """Which deliveries are wanted; what is None does not matter."""

    status: DeliveryStatus | None = None
    connection: str | None = None
    campaign: str | None = None
    """Its id or its reference."""
    referral: str | None = None
    external_id: str | None = None
    email: str | None = None
    """Compared by fingerprint; case and surrounding space do not matter."""
    reason: str | None = None
    """A part of the reason; case does not matter."""
    with_personal_data: bool = False
    """Whether reasons that receivers wrote are looked at, which may quote a person."""
    since: datetime | None = None
    """Created then or later."""
    until: datetime | None = None
    """Created before."""


EVERYTHING = DeliveryFilter()


def deliveries_of(
    account: Account, wanted: DeliveryFilter = EVERYTHING
) -> TenantQuerySet[Delivery]:
    """Return the account's deliveries, the newest first, each with its account and referral."""
    deliveries = Delivery.objects.for_account(account).select_related("account", "referral")
    exact = {
        "status": wanted.status,
        "created_at__gte": wanted.since,
        "created_at__lt": wanted.until,
        # The same once more, so that the weeks before are not looked into.
        "id__gte": wanted.since and first_id_at(wanted.since),
    }
    matching = deliveries.filter(
        _id_condition("connection", wanted.connection),
        _id_condition("referral", wanted.referral),
        _campaign_condition(account, wanted.campaign),
        _external_id_condition(account, wanted.external_id),
        _reason_condition(wanted),
        **{lookup: value for lookup, value in exact.items() if value is not None},
    )
    if wanted.email is not None:
        person = account.vault.fingerprint(wanted.email)
        matching = matching.filter(referral__account=account, referral__email_fingerprint=person)
    return matching.order_by("-id")


def delivery_of(account: Account, delivery_id: UUID | str) -> Delivery:
    """Return one delivery. Raises: LookElsewhere."""
    return deliveries_of(account).get_or_404(id=delivery_id)


def referral_of(account: Account, referral_id: UUID | str) -> Referral:
    """Return one referral. Raises: LookElsewhere."""
    return (
        Referral.objects.for_account(account).select_related("account").get_or_404(id=referral_id)
    )


def attempts_of(delivery: Delivery) -> list[Attempt]:
    """Return the attempts, the first one first."""
    attempts = Attempt.objects.for_account(delivery.account).filter(delivery=delivery)
    return list(attempts.select_related("version").order_by("number"))


def latest_deliveries(connection: Connection, limit: int = 20) -> list[Delivery]:
    """Return the newest deliveries to a connection, with their referral and campaign."""
    deliveries = deliveries_of(connection.account).filter(connection=connection)
    return list(deliveries.select_related("referral", "campaign")[:limit])


def count_cancellable(account: Account, campaign: Campaign, connection: Connection) -> int:
    """Return how many deliveries unlinking the campaign from the connection would cancel."""
    deliveries = Delivery.objects.for_account(account)
    return deliveries.filter(CANCELLABLE, campaign=campaign, connection=connection).count()


def count_waiting(connection: Connection, *, at_most: int) -> int:
    """Return how many deliveries wait to be sent over this connection, counting no further."""
    deliveries = Delivery.objects.for_account(connection.account)
    return deliveries.filter(CANCELLABLE, connection=connection)[:at_most].count()


def referrals_today(account: Account, *, now: datetime) -> int:
    """Return how many referrals came since midnight UTC."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return _received_since(account, midnight).count()


def referrals_today_by_campaign(account: Account, *, now: datetime) -> dict[UUID, int]:
    """Return how many came since midnight UTC, of the campaigns of which any did."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    counted = _received_since(account, midnight).values_list("campaign_id")
    return dict(counted.annotate(referrals=Count("id")))


def _received_since(account: Account, moment: datetime) -> TenantQuerySet[Referral]:
    # By its id, so that the weeks before are not looked into.
    return Referral.objects.for_account(account).filter(
        id__gte=first_id_at(moment), received_at__gte=moment
    )


def delivery_shown(delivery: Delivery, *, with_personal_data: bool) -> dict[str, Any]:
    """Return a delivery with its attempts; secrets were masked before they were stored."""
    mask = None if with_personal_data else _mask(delivery)
    vault = delivery.account.vault
    attempts = attempts_of(delivery)
    return _summary(delivery, mask) | {
        "attempts": [_attempt_shown(attempt, vault, mask) for attempt in attempts]
    }


def delivery_summary(delivery: Delivery, *, with_personal_data: bool) -> dict[str, Any]:
    """Return a delivery as a list shows it, without its attempts."""
    return _summary(delivery, None if with_personal_data else _mask(delivery))


def attempt_shown(attempt: Attempt, *, with_personal_data: bool) -> dict[str, Any]:
    """Return one attempt; secrets were masked before it was stored."""
    mask = None if with_personal_data else _mask(attempt.delivery)
    return _attempt_shown(attempt, attempt.account.vault, mask)


def referral_shown(referral: Referral, *, with_personal_data: bool) -> dict[str, Any]:
    """Return a referral with its deliveries, the first one first."""
    attributes = open_attributes(referral.account.vault, bytes(referral.attributes_sealed))
    mask = None if with_personal_data else PersonMask(attributes)
    deliveries = deliveries_of(referral.account).filter(referral=referral).order_by("id")
    return {
        "id": str(referral.id),
        "external_id": referral.external_id,
        "campaign": str(referral.campaign_id),
        "occurred_at": referral.occurred_at,
        "received_at": referral.received_at,
        "attributes": attributes if with_personal_data else masked_attributes(attributes),
        "erased": not referral.attributes_sealed,
        "deliveries": [_summary(delivery, mask) for delivery in deliveries],
    }


def _summary(delivery: Delivery, mask: PersonMask | None) -> dict[str, Any]:
    return {
        "id": str(delivery.id),
        "referral": str(delivery.referral_id),
        "external_id": delivery.referral.external_id,
        "campaign": str(delivery.campaign_id),
        "connection": str(delivery.connection_id),
        "status": delivery.status,
        "reason": mask.text(delivery.reason) if mask else delivery.reason,
        "rule": delivery.rule,
        "captures": mask.values(delivery.captures) if mask else delivery.captures,
        "attempt_count": delivery.attempt_count,
        "next_attempt_at": delivery.next_attempt_at,
        "created_at": delivery.created_at,
        "finished_at": delivery.finished_at,
    }


def _attempt_shown(attempt: Attempt, vault: Vault, mask: PersonMask | None) -> dict[str, Any]:
    if not attempt.record_sealed:
        return forgotten_record(attempt)
    record: dict[str, Any] = open_attempt(vault, bytes(attempt.record_sealed))
    return mask.attempt(record) if mask else record


def _mask(delivery: Delivery) -> PersonMask:
    sealed = bytes(delivery.referral.attributes_sealed)
    return PersonMask(open_attributes(delivery.account.vault, sealed))


def _id_condition(field: str, text: str | None) -> Q:
    """Match the id; what is no id at all matches nothing, like one that does not exist."""
    if text is None:
        return Q()
    try:
        return Q(**{f"{field}_id": UUID(text)})
    except ValueError:
        return Q(pk__in=())


def _external_id_condition(account: Account, external_id: str | None) -> Q:
    if external_id is None:
        return Q()
    campaigns = Campaign.objects.for_account(account).values("id")
    keys = ReferralKey.objects.filter(campaign__in=campaigns, external_id=external_id)
    return Q(referral_id__in=keys.values("referral_id"))


def _reason_condition(wanted: DeliveryFilter) -> Q:
    """Match a part of the reason; without personal data only of what we or a rule's author wrote.

    Else who is shown a masked reason could find out what is under the mask, a letter at a time.
    """
    if wanted.reason is None:
        return Q()
    said = Q(reason__icontains=wanted.reason)
    if wanted.with_personal_data:
        return said
    return Q(rule__icontains=wanted.reason) | Q(said, rule=None)


def _campaign_condition(account: Account, key: str | None) -> Q:
    if key is None:
        return Q()
    named = Campaign.objects.for_account(account).filter(reference=key).values("id")
    return _id_condition("campaign", key) | Q(campaign_id__in=named)
