"""Campaigns, and which connections they feed."""

from django.db import models

from accounts.tenancy import TenantModel
from connections.models import Connection


class CampaignStatus(models.TextChoices):
    LIVE = "live"
    PAUSED = "paused"
    ARCHIVED = "archived"


class Campaign(TenantModel):
    """Where referrals come from; `reference` is the client's own key for it."""

    name = models.CharField(max_length=100)
    reference = models.CharField(max_length=100)
    status = models.CharField(
        max_length=10, choices=CampaignStatus.choices, default=CampaignStatus.LIVE
    )
    created_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        constraints = (
            models.UniqueConstraint(
                fields=("account", "reference"), name="campaign_reference_once"
            ),
            models.CheckConstraint(
                condition=models.Q(status__in=CampaignStatus.values),
                name="campaign_status_is_known",
            ),
        )

    def __str__(self) -> str:
        return self.name


class CampaignLink(TenantModel):
    """A campaign feeds a connection from `linked_at` until `unlinked_at`; rows are history."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="links")
    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="links")
    linked_at = models.DateTimeField()
    linked_by = models.CharField(max_length=150)
    unlinked_at = models.DateTimeField(null=True)
    unlinked_by = models.CharField(max_length=150, blank=True)

    class Meta(TenantModel.Meta):
        constraints = (
            models.UniqueConstraint(
                fields=("campaign", "connection"),
                condition=models.Q(unlinked_at__isnull=True),
                name="campaign_link_once",
            ),
        )
        indexes = (
            models.Index(fields=("connection", "-unlinked_at"), name="campaign_link_by_connection"),
        )
