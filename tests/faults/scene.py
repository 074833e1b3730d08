"""Makes the account of a run and prints a token of it: `python -m tests.faults.scene`."""

import os
from datetime import UTC, datetime

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "referral_export.settings")
django.setup()

from accounts.access import Actor  # noqa: E402  after the settings
from accounts.permissions import Permission  # noqa: E402
from accounts.services import create_account, issue_token  # noqa: E402

if __name__ == "__main__":
    who = {"actor": Actor(label="the stage manager"), "now": datetime.now(UTC)}
    account = create_account(name="Faults", slug="faults", **who)
    token, _ = issue_token(name="a client", account=account, scopes=list(Permission), **who)
    print(token)  # noqa: T201
