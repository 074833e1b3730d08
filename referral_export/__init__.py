"""The roof: settings, URLs, Celery, embedded servers, and how it all starts."""

from referral_export.celery import app as celery_app

__all__ = ["celery_app"]
