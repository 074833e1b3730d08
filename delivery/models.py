"""Referrals, their deliveries, and every attempt that was made to deliver them.

Rows here are written three times in a second and read once in a while: a foreign key has
an index of its own only where no other index begins with it and something looks for it, and
the database does not check it. The three tables are partitioned by week of their ids
(`migrations/0008_partitions.py` says how and why); a referral and its deliveries are of one
moment, so they lie in the same week.
"""

from collections.abc import Callable
from typing import TypeVar

from django.contrib.postgres.fields import ArrayField
from django.db import models

from accounts.models import Account
from accounts.tenancy import TenantModel
from campaigns.models import Campaign
from connections.exchange.config import Environment
from connections.models import Connection, ConnectionVersion
from delivery.breaker import Cause


class DeliveryStatus(models.TextChoices):
    PENDING = "pending"
    RETRYING = "retrying"
    DELIVERED = "delivered"
    DUPLICATE = "duplicate"
    REJECTED = "rejected"
    FAILED = "failed"
    CANCELLED = "cancelled"


WAITING = (DeliveryStatus.PENDING, DeliveryStatus.RETRYING)
FINAL = tuple(status for status in DeliveryStatus if status not in WAITING)
CANCELLABLE = models.Q(status__in=WAITING, lease_expires_at__isnull=True)
"""What waits and no worker holds."""

Row = TypeVar("Row", bound=models.Model)


def _reference(
    to: type[Row],
    *,
    related_name: str = "+",
    on_delete: Callable[..., None] = models.CASCADE,
) -> "models.ForeignKey[Row, Row]":
    """Return a foreign key of a table that is written often: no index, nothing checked."""
    return models.ForeignKey(
        to, on_delete=on_delete, related_name=related_name, db_index=False, db_constraint=False
    )


class Referral(TenantModel):
    """A person who said yes. Attributes are sealed; the fingerprint is the email's.

    Once the person is forgotten the attributes are empty, and there is no fingerprint.
    """

    account = _reference(Account)
    campaign = _reference(Campaign)
    external_id = models.CharField(max_length=200)
    occurred_at = models.DateTimeField(null=True)
    attributes_sealed = models.BinaryField()
    email_fingerprint = models.BinaryField(null=True)
    received_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        indexes = (
            models.Index(fields=("account", "email_fingerprint"), name="referral_by_person"),
            models.Index(
                fields=("account", "id"),
                condition=~models.Q(attributes_sealed=b""),
                name="referral_with_person",
            ),
        )


class ReferralKey(models.Model):
    """What makes a referral one: the same key again is a duplicate and answered with these ids.

    In a table of its own, since no partition knows the keys of another: it outlives the
    referral when that goes before `retention.KEY_DAYS`.
    """

    pk = models.CompositePrimaryKey("campaign_id", "external_id")
    campaign = _reference(Campaign)
    external_id = models.CharField(max_length=200)
    referral_id = models.UUIDField()
    delivery_ids = ArrayField(models.UUIDField())

    class Meta:
        indexes = (models.Index(fields=("referral_id",), name="referral_key_by_age"),)


class Delivery(TenantModel):
    """One referral to one connection; its id is the Idempotency-Key of every attempt.

    A worker owns it while `lease_expires_at` is in the future, and may settle it only with
    the `fence` that its claim stamped.
    """

    account = _reference(Account)
    referral = _reference(Referral, related_name="deliveries")
    campaign = _reference(Campaign)
    connection = _reference(Connection)
    status = models.CharField(
        max_length=10, choices=DeliveryStatus.choices, default=DeliveryStatus.PENDING
    )
    reason = models.TextField(blank=True)
    rule = models.CharField(max_length=100, null=True)  # noqa: DJ001  null: no rule decided
    captures = models.JSONField(default=dict)
    attempt_count = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField()
    first_attempt_at = models.DateTimeField(null=True)
    """When it was first claimed, later by what it was held since: it is retried from here on."""
    next_attempt_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    lease_expires_at = models.DateTimeField(null=True)
    lease_expiries = models.PositiveSmallIntegerField(default=0)
    fence = models.UUIDField(null=True)

    class Meta(TenantModel.Meta):
        constraints = (
            models.CheckConstraint(
                condition=models.Q(status__in=DeliveryStatus.values),
                name="delivery_status_is_known",
            ),
            models.CheckConstraint(
                condition=models.Q(status__in=WAITING, finished_at__isnull=True)
                | models.Q(
                    status__in=FINAL,
                    finished_at__isnull=False,
                    next_attempt_at__isnull=True,
                    lease_expires_at__isnull=True,
                ),
                name="delivery_is_waiting_or_finished",
            ),
        )
        indexes = (
            models.Index(
                fields=("connection", "next_attempt_at"),
                condition=models.Q(status__in=WAITING, lease_expires_at__isnull=True),
                name="delivery_due",
            ),
            models.Index(
                fields=("connection", "lease_expires_at"),
                condition=models.Q(lease_expires_at__isnull=False),
                name="delivery_leased",
            ),
            models.Index(fields=("account", "-id"), name="delivery_newest_first"),
            models.Index(fields=("connection", "-id"), name="delivery_of_connection"),
            models.Index(fields=("referral",), name="delivery_of_referral"),
        )


class Attempt(TenantModel):
    """One HTTP exchange of a delivery, never edited; the record of it is sealed.

    The database lets the record be emptied, once the person in it is to be forgotten.
    """

    account = _reference(Account)
    delivery = _reference(Delivery, related_name="attempts")
    number = models.PositiveIntegerField()
    version = _reference(ConnectionVersion, on_delete=models.PROTECT)
    environment = models.CharField(
        max_length=10, choices=[(name, name.value) for name in Environment]
    )
    started_at = models.DateTimeField()
    duration_ms = models.FloatField()
    response_status = models.PositiveSmallIntegerField(null=True)
    outcome = models.CharField(max_length=10, blank=True)
    error_code = models.CharField(max_length=40, blank=True)
    unmatched_shape = models.UUIDField(null=True)
    """Of an answer that no rule matched: `shapes.shape_key`, so that alike ones are found."""
    record_sealed = models.BinaryField()
    """The attempt in the contract's JSON shape, sealed for the purpose `attempt`."""

    class Meta(TenantModel.Meta):
        indexes = (
            models.Index(fields=("delivery", "number"), name="attempt_of_delivery"),
            models.Index(
                fields=("version", "unmatched_shape"),
                condition=models.Q(unmatched_shape__isnull=False),
                name="attempt_unmatched",
            ),
        )


class Statistic(TenantModel):
    """What attempts of one hour came to: of a connection, a campaign, with a status, for a reason.

    Counted by the settle that writes the attempt down (`statistics.COUNT`), or by what gives a
    delivery up unsent, in few rows that are written often: there is room for their new versions in
    the page.
    """

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+", db_index=False)
    connection = models.ForeignKey(
        Connection, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    campaign = models.ForeignKey(
        Campaign, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    hour = models.DateTimeField()
    status = models.CharField(max_length=10, choices=DeliveryStatus.choices)
    reason = models.CharField(max_length=100)
    count = models.PositiveBigIntegerField()
    duration_ms = models.FloatField()
    """Of all of them together."""
    latency = ArrayField(models.PositiveBigIntegerField())
    """How many fell between which of `statistics.BUCKETS_MS`."""

    class Meta(TenantModel.Meta):
        constraints = (
            models.UniqueConstraint(
                fields=("connection", "campaign", "hour", "status", "reason"),
                name="statistic_once",
            ),
        )
        indexes = (models.Index(fields=("account", "hour"), name="statistic_by_hour"),)


class Lane(models.Model):
    """The queue of one connection: one row, locked while a claim takes from it.

    Whoever makes a delivery wait, or frees a slot of a lane that is full, rings the lane:
    `ready_at` becomes the earlier of itself and the moment of that. Only a claim, having
    looked, sets it later, or null when nothing waits or no slot is free. Few rows, often
    written: no index, so that updates stay in their page.
    """

    connection = models.OneToOneField(
        Connection, primary_key=True, on_delete=models.CASCADE, related_name="+"
    )
    ready_at = models.DateTimeField(null=True)
    is_full = models.BooleanField(default=False, db_default=False)
    """A claim found no free slot: whoever frees one rings."""
    served_at = models.DateTimeField()
    """When a claim last looked here; the longest unserved comes first."""
    fence = models.UUIDField(null=True)
    """The claim that last looked here."""
    last_slot_at = models.DateTimeField(null=True)
    """The latest moment, by the database's clock, that was given out for a request."""
    # The breaker, see `breaker.Breaker`; what is counted here is counted by settles.
    succeeded_at = models.DateTimeField(null=True)
    failures = models.PositiveIntegerField(default=0, db_default=0)
    holds = models.PositiveIntegerField(default=0, db_default=0)
    opened_at = models.DateTimeField(null=True)
    probe_at = models.DateTimeField(null=True)
    probes = models.PositiveIntegerField(default=0, db_default=0)


class Outage(TenantModel):
    """A time in which the breaker of a connection was open, and whether people were told."""

    connection = models.ForeignKey(
        Connection, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    cause = models.CharField(max_length=20, choices=[(cause, cause.value) for cause in Cause])
    reason = models.CharField(max_length=200)
    """What happened last, in words of ours: it goes into mails."""
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    told_opened_at = models.DateTimeField(null=True)
    """When people were told that it opened; set just before, so that nobody else tells them."""
    told_refused_at = models.DateTimeField(null=True)
    """When people were told that the endpoint waits for them: by the first mail, or later."""
    told_closed_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        constraints = (
            models.UniqueConstraint(
                fields=("connection",),
                condition=models.Q(closed_at__isnull=True),
                name="outage_under_way_once",
            ),
        )
        indexes = (
            models.Index(
                fields=("opened_at",),
                condition=models.Q(told_closed_at__isnull=True),
                name="outage_untold",
            ),
        )
