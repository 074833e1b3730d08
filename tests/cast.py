"""The people of every test: those who may, those who may only read, and a stranger."""

from dataclasses import dataclass
from datetime import UTC, datetime

from django.test import Client

from accounts.access import Actor
from accounts.models import Account, User
from accounts.permissions import Permission, Role
from accounts.services import add_member, create_account, create_user, issue_token

BEGINNING = datetime(2026, 11, 1, tzinfo=UTC)
NOBODY = Actor(label="the stage manager")
PASSWORD = "a password for tests"


@dataclass(frozen=True)
class Cast:
    """Account `acme` with one member per role, and account `rival` with a manager of its own."""

    account: Account
    rival: Account
    manager: User
    advertiser: User
    operator: User
    viewer: User
    outsider: User

    @property
    def actor(self) -> Actor:
        return Actor.person(self.manager)

    def token(self, *scopes: Permission | str) -> str:
        """Return a token of acme with these scopes; with none given, with all."""
        return _token(self.account, scopes)

    def rival_token(self, *scopes: Permission | str) -> str:
        return _token(self.rival, scopes)

    def authorization(self, *scopes: Permission | str) -> dict[str, str]:
        """Return the keyword arguments that make Django's test client send acme's token."""
        return {"HTTP_AUTHORIZATION": f"Bearer {self.token(*scopes)}"}

    def rival_authorization(self, *scopes: Permission | str) -> dict[str, str]:
        return {"HTTP_AUTHORIZATION": f"Bearer {self.rival_token(*scopes)}"}


def make_cast() -> Cast:
    acme = create_account(name="Acme Energy", slug="acme", actor=NOBODY, now=BEGINNING)
    rival = create_account(name="Rival Solar", slug="rival", actor=NOBODY, now=BEGINNING)
    people = {role: _person(acme, role.value.replace("_", " "), role) for role in Role}
    return Cast(
        account=acme,
        rival=rival,
        manager=people[Role.ACCOUNT_MANAGER],
        advertiser=people[Role.ADVERTISER],
        operator=people[Role.OPERATOR],
        viewer=people[Role.VIEWER],
        outsider=_person(rival, "outsider", Role.ACCOUNT_MANAGER),
    )


def client_of(user: User) -> Client:
    """Return the browser of this person, signed in."""
    client = Client()
    client.force_login(user)
    return client


def _person(account: Account, name: str, role: Role) -> User:
    email = f"{name.replace(' ', '.')}@{account.slug}.example"
    user = create_user(email=email, name=name.title(), password=PASSWORD, now=BEGINNING)
    add_member(account=account, user=user, role=role, actor=NOBODY, now=BEGINNING)
    return user


def _token(account: Account, scopes: tuple[Permission | str, ...]) -> str:
    wanted = [Permission(scope) for scope in scopes] or list(Permission)
    now = datetime.now(UTC)
    text, _ = issue_token(name="a client", account=account, scopes=wanted, actor=NOBODY, now=now)
    return text
