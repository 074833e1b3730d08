"""Campaigns as REST clients write and read them."""

from typing import Any

from rest_framework import serializers

from accounts.serializers import StrictSerializer
from campaigns.models import CampaignStatus
from campaigns.services import MAX_CHARACTERS


class CampaignIn(StrictSerializer):
    name = serializers.CharField(max_length=MAX_CHARACTERS)
    reference = serializers.CharField(
        max_length=MAX_CHARACTERS, help_text="Your own key for it, unique in the account."
    )
    status = serializers.ChoiceField(CampaignStatus.choices, required=False)


class CampaignChange(StrictSerializer):
    name = serializers.CharField(max_length=MAX_CHARACTERS, required=False)
    reference = serializers.CharField(max_length=MAX_CHARACTERS, required=False)
    status = serializers.ChoiceField(CampaignStatus.choices, required=False)


class CampaignOut(serializers.Serializer[Any]):
    """Where referrals come from."""

    id = serializers.CharField()
    name = serializers.CharField()
    reference = serializers.CharField()
    status = serializers.ChoiceField(CampaignStatus.choices)


class LinkableCampaignOut(CampaignOut):
    """A campaign beside a connection: linked to it, or not yet."""

    linked_at = serializers.DateTimeField(
        allow_null=True, help_text="Since when it feeds the connection; null: not linked."
    )
