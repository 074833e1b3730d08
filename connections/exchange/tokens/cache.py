"""Access tokens: fetched once however many wait, and kept until shortly before expiry."""

import asyncio
import hashlib
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

import httpx

from connections.exchange.config import Outcome
from connections.exchange.echoes import spoken_secrets, without_secrets
from connections.exchange.egress import EgressCode, EgressError, Progress, send
from connections.exchange.request import PreparedRequest
from connections.exchange.tokens.answers import Token, TokenAnswers, TokenFailure

FETCH_SECONDS = 10.0
EXPIRY_MARGIN_SECONDS = 60.0
MAX_TOKENS = 4_096


@dataclass(frozen=True, slots=True)
class Grant:
    """A refresh token that somebody set; what has become of it since, only its keeper knows."""

    refresh_token: str
    secret: str
    """The name of the secret that holds it."""
    address: str
    """The `host:port` that it is sent to."""
    asked: str
    """The fingerprint of the token request, as it is with this refresh token."""
    refused: str | None = None
    """The access token that does not do any more."""


Fetch = Callable[[], Awaitable[Token | TokenFailure]]
FetchWith = Callable[[str], Awaitable[Token | TokenFailure]]
Renew = Callable[[Grant, FetchWith], Awaitable[Token | TokenFailure]]
"""Gets an access token for a grant with its newest refresh token, and keeps what replaces that.

Many vendors let each refresh token be used once, so whoever keeps them lets one fetch at a time
happen, and gives what it brings to all who wait.
"""


class TokenCache:
    """The tokens of this process. Only plain values outlive a fetch, so any loop may use it."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kept: dict[str, tuple[float, Token]] = {}
        self._running: dict[str, asyncio.Task[Token | TokenFailure]] = {}

    async def get(self, key: str, fetch: Fetch) -> Token | TokenFailure:
        """Return the kept token, or what one fetch for all who wait brings.

        A failure is not kept: the next who asks tries again.
        """
        expires, token = self._kept.get(key, (0.0, None))
        if token is not None and expires > self._clock():
            return token
        task = self._running.get(key)
        if task is None or task.get_loop() is not asyncio.get_running_loop():
            task = self._running[key] = asyncio.create_task(self._fetch(key, fetch))
        return await asyncio.shield(task)  # one who gives up does not take it from the others

    def drop(self, key: str, token: Token) -> None:
        """Forget a token that the receiver refused, unless a newer one took its place."""
        if self._kept.get(key, (0.0, None))[1] is token:
            del self._kept[key]

    async def finish(self, *, seconds: float) -> None:
        """Wait so long for the fetches of this loop: what they bring may have to be kept."""
        loop = asyncio.get_running_loop()
        if running := [task for task in self._running.values() if task.get_loop() is loop]:
            await asyncio.wait(running, timeout=seconds)

    async def _fetch(self, key: str, fetch: Fetch) -> Token | TokenFailure:
        try:
            result = await fetch()
        finally:
            self._running.pop(key, None)
        if isinstance(result, Token):
            if len(self._kept) >= MAX_TOKENS:
                self._kept.clear()
            self._kept[key] = (
                self._clock() + result.lifetime_seconds - EXPIRY_MARGIN_SECONDS,
                result,
            )
        return result


PROCESS_TOKENS = TokenCache()
"""Shared by all exchanges of a worker, which outlives its event loops."""


def fingerprint_of(request: PreparedRequest) -> str:
    """Return what tells a token request with its credentials from every other."""
    parts = repr((request.url, request.headers, request.body))
    return hashlib.sha256(parts.encode("utf-8", "surrogatepass")).hexdigest()


async def fetch_token(
    transport: httpx.AsyncBaseTransport,
    request: PreparedRequest,
    *,
    pool: str,
    secrets: Mapping[str, str],
    answers: TokenAnswers,
) -> Token | TokenFailure:
    """Ask the token address for a token. *Source* RFC 6749 §4.4, §5, §6."""
    deadline = asyncio.get_running_loop().time() + FETCH_SECONDS
    try:
        received = await send(transport, request, pool=pool, deadline=deadline, progress=Progress())
    except EgressError as error:
        held = error.code in (EgressCode.BLOCKED_ADDRESS, EgressCode.INVALID_URL)
        return TokenFailure(
            Outcome.HOLD if held else Outcome.RETRY,
            f"token_{error.code}",
            f"no access token: {error.detail}",
        )
    if received.broken:
        return TokenFailure(
            Outcome.RETRY, "token_disconnected", "no access token: the answer broke off"
        )
    if token := answers.token(received.response):
        return token
    return answers.failure(without_secrets(received.response, spoken_secrets(secrets, request)))
