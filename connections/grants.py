"""Who may use a refresh token, one process at a time, and what becomes of it: kept for all."""

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import UUID

import orjson
from django.db import InterfaceError, OperationalError, transaction
from django.db import connection as database
from django.utils import timezone

from accounts.access import Actor
from accounts.models import Account
from accounts.services import record_event
from accounts.tenancy import TenantQuerySet
from accounts.vault import Vault
from connections.exchange.config import Outcome
from connections.exchange.tokens import EXPIRY_MARGIN_SECONDS, FetchWith, Grant, Token, TokenFailure
from connections.models import TokenGrant
from connections.secrets import grant_digest

PURPOSE = "token grant"
ACTOR = Actor(label="token address")
# Longer than a fetch may take, so that it runs out only when its process is dead.
TURN = timedelta(seconds=20)
PATIENCE_SECONDS = 30.0
LOOK_AGAIN_SECONDS = 0.25
KEEP_TRYING_SECONDS = 60.0
_AWAY = (OperationalError, InterfaceError)

Result = TypeVar("Result")
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Kept:
    """What is sealed; `expires_at` is in Unix seconds."""

    refresh_token: str
    access_token: str = ""
    expires_at: float = 0.0
    asked: str = ""
    """How the access token was asked for: one for other scopes is no use."""

    def token(self, grant: Grant, now: datetime) -> Token | None:
        """Return the access token, if it is good for a while and was not refused."""
        seconds = self.expires_at - now.timestamp()
        is_wanted = self.asked == grant.asked and self.access_token != grant.refused
        is_good = is_wanted and seconds > EXPIRY_MARGIN_SECONDS
        return Token(self.access_token, seconds) if is_good else None

    def after(self, grant: Grant, token: Token, now: datetime) -> "_Kept":
        return _Kept(
            refresh_token=token.refresh_token or self.refresh_token,
            access_token=token.value,
            expires_at=now.timestamp() + token.lifetime_seconds,
            asked=grant.asked,
        )

    def sealed_in(self, vault: Vault) -> bytes:
        return vault.seal(orjson.dumps(asdict(self)), purpose=PURPOSE)


@dataclass(frozen=True, slots=True)
class _Turn:
    """The right to use a refresh token for a while."""

    grant_id: UUID
    refresh_token: str
    until: datetime


class GrantKeeper:
    """Renews the access tokens of one connection: what `perform` takes as `renew`.

    One process at a time has its turn with a refresh token, which a row says, for no transaction
    is open while the token address is asked. It keeps what it got, refresh token and access token,
    and whoever waited takes the latter. What is kept belongs to the refresh token that somebody
    set, whichever environments and versions it is set for; setting another one begins anew.

    A process killed between the answer of the token address and our commit takes with it the
    refresh token that it was given. No order of steps can prevent that: only the vendor can, who
    takes the old one for a while longer (some do). Else the next request is refused, the
    deliveries wait, and people are told that access must be authorised again.
    """

    def __init__(self, *, account_id: UUID, connection_id: UUID) -> None:
        self._account_id = account_id
        self._connection_id = connection_id

    async def __call__(self, grant: Grant, fetch: FetchWith) -> Token | TokenFailure:
        patience_ends = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < patience_ends:
            found = await _in_a_thread(lambda: self._token_or_turn(grant))
            if isinstance(found, Token):
                return found
            if found is not None:
                return await self._use(found, grant, fetch)
            await asyncio.sleep(LOOK_AGAIN_SECONDS)
        detail = "no access token: another worker is asking for it, and that takes very long"
        return TokenFailure(Outcome.RETRY, "token_busy", detail)

    async def _use(self, turn: _Turn, grant: Grant, fetch: FetchWith) -> Token | TokenFailure:
        result = await fetch(turn.refresh_token)
        if isinstance(result, Token):
            await self._keep_in_the_end(turn, grant, result)
        else:
            with suppress(*_AWAY):  # the turn ends by itself
                await _in_a_thread(lambda: self._end(turn))
        return result

    async def _keep_in_the_end(self, turn: _Turn, grant: Grant, token: Token) -> None:
        """Keep it even if PostgreSQL is away just now: there is no second copy."""
        patience_ends = time.monotonic() + KEEP_TRYING_SECONDS
        while True:
            try:
                return await _in_a_thread(lambda: self._keep(turn, grant, token))
            except _AWAY:
                if time.monotonic() > patience_ends:
                    logger.exception("a refresh token is lost: PostgreSQL was away for too long")
                    return None
                await asyncio.sleep(1)

    @transaction.atomic
    def _token_or_turn(self, grant: Grant) -> Token | _Turn | None:
        """Return the token that is kept, else a turn, or None while somebody else has it."""
        account = self._account()
        row, _ = (
            self._rows(account)
            .select_for_update()
            .get_or_create(
                account=account,
                connection_id=self._connection_id,
                address=grant.address,
                digest=grant_digest(account.vault, grant.refresh_token),
                defaults={"sealed": _Kept(grant.refresh_token).sealed_in(account.vault)},
            )
        )
        now = timezone.now()
        kept = _opened(account.vault, row)
        if token := kept.token(grant, now):
            return token
        if row.busy_until and row.busy_until > now:
            return None
        row.busy_until = now + TURN
        row.save(update_fields=["busy_until"])
        return _Turn(row.id, kept.refresh_token, row.busy_until)

    @transaction.atomic
    def _keep(self, turn: _Turn, grant: Grant, token: Token) -> None:
        account, now = self._account(), timezone.now()
        row = self._rows(account).select_for_update().filter(id=turn.grant_id).first()
        if row is None:  # the connection was archived, or has another refresh token now
            return
        kept = _opened(account.vault, row)
        # Another one: our turn was over, and whoever came after us was quicker.
        if kept.refresh_token == turn.refresh_token:
            row.sealed = kept.after(grant, token, now).sealed_in(account.vault)
        if row.busy_until == turn.until:
            row.busy_until = None
        row.save(update_fields=["sealed", "busy_until"])
        if token.refresh_token not in (None, turn.refresh_token):
            record_event(
                account=account,
                actor=ACTOR,
                event="secret.rotated",
                subject=row.connection,
                details={"secret": grant.secret},
                now=now,
            )

    def _end(self, turn: _Turn) -> None:
        row = self._rows(self._account()).filter(id=turn.grant_id, busy_until=turn.until)
        row.update(busy_until=None)

    def _account(self) -> Account:
        return Account.objects.get(pk=self._account_id)

    def _rows(self, account: Account) -> TenantQuerySet[TokenGrant]:
        return TokenGrant.objects.for_account(account)


def _opened(vault: Vault, row: TokenGrant) -> _Kept:
    return _Kept(**orjson.loads(vault.open(bytes(row.sealed), purpose=PURPOSE)))


async def _in_a_thread(work: Callable[[], Result]) -> Result:
    def worked() -> Result:
        try:
            return work()
        finally:
            database.close()  # this thread's own

    return await asyncio.to_thread(worked)
