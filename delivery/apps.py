"""How Django knows this app."""

from django.apps import AppConfig


class DeliveryConfig(AppConfig):
    name = "delivery"

    def ready(self) -> None:
        from delivery import receivers  # noqa: F401, PLC0415  connected by being imported
