"""How Django knows this app."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class DeliveryConfig(AppConfig):
    name = "delivery"

    def ready(self) -> None:
        from delivery import receivers  # noqa: PLC0415  connected by being imported

        post_migrate.connect(receivers.make_partitions, sender=self)
