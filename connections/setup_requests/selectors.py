"""Reads: the set-up requests of an account, and the one that a link leads to."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from accounts import tokens
from accounts.errors import LookElsewhere
from accounts.models import Account
from accounts.tenancy import TenantQuerySet
from connections.models import SetupRequest

FILE_PURPOSE = "setup file"
SECRETS_PURPOSE = "setup secrets"
TOKEN_PURPOSE = "setup token"  # noqa: S105  what it is sealed for
REMINDER_PURPOSE = "setup reminder"
KEPT_AFTER_END = timedelta(days=30)
"""How long answers are kept after the link ended."""
LARGE = ("file_sealed",)
"""What is loaded only by whoever wants the file."""


@dataclass(frozen=True, slots=True)
class SetupLink:
    """What a link leads to; it may have ended."""

    request: SetupRequest
    has_ended: bool


def setup_requests_of(account: Account) -> TenantQuerySet[SetupRequest]:
    """Return the account's set-up requests without their files, the newest first."""
    requests = SetupRequest.objects.for_account(account).select_related("account", "connection")
    return requests.defer(*LARGE).order_by("-id")


def setup_request_of(account: Account, request_id: UUID | str) -> SetupRequest:
    """*Raises* LookElsewhere."""
    return setup_requests_of(account).get_or_404(id=request_id)


def setup_link(token: str, *, now: datetime) -> SetupLink:
    """Return what this link leads to. *Raises* LookElsewhere when it leads nowhere."""
    if not tokens.looks_like_token(token):
        raise LookElsewhere("There is no such link.")
    # The token says which account is meant: the one read across accounts.
    requests = SetupRequest.unscoped.select_related("account").defer(*LARGE)
    found = requests.filter(digest=tokens.digest(token)).first()
    if found is None:
        raise LookElsewhere("There is no such link.")
    return SetupLink(found, has_ended=bool(found.revoked_at) or found.expires_at <= now)


def setup_token(request: SetupRequest) -> str | None:
    """Return the token of a link that is good; None of one that ended or that nobody can repeat."""
    if request.token_sealed is None:
        return None
    return request.account.vault.open(bytes(request.token_sealed), purpose=TOKEN_PURPOSE).decode()


def setup_file(account: Account, request_id: UUID | str) -> tuple[str, bytes]:
    """Return name and content of the file that was handed over. *Raises* LookElsewhere."""
    found = SetupRequest.objects.for_account(account).get_or_404(id=request_id)
    if found.file_sealed is None:
        raise LookElsewhere("There is no file.")
    content = account.vault.open(bytes(found.file_sealed), purpose=FILE_PURPOSE)
    return found.file_name, content
