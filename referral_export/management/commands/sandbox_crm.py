"""`manage.py sandbox_crm`: a CRM on this machine that receives, answers and shows leads."""

from aiohttp import web
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from referral_export.environment import Mode
from referral_export.sandbox_crm import make_app


class Command(BaseCommand):
    help = "Run the sandbox CRM on the loopback address, for development."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, default=settings.ENVIRONMENT.sandbox_crm_port)

    def handle(self, *_args: object, port: int, **_options: object) -> None:
        if settings.ENVIRONMENT.mode is Mode.PRODUCTION:
            raise CommandError("The sandbox CRM is for development; production has real ones.")
        web.run_app(make_app(), host="127.0.0.1", port=port, access_log=None, shutdown_timeout=1)
