"""How Django knows the roof: its templates' tags and commands."""

from django.apps import AppConfig


class ReferralExportConfig(AppConfig):
    name = "referral_export"
