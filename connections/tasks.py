"""What workers do for connections: send the leads of test runs, and mails of set-ups."""

from functools import cache
from uuid import UUID

from celery import shared_task
from celery.signals import worker_process_shutdown
from django.utils import timezone

from connections import runner
from connections.services.test_run import RUN_TEST
from connections.setup_requests import mails
from connections.setup_requests.mails import MAIL_TASK


@cache
def process_sender() -> runner.Sender:
    """Return the one sender of this process, made after the fork."""
    return runner.Sender()


@shared_task(name=RUN_TEST)  # type: ignore[untyped-decorator]
def run_test(run_id: str) -> None:
    runner.run_test(UUID(run_id), sender=process_sender(), now=timezone.now())


@shared_task(name="connections.sweep_test_runs")  # type: ignore[untyped-decorator]
def sweep_test_runs() -> None:
    runner.sweep_test_runs(now=timezone.now())


@shared_task(name=MAIL_TASK)  # type: ignore[untyped-decorator]
def mail_setup_request(request_id: str) -> None:
    mails.mail_setup_request(UUID(request_id), now=timezone.now())


@shared_task(name="connections.mail_setup_requests")  # type: ignore[untyped-decorator]
def mail_setup_requests() -> None:
    mails.mail_forgotten(now=timezone.now())


@worker_process_shutdown.connect  # type: ignore[untyped-decorator]
def close_sender(**_: object) -> None:
    if process_sender.cache_info().currsize:
        process_sender().close()
