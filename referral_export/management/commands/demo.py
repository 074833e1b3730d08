"""`manage.py demo`: data to look around with; again is well too."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from referral_export.demo import LOGINS, PASSWORD, make_demo_data


class Command(BaseCommand):
    help = "Make two demo accounts with a login for each role, and a connection to the sandbox CRM."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--port",
            type=int,
            default=settings.ENVIRONMENT.port,
            help="the web server's; the sandbox CRM listens on the next one",
        )

    def handle(self, *_args: object, port: int, **_options: Any) -> None:
        if settings.PRODUCTION:
            raise CommandError("Demo data has a known password: production refuses it.")
        make_demo_data(sandbox_url=f"http://127.0.0.1:{port + 1}", now=timezone.now())
        self.stdout.write(f"Log in with the password {PASSWORD} as")
        for login in LOGINS:
            self.stdout.write(f"  {login.email:<26}{login.role.label.lower()}")
