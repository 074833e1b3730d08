"""Tells people by mail when sending over a connection stops, and when it goes on."""

import logging
from datetime import datetime
from smtplib import SMTPException
from typing import Literal
from uuid import UUID

from celery import current_app
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.core.validators import validate_email
from django.db.models import Q
from django.template.loader import render_to_string
from kombu.exceptions import OperationalError

from accounts.permissions import Role
from accounts.selectors import emails_of
from delivery.breaker import FAILURES_TO_OPEN, Cause
from delivery.models import Outage

TELL_TASK = "delivery.tell_outage"

logger = logging.getLogger(__name__)

Event = Literal["opened", "refused", "closed"]
_SUBJECTS: dict[Event, str] = {
    "opened": "{connection}: sending stopped",
    "refused": "{connection}: somebody has to act",
    "closed": "{connection}: sending goes on",
}


def ask_to_tell(outage_id: UUID) -> None:
    """Have a worker tell of this outage; when Redis is away, the sweep asks again later."""
    try:
        current_app.send_task(TELL_TASK, args=[str(outage_id)], retry=False)
    except OperationalError:
        logger.warning("Redis is away: outage %s is told of later", outage_id)


def tell_outage(outage_id: UUID, *, now: datetime) -> None:
    """Send what was not told yet of this outage: one mail when it opened, one when it closed.

    One that came to need people, though its first mail said that it does not, says that as well.
    """
    # A worker is told the outage's id alone: which account it is of stands in the row.
    outage = Outage.unscoped.select_related("account", "connection").get(id=outage_id)
    if not _is_told(outage, "opened", now):
        return
    if outage.closed_at is not None:
        _is_told(outage, "closed", now)
    elif outage.cause == Cause.CONFIGURATION:
        _is_told(outage, "refused", now)


def tell_forgotten(*, now: datetime) -> None:
    """Tell of all outages of which nobody was told: a task was lost, or the mail server away."""
    closed = Q(closed_at__isnull=False, told_closed_at=None)
    refused = Q(closed_at=None, cause=Cause.CONFIGURATION, told_refused_at=None)
    forgotten = Outage.unscoped.filter(Q(told_opened_at=None) | refused | closed)
    for outage_id in forgotten.order_by("opened_at").values_list("id", flat=True):
        tell_outage(outage_id, now=now)


def _is_told(outage: Outage, event: Event, now: datetime) -> bool:
    """Send the mail unless it was sent; only the one who marks it as sent sends it."""
    column = f"told_{event}_at"
    columns = [column]
    if event == "opened" and outage.cause == Cause.CONFIGURATION:
        columns.append("told_refused_at")  # the same mail says it
    row = Outage.unscoped.filter(id=outage.id)
    if not row.filter(**{column: None}).update(**dict.fromkeys(columns, now)):
        return True
    try:
        _mail(outage, event).send()
    except (SMTPException, OSError) as refused:
        row.update(**dict.fromkeys(columns))
        logger.warning("outage %s is told of later: %s", outage.id, type(refused).__name__)
        return False
    return True


def _mail(outage: Outage, event: Event) -> EmailMessage:
    page = {"outage": outage, "failures": FAILURES_TO_OPEN}
    return EmailMessage(
        subject=_SUBJECTS[event].format(connection=outage.connection.name),
        body=render_to_string(f"delivery/mail/outage_{event}.txt", page),
        to=_recipients(outage),
    )


def _recipients(outage: Outage) -> list[str]:
    """Return the addresses of the account's managers and of the connection's contacts."""
    managers = emails_of(account=outage.account, role=Role.ACCOUNT_MANAGER)
    contacts = (contact.get("email", "") for contact in outage.connection.contacts)
    return list(dict.fromkeys([*managers, *filter(_is_address, contacts)]))


def _is_address(text: str) -> bool:
    try:
        validate_email(text)
    except ValidationError:
        return False
    return True
