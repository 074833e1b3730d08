"""`manage.py up`: the whole product on this machine, until Ctrl-C."""

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from referral_export.development import CannotStartError, run_until_stopped
from referral_export.supervisor import ProgramFailedError


class Command(BaseCommand):
    help = "Start servers, web, worker, beat and the sandbox CRM, and keep them running."
    requires_system_checks = ()

    def handle(self, *_args: object, **_options: object) -> None:
        try:
            run_until_stopped(settings.ENVIRONMENT, report=self._report)
        except (CannotStartError, ProgramFailedError) as error:
            raise CommandError(str(error)) from error

    def _report(self, sentence: str) -> None:
        self.stdout.write(sentence)
        self.stdout.flush()
