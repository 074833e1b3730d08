"""The Celery application: tasks say "go and look" and carry ids at most."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "referral_export.settings")

app = Celery("referral_export")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
