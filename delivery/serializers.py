"""Referrals and deliveries as REST clients read them; described here, built elsewhere."""

from typing import Any

from rest_framework import serializers

from accounts.serializers import ProblemOut, StrictSerializer
from connections.serializers.attempt import AttemptOut
from delivery.intake import Acceptance
from delivery.models import DeliveryStatus
from delivery.retention import KEY_DAYS


class ReferralInput(serializers.Serializer[Any]):
    """A person who said yes to the offer of a campaign."""

    campaign = serializers.CharField(help_text="The campaign's id or reference.")
    external_id = serializers.CharField(
        max_length=200,
        help_text="Your own key for it: sent again within"
        f" {KEY_DAYS} days, it is not delivered again.",
    )
    occurred_at = serializers.DateTimeField(required=False)
    attributes = serializers.DictField(
        help_text="Named facts of the person; `GET /api/v1/attributes` lists the names."
    )


class ReferralResult(serializers.Serializer[Any]):
    external_id = serializers.CharField(allow_null=True)
    status = serializers.ChoiceField([*Acceptance])
    id = serializers.CharField(allow_null=True)
    deliveries = serializers.ListField(child=serializers.CharField())
    errors = ProblemOut(many=True, required=False)  # type: ignore[assignment]


class ReferralsAccepted(serializers.Serializer[Any]):
    """What became of each referral, in the order in which they were sent."""

    accepted = serializers.IntegerField()
    duplicates = serializers.IntegerField()
    rejected = serializers.IntegerField()
    results = ReferralResult(many=True)


class DeliveryQuery(StrictSerializer):
    """Which deliveries are wanted."""

    status = serializers.ChoiceField(DeliveryStatus.choices, required=False)
    connection = serializers.CharField(required=False, help_text="A connection's id.")
    campaign = serializers.CharField(required=False, help_text="A campaign's id or reference.")
    referral = serializers.CharField(required=False, help_text="A referral's id.")
    external_id = serializers.CharField(required=False, help_text="Your own key of the referral.")
    email = serializers.CharField(required=False, help_text="The person's whole email address.")
    reason = serializers.CharField(
        required=False,
        help_text="A part of the reason; without the scope `pii:read`, of the rule's name, or of a"
        " reason that no receiver wrote.",
    )
    since = serializers.DateTimeField(required=False, help_text="Created then or later.")
    until = serializers.DateTimeField(required=False, help_text="Created before.")


class DeliverySummary(serializers.Serializer[Any]):
    """One referral on its way to one connection."""

    id = serializers.CharField(help_text="The Idempotency-Key of every attempt.")
    referral = serializers.CharField()
    external_id = serializers.CharField()
    campaign = serializers.CharField()
    connection = serializers.CharField()
    status = serializers.ChoiceField(DeliveryStatus.choices)
    reason = serializers.CharField(allow_blank=True)
    rule = serializers.CharField(allow_null=True)
    captures = serializers.DictField(child=serializers.CharField())
    attempt_count = serializers.IntegerField()
    next_attempt_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)


class DeliveryOut(DeliverySummary):
    """A delivery with its attempts. Personal data is masked without the scope `pii:read`."""

    attempts = AttemptOut(many=True)


class ReferralOut(serializers.Serializer[Any]):
    """A referral with its deliveries. Personal data is masked without the scope `pii:read`."""

    id = serializers.CharField()
    external_id = serializers.CharField()
    campaign = serializers.CharField()
    occurred_at = serializers.DateTimeField(allow_null=True)
    received_at = serializers.DateTimeField()
    attributes = serializers.DictField()
    erased = serializers.BooleanField(
        help_text="The person was forgotten: there are no attributes, requests and answers."
    )
    deliveries = DeliverySummary(many=True)
