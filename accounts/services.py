"""Writes: accounts, people, tokens, and the audit trail that every service keeps."""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, models, transaction
from uuid_utils.compat import uuid7

from accounts import tokens
from accounts.access import Actor
from accounts.errors import CorrectInput, Problem
from accounts.models import MAX_RETENTION_DAYS, Account, ApiToken, AuditEvent, Membership, User
from accounts.permissions import DEFAULT_TOKEN_SCOPES, Permission, Role

SLUG_FORM = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
DEFAULT_TOKEN_LIFETIME = timedelta(days=90)
LAST_USED_PRECISION = timedelta(minutes=1)


def record_event(
    *,
    account: Account,
    actor: Actor,
    event: str,
    subject: models.Model,
    now: datetime,
    details: Mapping[str, object] | None = None,
) -> None:
    """Write down who did what; called by every service inside its transaction.

    `event` is `noun.verbed`. `details` never holds a secret or personal data of a lead.
    """
    AuditEvent(
        account=account,
        event=event,
        actor_user_id=actor.user_id,
        actor_token_id=actor.token_id,
        actor_label=actor.label,
        subject_type=str(subject._meta.model_name),  # noqa: SLF001  Django's API by use
        subject_id=str(subject.pk),
        details=dict(details or {}),
        occurred_at=now,
    ).save(force_insert=True)


@transaction.atomic
def create_account(*, name: str, slug: str, actor: Actor, now: datetime) -> Account:
    """Raises `CorrectInput` when the name is empty or the slug malformed or taken.

    A person who creates an account becomes its account manager.
    """
    name = _checked_name(name)
    if not SLUG_FORM.fullmatch(slug) or len(slug) > 60:
        raise CorrectInput(
            Problem(
                "/slug", "malformed", "Write the slug in small letters, digits and single hyphens."
            )
        )
    account_id = uuid7()
    account = Account(
        id=account_id,
        name=name,
        slug=slug,
        wrapped_key=settings.KEY_RING.new_wrapped_key(account_id),
        created_at=now,
    )
    try:
        with transaction.atomic():
            account.save(force_insert=True)
    except IntegrityError as taken:
        raise CorrectInput(
            Problem("/slug", "taken", f'The slug "{slug}" is taken. Choose another.')
        ) from taken
    record_event(account=account, actor=actor, event="account.created", subject=account, now=now)
    if actor.user_id is not None:
        manager = User.objects.get(id=actor.user_id)
        add_member(account=account, user=manager, role=Role.ACCOUNT_MANAGER, actor=actor, now=now)
    return account


@transaction.atomic
def change_account(
    *,
    account: Account,
    actor: Actor,
    now: datetime,
    name: str | None = None,
    retention_days: int | None = None,
    personal_data_days: int | None = None,
) -> Account:
    """Change what is given; what is None stays.

    *Raises*: CorrectInput when people would be known longer than their referrals are kept.
    *Effects*: audit event `account.changed`; what is older than allowed goes within a day.
    """
    account = Account.objects.select_for_update().get(pk=account.pk)
    given = {
        "name": None if name is None else _checked_name(name),
        "retention_days": retention_days,
        "personal_data_days": personal_data_days,
    }
    changes = {
        field: value
        for field, value in given.items()
        if value is not None and value != getattr(account, field)
    }
    details = {
        field: {"from": getattr(account, field), "to": value} for field, value in changes.items()
    }
    for field, value in changes.items():
        setattr(account, field, value)
    _check_retention(account)
    if changes:
        account.save(update_fields=[*changes])
        record_event(
            account=account,
            actor=actor,
            event="account.changed",
            subject=account,
            details=details,
            now=now,
        )
    return account


def _check_retention(account: Account) -> None:
    for field in ("retention_days", "personal_data_days"):
        if not 1 <= getattr(account, field) <= MAX_RETENTION_DAYS:
            detail = f"Write a number of days from 1 to {MAX_RETENTION_DAYS:,}."
            raise CorrectInput(Problem(f"/{field}", "out_of_range", detail))
    if account.personal_data_days > account.retention_days:
        detail = (
            f"Referrals are kept for {account.retention_days} days, and the people in them cannot"
            " be known for longer: write fewer days here or more for retention_days."
        )
        raise CorrectInput(Problem("/personal_data_days", "longer_than_retention", detail))


def create_user(*, email: str, name: str, password: str, now: datetime) -> User:
    """Raises `CorrectInput` for a bad email, a known one or a weak password."""
    email = email.strip().lower()
    user = User(email=email, name=_checked_name(name), created_at=now)
    _check("/email", validate_email, email)
    _check("/password", validate_password, password, user)
    user.set_password(password)
    try:
        with transaction.atomic():
            user.save(force_insert=True)
    except IntegrityError as known:
        raise CorrectInput(
            Problem("/email", "taken", "Somebody with this email has a login already.")
        ) from known
    return user


@transaction.atomic
def add_member(
    *, account: Account, user: User, role: Role, actor: Actor, now: datetime
) -> Membership:
    """Make the user a member with this role; one who is already a member gets the role."""
    member = Membership.objects.for_account(account).filter(user=user).first()
    if member is None:
        member = Membership(account=account, user=user, role=role, created_at=now)
        member.save(force_insert=True)
    elif member.role != role:
        member.role = role
        member.save(update_fields=["role"])
    else:
        return member
    record_event(
        account=account,
        actor=actor,
        event="member.added",
        subject=member,
        details={"user": str(user.id), "role": role},
        now=now,
    )
    return member


@transaction.atomic
def issue_token(
    *,
    name: str,
    actor: Actor,
    now: datetime,
    account: Account | None = None,
    user: User | None = None,
    scopes: Iterable[Permission] | None = None,
    expires_at: datetime | None = None,
) -> tuple[str, ApiToken]:
    """Return the token's text, which is shown this once, and its row.

    It is of an account, or of an account manager and then for all accounts that they look
    after. Without scopes it may do everything but administer and read personal data.
    """
    text = tokens.new_token()
    token = ApiToken(
        account=account,
        user=user,
        name=_checked_name(name),
        digest=tokens.digest(text),
        scopes=sorted(DEFAULT_TOKEN_SCOPES if scopes is None else scopes),
        created_at=now,
        expires_at=expires_at or now + DEFAULT_TOKEN_LIFETIME,
    )
    token.save(force_insert=True)
    if account is not None:
        record_event(
            account=account,
            actor=actor,
            event="token.issued",
            subject=token,
            details={"name": token.name, "scopes": token.scopes},
            now=now,
        )
    return text, token


def note_token_use(*, token: ApiToken, now: datetime) -> None:
    """Remember when a token was used, to the minute, so that a busy one costs no writes."""
    if token.last_used_at is None or now - token.last_used_at > LAST_USED_PRECISION:
        ApiToken.objects.filter(id=token.id).update(last_used_at=now)


def _check(pointer: str, validate: Callable[..., object], *values: object) -> None:
    try:
        validate(*values)
    except ValidationError as refused:
        problems = (Problem(pointer, "invalid", sentence) for sentence in refused.messages)
        raise CorrectInput(*problems) from refused


def _checked_name(name: str) -> str:
    name = name.strip()
    if not 0 < len(name) <= 100:
        raise CorrectInput(Problem("/name", "length", "Enter a name of 1 to 100 characters."))
    if not name.isprintable():
        detail = "The name holds a character that cannot be shown: remove it."
        raise CorrectInput(Problem("/name", "control_character", detail))
    return name
