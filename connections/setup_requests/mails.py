"""Mails of set-up requests: the contact is reminded, the team is told when all was answered."""

import json
import logging
from datetime import datetime
from smtplib import SMTPException, SMTPRecipientsRefused
from uuid import UUID

from celery import current_app
from django.core.mail import EmailMessage
from django.db.models import Q
from django.template.loader import render_to_string
from kombu.exceptions import OperationalError

from accounts.permissions import Role
from accounts.selectors import emails_of
from connections.models import SetupRequest
from connections.setup_requests.selectors import LARGE, REMINDER_PURPOSE

MAIL_TASK = "connections.mail_setup_request"
_UNMAILED = Q(sent_at__isnull=False, told_at=None) | Q(reminder_sealed__isnull=False)

logger = logging.getLogger(__name__)


def ask_to_mail(request_id: UUID) -> None:
    """Have a worker mail what is due; when Redis is away, the sweep asks again later."""
    try:
        current_app.send_task(MAIL_TASK, args=[str(request_id)], retry=False)
    except OperationalError:
        logger.warning("Redis is away: mails of set-up request %s are sent later", request_id)


def mail_setup_request(request_id: UUID, *, now: datetime) -> None:
    """Mail what was not mailed yet of this request, if it still exists."""
    # A worker is told the request's id alone: which account it is of stands in the row.
    requests = SetupRequest.unscoped.select_related("account").defer(*LARGE)
    for request in requests.filter(_UNMAILED, id=request_id):
        if request.sent_at and request.told_at is None:
            _tell_team(request, now=now)
        if request.reminder_sealed is not None:
            _remind(request, bytes(request.reminder_sealed), now=now)


def mail_forgotten(*, now: datetime) -> None:
    """Mail what nobody did: a task was lost, or the mail server away."""
    for request_id in SetupRequest.unscoped.filter(_UNMAILED).values_list("id", flat=True):
        mail_setup_request(request_id, now=now)


def _tell_team(request: SetupRequest, *, now: datetime) -> None:
    """Mail the managers; only the one who marks it as told mails them."""
    row = SetupRequest.unscoped.filter(id=request.id)
    if not row.filter(told_at=None).update(told_at=now):
        return
    managers = emails_of(account=request.account, role=Role.ACCOUNT_MANAGER)
    if not _is_sent(_mail(request, "sent", f"{request.name}: the set-up is answered", managers)):
        row.update(told_at=None)


def _remind(request: SetupRequest, sealed: bytes, *, now: datetime) -> None:
    """Mail the contact, unless the link has ended; only the one who takes it mails it."""
    row = SetupRequest.unscoped.filter(id=request.id)
    taken = row.filter(reminder_sealed=sealed).update(reminder_sealed=None)
    if not taken or request.ends_at <= now:
        return
    reminder = json.loads(request.account.vault.open(sealed, purpose=REMINDER_PURPOSE))
    subject = f"{request.account.name} waits for you: set up {request.name}"
    mail = _mail(request, "reminder", subject, [reminder["email"]], link=reminder["link"])
    if not _is_sent(mail):
        row.filter(reminder_sealed=None, sent_at=None).update(reminder_sealed=sealed)


def _mail(
    request: SetupRequest, kind: str, subject: str, to: list[str], *, link: str = ""
) -> EmailMessage:
    page = {"setup": request, "link": link}
    body = render_to_string(f"setup/mail/{kind}.txt", page)
    return EmailMessage(subject=subject, body=body, to=to)


def _is_sent(mail: EmailMessage) -> bool:
    """Send it; tell whether there is no sense in sending it again."""
    try:
        mail.send()
    except SMTPRecipientsRefused:
        logger.warning("the mail server refuses every address of a mail of a set-up request")
    except (SMTPException, OSError) as refused:
        logger.warning("a mail of a set-up request is sent later: %s", type(refused).__name__)
        return False
    return True
