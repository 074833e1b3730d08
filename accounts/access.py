"""Who acts, for which account, with what right: passed on as one argument."""

from dataclasses import dataclass
from typing import Self
from uuid import UUID

from accounts.errors import AskAPermittedPerson
from accounts.models import Account, ApiToken, User
from accounts.permissions import Permission


@dataclass(frozen=True, slots=True)
class Actor:
    """The person or token behind a change, and how the record names them."""

    label: str
    user_id: UUID | None = None
    token_id: UUID | None = None

    @classmethod
    def person(cls, user: User) -> Self:
        return cls(label=user.name, user_id=user.id)

    @classmethod
    def client(cls, token: ApiToken) -> Self:
        return cls(label=f'token "{token.name}"', user_id=token.user_id, token_id=token.id)


@dataclass(frozen=True, slots=True)
class Access:
    account: Account
    actor: Actor
    permissions: frozenset[Permission]

    def allows(self, permission: Permission) -> bool:
        return permission in self.permissions

    def require(self, permission: Permission) -> None:
        """Raise `AskAPermittedPerson` unless the actor may do this here."""
        if permission not in self.permissions:
            raise AskAPermittedPerson(
                f"{self.actor.label} lacks the right {permission} in {self.account.name}."
            )
