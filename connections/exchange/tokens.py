"""OAuth 2.0 access tokens: fetched once however many wait, and kept until shortly before expiry."""

import asyncio
import hashlib
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

import httpx

from connections.exchange.config import Outcome
from connections.exchange.echoes import spoken_secrets, without_secrets
from connections.exchange.egress import EgressCode, EgressError, Progress, send
from connections.exchange.request import PreparedRequest
from connections.exchange.responses import Reading, ReceivedResponse

FETCH_SECONDS = 10.0
EXPIRY_MARGIN_SECONDS = 60.0
DEFAULT_LIFETIME_SECONDS = 300.0
MAX_LIFETIME_SECONDS = 86_400.0
MAX_TOKENS = 4_096
_TOKEN = re.compile(r"[!-~]{1,8000}")
_SENT_AGAIN = frozenset({408, 425, 429})


@dataclass(frozen=True, slots=True)
class Token:
    value: str
    lifetime_seconds: float


@dataclass(frozen=True, slots=True)
class TokenFailure:
    """Why there is no token, and what that means for the referral: hold or retry."""

    outcome: Outcome
    code: str
    detail: str


Fetch = Callable[[], Awaitable[Token | TokenFailure]]


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


def token_key(pool: str, request: PreparedRequest) -> str:
    """Return what a token belongs to: one pool, and one token request with its credentials."""
    fingerprint = hashlib.sha256(
        repr((request.url, request.headers, request.body)).encode("utf-8", "surrogatepass")
    )
    return f"{pool} {fingerprint.hexdigest()}"


async def fetch_token(
    transport: httpx.AsyncBaseTransport,
    request: PreparedRequest,
    *,
    pool: str,
    secrets: Mapping[str, str],
) -> Token | TokenFailure:
    """Ask the token address for a token. *Source* RFC 6749 §4.4, §5."""
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
    return _read(without_secrets(received.response, spoken_secrets(secrets, request)))


def _read(response: ReceivedResponse) -> Token | TokenFailure:
    document = Reading(response).json
    answer = document if isinstance(document, dict) else {}
    value = answer.get("access_token")
    if response.status < 300 and isinstance(value, str) and _TOKEN.fullmatch(value):
        return Token(value, _lifetime(answer.get("expires_in")))
    said = f"the token address answered {response.status}"
    if response.status >= 500 or response.status in _SENT_AGAIN:
        return TokenFailure(Outcome.RETRY, "token_unavailable", said)
    if response.status < 400:
        detail = f"{said} without an access token: check the token URL"
    else:
        error = answer.get("error")
        cause = f": {error[:100]}" if isinstance(error, str) and error.isprintable() else ""
        detail = f"{said}{cause}. Check the client ID and secret"
    return TokenFailure(Outcome.HOLD, "token_refused", detail)


def _lifetime(value: object) -> float:
    try:
        seconds = float(str(value))
    except ValueError:
        return DEFAULT_LIFETIME_SECONDS
    # Written so that NaN falls to the default too.
    return min(seconds, MAX_LIFETIME_SECONDS) if seconds >= 0 else DEFAULT_LIFETIME_SECONDS
