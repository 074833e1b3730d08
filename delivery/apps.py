"""How Django knows this app."""

from django.apps import AppConfig


class DeliveryConfig(AppConfig):
    name = "delivery"
