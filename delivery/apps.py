"""How Django knows this app."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class DeliveryConfig(AppConfig):
    name = "delivery"

    def ready(self) -> None:
        from connections.production_answers import register_answer_reader  # noqa: PLC0415
        from delivery import receivers  # noqa: PLC0415  connected by being imported
        from delivery.history import latest_answers  # noqa: PLC0415

        register_answer_reader(latest_answers)
        post_migrate.connect(receivers.make_partitions, sender=self)
