"""Reads: which accounts somebody reaches, and with what right."""

from datetime import datetime

from django.db.models import QuerySet

from accounts import tokens
from accounts.access import Access, Actor
from accounts.errors import LookElsewhere
from accounts.models import Account, ApiToken, Membership, User
from accounts.permissions import ROLE_PERMISSIONS, Permission, Role


def accounts_of_user(user: User) -> QuerySet[Account]:
    return Account.objects.filter(id__in=_memberships(user).values("account_id"))


def memberships_of_user(user: User) -> QuerySet[Membership]:
    """Return this person's memberships with their accounts, by the account's name."""
    return _memberships(user).select_related("account").order_by("account__name")


def accounts_of_token(token: ApiToken) -> QuerySet[Account]:
    """Return the token's account, or all that its account manager looks after."""
    if token.account_id is not None:
        return Account.objects.filter(id=token.account_id)
    managed = _memberships(token.user).filter(role=Role.ACCOUNT_MANAGER)
    return Account.objects.filter(id__in=managed.values("account_id"))


def access_for_user(*, user: User, slug: str) -> Access:
    """Raises `LookElsewhere` for a stranger, as if the account did not exist."""
    membership = _memberships(user).filter(account__slug=slug).select_related("account").first()
    if membership is None:
        raise LookElsewhere("There is no such account.")
    return Access(
        account=membership.account,
        actor=Actor.person(user),
        permissions=ROLE_PERMISSIONS[Role(membership.role)],
    )


def access_for_token(*, token: ApiToken, slug: str) -> Access:
    """Raises `LookElsewhere` when the token does not reach that account."""
    # A token's own account came with it: referrals are handed in at one statement less.
    account = token.account or accounts_of_token(token).filter(slug=slug).first()
    if account is None or account.slug != slug:
        raise LookElsewhere("There is no such account.")
    return Access(
        account=account,
        actor=Actor.client(token),
        permissions=frozenset(Permission(scope) for scope in token.scopes),
    )


def token_by_text(text: str, *, now: datetime) -> ApiToken | None:
    """Return the token that may be used now, or None."""
    if not tokens.looks_like_token(text):
        return None
    token = (
        ApiToken.objects.select_related("user", "account")
        .filter(digest=tokens.digest(text), revoked_at__isnull=True, expires_at__gt=now)
        .first()
    )
    return None if token and token.user and not token.user.is_active else token


def people_who_may(*, account: Account, permission: Permission) -> list[str]:
    """Return the names of members with this right, to say who can be asked."""
    roles = [role for role, permissions in ROLE_PERMISSIONS.items() if permission in permissions]
    members = Membership.objects.for_account(account).filter(role__in=roles, user__is_active=True)
    return list(members.order_by("user__name").values_list("user__name", flat=True))


def emails_of(*, account: Account, role: Role) -> list[str]:
    """Return the addresses of the active members with this role."""
    members = Membership.objects.for_account(account).filter(role=role, user__is_active=True)
    return list(members.order_by("user__email").values_list("user__email", flat=True))


def _memberships(user: User | None) -> QuerySet[Membership]:
    # Who somebody is precedes which account is meant: the one read across accounts.
    return Membership.unscoped.filter(user=user)
