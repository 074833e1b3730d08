"""One exchange in order: render, fetch a token if one is needed, send, classify."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

import httpx

from connections.exchange.authorization import OAuth2
from connections.exchange.config import Environment, Outcome
from connections.exchange.context import Context
from connections.exchange.echoes import spoken_secrets, without_secrets
from connections.exchange.egress import EgressCode, EgressError, Progress, Received, Timings, send
from connections.exchange.endpoint import origin_of
from connections.exchange.rendering import (
    CompiledConfig,
    PreparedRequest,
    RenderError,
    ShownRequest,
    render,
    render_token_request,
)
from connections.exchange.responses import ReceivedResponse, Verdict, classify, unmatched
from connections.exchange.tokens import (
    PROCESS_TOKENS,
    Grant,
    Renew,
    Token,
    TokenCache,
    TokenFailure,
    fetch_token,
    fingerprint_of,
)

logger = logging.getLogger(__name__)

_HELD = frozenset({EgressCode.BLOCKED_ADDRESS, EgressCode.INVALID_URL})
"""Not the receiver's doing: somebody must mend the configuration."""


class TooLateError(Exception):
    """Nothing was sent: no request may leave as soon as it would have to."""


Pace = Callable[[float], Awaitable[None]]
"""Returns when a request may leave for the receiver, within so many seconds; each has its turn.

*Raises* TooLateError when none may by then.
"""


async def at_once(_patience_seconds: float) -> None:
    """Let requests leave as they come: the pace of a receiver that takes any number."""


@dataclass(frozen=True, slots=True)
class ExchangeError:
    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class Exchange:
    """One attempt as it is recorded; every secret in it is masked."""

    request: ShownRequest | None
    """None when no request could be built."""
    response: ReceivedResponse | None
    error: ExchangeError | None
    verdict: Verdict | None
    """None when the request could not be built: sending it again would not help."""
    timings: Timings
    started_at: datetime
    duration_ms: float


async def perform(
    compiled: CompiledConfig,
    *,
    environment: Environment,
    context: Context,
    secrets: Mapping[str, str],
    transport: httpx.AsyncBaseTransport,
    renew: Renew,
    tokens: TokenCache = PROCESS_TOKENS,
    pace: Pace = at_once,
) -> Exchange:
    """Carry one referral to its receiver, which begins at `context.now`, and say what came of it.

    `renew` gets access tokens where a refresh token brings them, for that may change each time.

    Never raises for anything that the configuration, the data or the receiver can do. The
    whole of it, from the token to the last byte, has the configuration's one deadline.

    *Raises* TooLateError when the first request may not leave in time: nothing was sent then.
    """
    timeout = compiled.config.delivery.timeout_seconds
    run = _Run(
        compiled=compiled,
        environment=environment,
        context=context,
        secrets=secrets,
        transport=transport,
        renew=renew,
        tokens=tokens,
        pace=pace,
        deadline=asyncio.get_running_loop().time() + timeout,
        now=context.now,
    )
    await run.to_the_end()
    return Exchange(
        request=run.request,
        response=run.response,
        error=run.error,
        verdict=run.verdict,
        timings=run.progress.timings(),
        started_at=context.now,
        duration_ms=round((time.perf_counter() - run.started) * 1_000, 3),
    )


@dataclass(frozen=True, slots=True)
class _Answer:
    """What came back, and what it means."""

    response: ReceivedResponse
    verdict: Verdict
    error: ExchangeError | None = None

    @property
    def refuses_token(self) -> bool:
        return self.response.status == 401 or self.verdict.refuses_token


class _NoTokenError(Exception):
    def __init__(self, failure: TokenFailure) -> None:
        super().__init__(failure.detail)
        self.failure = failure


@dataclass(slots=True)
class _Run:
    """One exchange while it happens: what is known so far of its record."""

    compiled: CompiledConfig
    environment: Environment
    context: Context
    secrets: Mapping[str, str]
    transport: httpx.AsyncBaseTransport
    renew: Renew
    tokens: TokenCache
    pace: Pace
    deadline: float
    now: datetime
    started: float = field(default_factory=time.perf_counter)
    progress: Progress = field(default_factory=Progress)
    request: ShownRequest | None = None
    response: ReceivedResponse | None = None
    error: ExchangeError | None = None
    verdict: Verdict | None = None

    @property
    def pool(self) -> str:
        return f"{self.context.connection_id} {self.environment.value}"

    async def to_the_end(self) -> None:
        try:
            answer = await self._send_authorized()
            self.response, self.error, self.verdict = answer.response, answer.error, answer.verdict
        except RenderError as error:
            self.error = ExchangeError(error.code, error.detail)
        except _NoTokenError as error:
            self._fail(error.failure.outcome, error.failure.code, error.failure.detail)
        except EgressError as error:
            outcome = Outcome.HOLD if error.code in _HELD else Outcome.RETRY
            self._fail(outcome, error.code.value, error.detail)
        except TooLateError:
            raise
        except Exception as error:  # noqa: BLE001 - an attempt is recorded whatever happens
            # The type only: message and traceback could hold personal data or a secret.
            logger.error("an exchange failed inside: %s", type(error).__name__)  # noqa: TRY400
            self._fail(Outcome.RETRY, "internal", "we failed to carry this out")

    async def _send_authorized(self) -> _Answer:
        oauth2 = self.compiled.oauth2
        if oauth2 is None:
            return await self._send(None)
        key, token = await self._token(oauth2)
        answer = await self._send(token)
        if answer.refuses_token:
            self.tokens.drop(key, token)
            _, token = await self._token(oauth2, refused=token)
            # Where there is no time for another the refusal stands; the next attempt has the token.
            with suppress(TooLateError):
                answer = await self._send(token)
        return answer

    async def _send(self, token: Token | None) -> _Answer:
        prepared = render(
            self.compiled,
            environment=self.environment,
            context=self.context,
            secrets=self.secrets,
            access_token=token.value if token else None,
        )
        await self.pace(self._patience_seconds())
        self.request = prepared.shown
        self.progress = Progress()
        received = await send(
            self.transport,
            prepared,
            pool=self.pool,
            deadline=self.deadline,
            progress=self.progress,
        )
        return self._judged(self._masked(received, prepared, token))

    def _patience_seconds(self) -> float:
        """Return how long a request may wait to leave: so that it has as long for its answer."""
        return (self.deadline - asyncio.get_running_loop().time()) / 2

    def _masked(
        self, received: Received, prepared: PreparedRequest, token: Token | None
    ) -> Received:
        # No secret is called so, for a name has no space.
        fetched = {"access token": token.value} if token else {}
        spoken = spoken_secrets({**self.secrets, **fetched}, prepared)
        return Received(without_secrets(received.response, spoken), received.broken)

    async def _token(self, oauth2: OAuth2, refused: Token | None = None) -> tuple[str, Token]:
        request = self._token_request(self.secrets)
        key = f"{self.pool} {fingerprint_of(request)}"
        try:
            async with asyncio.timeout_at(self.deadline):
                result = await self.tokens.get(
                    key, lambda: self._new_token(oauth2, request, refused)
                )
        except TimeoutError as error:
            raise EgressError(
                EgressCode.TIMEOUT, "nothing was sent: the token address did not answer in time"
            ) from error
        if isinstance(result, TokenFailure):
            raise _NoTokenError(result)
        return key, result

    def _token_request(self, secrets: Mapping[str, str]) -> PreparedRequest:
        return render_token_request(
            self.compiled, environment=self.environment, context=self.context, secrets=secrets
        )

    async def _new_token(
        self, oauth2: OAuth2, request: PreparedRequest, refused: Token | None
    ) -> Token | TokenFailure:
        name = oauth2.refresh_secret
        if name is None:
            return await self._fetched(oauth2, request, self.secrets)

        async def fetch(refresh_token: str) -> Token | TokenFailure:
            secrets = {**self.secrets, name: refresh_token}
            return await self._fetched(oauth2, self._token_request(secrets), secrets)

        grant = Grant(
            refresh_token=self.secrets[name],
            secret=name,
            address=str(origin_of(request.url)),
            asked=fingerprint_of(request),
            refused=refused.value if refused else None,
        )
        return await self.renew(grant, fetch)

    async def _fetched(
        self, oauth2: OAuth2, request: PreparedRequest, secrets: Mapping[str, str]
    ) -> Token | TokenFailure:
        return await fetch_token(
            self.transport, request, pool=self.pool, secrets=secrets, answers=oauth2.answers
        )

    def _judged(self, received: Received) -> _Answer:
        response, broken, rules = received.response, received.broken, self.compiled.rules
        verdict = classify(rules, response, now=self.now)
        if broken and verdict.is_undecided:
            error = ExchangeError(broken.code.value, broken.detail)
            return _Answer(response, unmatched(Outcome.RETRY, broken.detail), error)
        return _Answer(response, verdict)

    def _fail(self, outcome: Outcome, code: str, detail: str) -> None:
        self.error = ExchangeError(code, detail)
        self.verdict = unmatched(outcome, detail)
