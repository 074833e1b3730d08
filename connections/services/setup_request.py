"""Set-up requests: asked for, answered item by item, sent, and made a draft connection."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import chain, count
from math import ceil
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Least

from accounts import tokens
from accounts.access import Actor
from accounts.errors import CorrectInput, Problem, ResolveConflict, TryLater
from accounts.models import Account
from accounts.services import record_event
from connections.documents import DocumentationLink, dumped
from connections.exchange.config import Document
from connections.exchange.rendering import referenced_secrets
from connections.models import Connection, ConnectionStatus, SetupRequest
from connections.secrets import require_keepable
from connections.selectors import connections_of
from connections.services.connection import MAX_NAME_CHARACTERS, checked_name, create_connection
from connections.setup_requests import mails
from connections.setup_requests.answers import ExampleAnswer, Item
from connections.setup_requests.drafting import draft_setup
from connections.setup_requests.selectors import (
    FILE_PURPOSE,
    KEPT_AFTER_END,
    LARGE,
    REMINDER_PURPOSE,
    SECRETS_PURPOSE,
    TOKEN_PURPOSE,
)

LIFETIME = timedelta(days=30)
BETWEEN_REMINDERS = timedelta(days=1)
BATCH_ROWS = 100
MAX_FILE_BYTES = 5 * 1024 * 1024
MAX_FILE_NAME_CHARACTERS = 200
CLIENT = Actor(label="technical contact")
"""Who answers by a link has no login: the record names them so."""
RETENTION = Actor(label="retention")


@dataclass(frozen=True, slots=True)
class UploadedFile:
    name: str
    content: bytes


@transaction.atomic
def create_setup_request(
    *, account: Account, actor: Actor, now: datetime, name: str
) -> tuple[str, SetupRequest]:
    """Return the token of the link, shown this once, and its row. *Raises* CorrectInput."""
    token = tokens.new_token()
    request = SetupRequest(
        account=account,
        name=checked_name(name),
        digest=tokens.digest(token),
        token_sealed=_sealed_token(account, token),
        asked_by=actor.label,
        created_at=now,
        updated_at=now,
        expires_at=now + LIFETIME,
    )
    request.save(force_insert=True)
    _record(request, "setup_request.created", actor=actor, now=now)
    return token, request


@transaction.atomic
def renew_setup_link(
    *, account: Account, actor: Actor, now: datetime, request_id: UUID | str
) -> tuple[str, SetupRequest]:
    """Return a new token, good for another 30 days; the old link ends. *Raises* LookElsewhere."""
    request = _locked(account, request_id)
    token = tokens.new_token()
    request.digest = tokens.digest(token)
    request.token_sealed = _sealed_token(account, token)
    request.reminder_sealed = None
    request.expires_at = now + LIFETIME
    request.revoked_at = None
    _save(request, "setup_request.renewed", actor=actor, now=now)
    return token, request


@transaction.atomic
def revoke_setup_request(
    *, account: Account, actor: Actor, now: datetime, request_id: UUID | str
) -> SetupRequest:
    """End the link at once; what was answered stays. *Raises* LookElsewhere."""
    request = _locked(account, request_id)
    if request.revoked_at is None:
        _end_link(request, now=now)
        _save(request, "setup_request.revoked", actor=actor, now=now)
    return request


@transaction.atomic
def answer_setup_item(
    *,
    account: Account,
    now: datetime,
    request_id: UUID | str,
    item: Item,
    answer: Document | None,
    secret_values: Mapping[str, str] | None = None,
    file: UploadedFile | None = None,
) -> SetupRequest:
    """Save the answer to one item; None says that they do not know.

    The credentials replace those that were kept; None leaves them.

    *Raises* LookElsewhere; CorrectInput (the file or a credential cannot be taken).
    """
    request = _locked(account, request_id)
    answers = request.document
    unknown = {*answers.unknown} - {item}
    if answer is None:
        unknown.add(item)
    changed = answers.model_copy(update={item.value: answer, "unknown": tuple(sorted(unknown))})
    request.answers = dumped(changed)
    if secret_values is not None:
        request.secrets_sealed = _sealed(request, secret_values)
    if file is not None:
        _keep_file(request, file)
    _save(request, "setup_request.answered", actor=CLIENT, now=now, item=item.value)
    return request


@transaction.atomic
def keep_setup_example(
    *,
    account: Account,
    now: datetime,
    request_id: UUID | str,
    example: ExampleAnswer | None,
    secret_values: Mapping[str, str],
) -> SetupRequest:
    """Keep what a pasted request says, and its credentials, instead of an earlier one; or none.

    *Raises* LookElsewhere; CorrectInput (a credential cannot be taken).
    """
    request = _locked(account, request_id)
    request.answers = dumped(request.document.model_copy(update={"example": example}))
    request.example_secrets_sealed = _sealed(request, secret_values)
    _save(request, "setup_request.answered", actor=CLIENT, now=now, item="example")
    return request


@transaction.atomic
def send_setup_request(*, account: Account, now: datetime, request_id: UUID | str) -> SetupRequest:
    """Tell the team that all is answered. *Raises* ResolveConflict while something is open.

    *Effects* the first time one mail to the account's managers, by a worker.
    """
    request = _locked(account, request_id)
    if request.document.answered() < len(Item):
        raise ResolveConflict("Some items are open. Answer them, or say that you do not know.")
    request.sent_at = now
    request.reminder_sealed = None
    _save(request, "setup_request.sent", actor=CLIENT, now=now)
    transaction.on_commit(partial(mails.ask_to_mail, request.id), robust=True)
    return request


@transaction.atomic
def remind_setup_contact(
    *, account: Account, actor: Actor, now: datetime, request_id: UUID | str, email: str, link: str
) -> SetupRequest:
    """Have the link mailed to who is to answer, once a day at most.

    *Raises* LookElsewhere; ResolveConflict (it was sent, or the link has ended); TryLater;
    CorrectInput (the address).
    *Effects* one mail, by a worker; audit event `setup_request.reminded`, without the address.
    """
    request = _locked(account, request_id)
    _require_remindable(request, now=now)
    try:
        validate_email(email)
    except ValidationError as refused:
        detail = "Write an email address, for example john@example.com."
        raise CorrectInput(Problem("/email", "malformed", detail)) from refused
    reminder = json.dumps({"email": email, "link": link}).encode()
    request.reminder_sealed = account.vault.seal(reminder, purpose=REMINDER_PURPOSE)
    request.reminded_at = now
    # Not `updated_at`: since then the client keeps us waiting.
    request.save(update_fields=["reminder_sealed", "reminded_at"])
    _record(request, "setup_request.reminded", actor=actor, now=now)
    transaction.on_commit(partial(mails.ask_to_mail, request.id), robust=True)
    return request


@transaction.atomic
def connection_from_setup_request(
    *, account: Account, actor: Actor, now: datetime, request_id: UUID | str, file_url: str
) -> Connection:
    """Make a draft connection of what was answered; the credentials move to it, and the link ends.

    `file_url` is where the file that was handed over can be fetched.

    *Raises* LookElsewhere; ResolveConflict (there is one already, or no address).
    """
    request = _locked(account, request_id)
    if request.connection_id is not None:
        raise ResolveConflict("A connection was made of these answers already.")
    has_credential = request.secrets_sealed is not None
    config = draft_setup(request.document, has_credential=has_credential).config
    if config is None:
        raise ResolveConflict("There is no endpoint yet: nothing can be sent without an address.")
    answers = request.document
    used = referenced_secrets(config)
    shown = _opened(request, request.example_secrets_sealed)
    # What was typed is kept even where a person has yet to put it to use.
    secrets = {name: value for name, value in shown.items() if name in used}
    secrets |= _opened(request, request.secrets_sealed)
    connection = create_connection(
        account=account,
        actor=actor,
        now=now,
        name=_free_name(account, request.name),
        config=config,
        contacts=[answers.contact] if answers.contact else [],
        documentation=_documentation(request, file_url),
        secret_values=secrets,
    )
    request.connection = connection
    request.secrets_sealed = request.example_secrets_sealed = None
    _end_link(request, now=request.revoked_at or now)
    _save(request, "setup_request.drafted", actor=actor, now=now)
    return connection


@transaction.atomic
def erase_ended_setup_requests(*, account: Account, now: datetime) -> int:
    """Delete a batch of what ended long ago, with its answers, credentials and file.

    One whose file documents a connection stays until that is archived.

    *Shape*: how many were deleted. *Effects* audit event `setup_request.erased` for each.
    """
    is_documentation = Q(connection__isnull=False, file_sealed__isnull=False)
    ended = (
        SetupRequest.objects.for_account(account)
        .annotate(ended_at=Least("revoked_at", "expires_at"))
        .filter(ended_at__lt=now - KEPT_AFTER_END)
        .exclude(is_documentation & ~Q(connection__status=ConnectionStatus.ARCHIVED))
        .order_by("id")
    )
    rows = ended.defer(*LARGE).select_for_update(of=("self",), skip_locked=True)[:BATCH_ROWS]
    for request in rows:
        _record(request, "setup_request.erased", actor=RETENTION, now=now)
        request.delete()
    return len(rows)


def _require_remindable(request: SetupRequest, *, now: datetime) -> None:
    if request.ends_at <= now:
        raise ResolveConflict("The link has ended: make a new one first.")
    if request.token_sealed is None:
        raise ResolveConflict("This link cannot be repeated: make a new one first.")
    if request.sent_at:
        raise ResolveConflict("They have sent their answers: there is nothing to remind them of.")
    due_at = request.reminded_at and request.reminded_at + BETWEEN_REMINDERS
    if due_at and due_at > now:
        seconds = ceil((due_at - now).total_seconds())
        detail = "They were reminded less than a day ago: give them time."
        raise TryLater(detail, retry_after_seconds=seconds)


def _end_link(request: SetupRequest, *, now: datetime) -> None:
    request.revoked_at = now
    request.token_sealed = request.reminder_sealed = None


def _sealed_token(account: Account, token: str) -> bytes:
    return account.vault.seal(token.encode(), purpose=TOKEN_PURPOSE)


def _free_name(account: Account, name: str) -> str:
    """Return the name, with a number when a connection is called so already."""
    taken = {one.name.casefold() for one in connections_of(account)}
    names = chain([name], (f"{name[: MAX_NAME_CHARACTERS - 4]} {number}" for number in count(2)))
    return next(candidate for candidate in names if candidate.casefold() not in taken)


def _locked(account: Account, request_id: UUID | str) -> SetupRequest:
    # Not joined with the connection, which may be none and so cannot be locked.
    requests = SetupRequest.objects.for_account(account).defer(*LARGE).select_for_update()
    return requests.get_or_404(id=request_id)


def _save(
    request: SetupRequest, event: str, *, actor: Actor, now: datetime, **details: str
) -> None:
    request.updated_at = now
    request.save()
    _record(request, event, actor=actor, now=now, **details)


def _record(
    request: SetupRequest, event: str, *, actor: Actor, now: datetime, **details: str
) -> None:
    record_event(
        account=request.account,
        actor=actor,
        event=event,
        subject=request,
        details={"name": request.name, **details},
        now=now,
    )


def _sealed(request: SetupRequest, values: Mapping[str, str]) -> bytes | None:
    for name, value in values.items():
        require_keepable(name, value, name_pointer="", value_pointer=f"/{name}")
    secrets = json.dumps(dict(values)).encode()
    return request.account.vault.seal(secrets, purpose=SECRETS_PURPOSE) if values else None


def _opened(request: SetupRequest, sealed: bytes | memoryview | None) -> dict[str, str]:
    if sealed is None:
        return {}
    opened = request.account.vault.open(bytes(sealed), purpose=SECRETS_PURPOSE)
    secrets: dict[str, str] = json.loads(opened)
    return secrets


def _keep_file(request: SetupRequest, file: UploadedFile) -> None:
    if len(file.content) > MAX_FILE_BYTES:
        raise CorrectInput(Problem("/file", "too_large", "The file is larger than 5 MB."))
    if not (file.content.startswith(b"%PDF-") or _is_text(file.content)):
        detail = "This is neither a PDF nor a text file: save it as one of those."
        raise CorrectInput(Problem("/file", "file_type", detail))
    request.file_name = _file_name(file.name)
    request.file_sealed = request.account.vault.seal(file.content, purpose=FILE_PURPOSE)


def _is_text(content: bytes) -> bool:
    try:
        return "\0" not in content.decode()
    except UnicodeDecodeError:
        return False


def _file_name(name: str) -> str:
    printable = "".join(one for one in name if one.isprintable() and one not in '/\\"')
    return printable[-MAX_FILE_NAME_CHARACTERS:].strip() or "documentation"


def _documentation(request: SetupRequest, file_url: str) -> list[DocumentationLink]:
    answer = request.document.documentation
    links = [DocumentationLink(url=answer.url)] if answer and answer.url else []
    if request.file_name:
        links.append(DocumentationLink(title=request.file_name, url=file_url))
    return links
