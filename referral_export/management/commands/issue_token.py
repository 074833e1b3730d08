"""`manage.py issue_token`: prints a token of an account, this once."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError
from django.utils import timezone

from accounts.access import Actor
from accounts.errors import CorrectInput
from accounts.models import Account
from accounts.permissions import Permission
from accounts.services import issue_token


class Command(BaseCommand):
    help = (
        "Print a new API token of an account; only its digest is kept. Without --scopes it may"
        " do everything but administer the account and read personal data."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--account", required=True, metavar="SLUG")
        parser.add_argument("--name", required=True, help="what it is for")
        parser.add_argument(
            "--scopes",
            nargs="+",
            type=Permission,
            choices=list(Permission),
            metavar="SCOPE",
            help=", ".join(Permission),
        )

    def handle(
        self,
        *_args: object,
        account: str,
        name: str,
        scopes: list[Permission] | None,
        **_options: Any,
    ) -> None:
        try:
            found = Account.objects.filter(slug=account).first()
        except OperationalError as away:
            raise CommandError(
                "PostgreSQL does not answer: is the product running (`make run`), and are"
                " DATABASE_URL and REFERRAL_EXPORT_VAR those that it was started with?"
            ) from away
        if found is None:
            raise CommandError(f'There is no account with the slug "{account}".')
        try:
            token, _ = issue_token(
                name=name,
                account=found,
                scopes=scopes,
                actor=Actor(label="manage.py issue_token"),
                now=timezone.now(),
            )
        except CorrectInput as refused:
            raise CommandError(refused.detail) from refused
        self.stdout.write(token)
