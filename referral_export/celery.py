"""The Celery application: tasks say "go and look" and carry ids at most."""

import os
from logging.config import dictConfig

from celery import Celery
from celery.signals import heartbeat_sent, setup_logging

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "referral_export.settings")

app = Celery("referral_export")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@heartbeat_sent.connect  # type: ignore[untyped-decorator]
def _say_that_a_worker_lives(**_: object) -> None:
    from referral_export.operations import note_worker_alive  # noqa: PLC0415  after the settings

    note_worker_alive()


@setup_logging.connect  # type: ignore[untyped-decorator]
def _log_as_the_web_does(**_: object) -> None:
    """Set the log up as our settings say; that somebody does keeps Celery from doing it."""
    from django.conf import settings  # noqa: PLC0415  after the settings

    dictConfig(settings.LOGGING)
