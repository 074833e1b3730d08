"""Answers a POST that carries an Idempotency-Key once, and gives the same answer again.

The answer is stored in the transaction that does the work, so that there is never one
without the other; whoever brings the same key meanwhile waits for its end.
"""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, Concatenate, ParamSpec, Self, TypeVar, cast
from uuid import UUID

import orjson
from django.db import connection, transaction
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.account_api import AccountViewSet
from accounts.errors import CorrectInput, Problem
from accounts.models import Account, IdempotentRequest

KEPT_FOR = timedelta(hours=24)
MAX_KEY_CHARACTERS = 255
REPLAYED_HEADER = "Idempotent-Replayed"
PURPOSE = "idempotent answer"

KEY_PARAMETER = OpenApiParameter(
    "Idempotency-Key",
    str,
    OpenApiParameter.HEADER,
    description=(
        "Any text of up to 255 characters. The same key with the same request within 24 hours"
        " gives the first answer again and creates nothing twice; with another request it is"
        " refused (422)."
    ),
)

P = ParamSpec("P")
ViewSetT = TypeVar("ViewSetT", bound=AccountViewSet)
Handler = Callable[Concatenate[ViewSetT, Request, P], Response]


@dataclass(frozen=True, slots=True)
class OnceKey:
    """What is to be done once: the client's key, and what it asks for under it."""

    key: str
    route: str
    request_digest: bytes

    @classmethod
    def of(cls, request: Request) -> Self | None:
        """Return the request's key, if it has one. Raises: CorrectInput when it is malformed."""
        key = request.headers.get("Idempotency-Key")
        if key is None:
            return None
        if not 0 < len(key) <= MAX_KEY_CHARACTERS or not key.isprintable():
            raise CorrectInput(
                Problem(
                    "",
                    "idempotency_key",
                    f"Idempotency-Key must have 1 to {MAX_KEY_CHARACTERS} printable characters.",
                )
            )
        digest = hashlib.sha256(request.body).digest()
        return cls(key=key, route=request.path[:255], request_digest=digest)


def idempotent(handler: Handler[ViewSetT, P]) -> Handler[ViewSetT, P]:
    """Let a creating action of an account's resource honour Idempotency-Key."""

    @wraps(handler)
    def once(self: ViewSetT, request: Request, *args: P.args, **kwargs: P.kwargs) -> Response:
        account = self.access.account
        return answer_once(
            OnceKey.of(request),
            asker=account.id,
            accounts=[account],
            now=self.now,
            answer=lambda: (handler(self, request, *args, **kwargs), account),
        )

    return cast("Handler[ViewSetT, P]", extend_schema(parameters=[KEY_PARAMETER])(once))


def answer_once(
    once: OnceKey | None,
    *,
    asker: UUID,
    accounts: Iterable[Account],
    now: datetime,
    answer: Callable[[], tuple[Response, Account]],
) -> Response:
    """Return the answer that one of the accounts keeps under this key, else make and keep it.

    `asker` is whose keys are told apart. An error is not kept: the next try starts afresh.

    Raises: CorrectInput when the key came with another request before.
    """
    if once is None:
        return answer()[0]
    with transaction.atomic():
        _wait_for_others(asker, once)
        kept = _kept(once, accounts, now)
        if kept is not None:
            return _replayed(kept, once)
        response, owner = answer()
        _keep(response, once, owner, now)
        return response


def _wait_for_others(asker: UUID, once: OnceKey) -> None:
    with connection.cursor() as cursor:
        name = f"{asker} {once.route} {once.key}"
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])


def _kept(once: OnceKey, accounts: Iterable[Account], now: datetime) -> IdempotentRequest | None:
    for account in accounts:
        requests = IdempotentRequest.objects.for_account(account)
        requests.filter(created_at__lte=now - KEPT_FOR).delete()
        kept = requests.filter(key=once.key, route=once.route).select_related("account").first()
        if kept is not None:
            return kept
    return None


def _replayed(kept: IdempotentRequest, once: OnceKey) -> Response:
    if bytes(kept.request_digest) != once.request_digest:
        raise CorrectInput(
            Problem(
                "",
                "idempotency_key_reused",
                "This Idempotency-Key came with another body before: send a new key with a new"
                " request.",
            )
        )
    stored = orjson.loads(
        kept.account.vault.open(bytes(kept.response_sealed or b""), purpose=PURPOSE)
    )
    return Response(
        stored["data"],
        status=kept.response_status,
        headers=stored["headers"] | {REPLAYED_HEADER: "true"},
    )


def _keep(response: Response, once: OnceKey, owner: Account, now: datetime) -> None:
    stored: dict[str, Any] = {"headers": dict(response.headers), "data": response.data}
    IdempotentRequest.objects.for_account(owner).create(
        account=owner,
        key=once.key,
        route=once.route,
        request_digest=once.request_digest,
        response_status=response.status_code,
        response_sealed=owner.vault.seal(JSONRenderer().render(stored), purpose=PURPOSE),
        created_at=now,
    )
