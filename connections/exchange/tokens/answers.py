"""Reads what a token address answers: an access token, or why there is none."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from connections.exchange.config import Outcome
from connections.exchange.responses import Reading, ReceivedResponse
from connections.exchange.responses.json_path import Find

DEFAULT_LIFETIME_SECONDS = 300.0
MAX_LIFETIME_SECONDS = 86_400.0
GRANT_REFUSED = "token_grant_refused"
_TOKEN = re.compile(r"[!-~]{1,8000}")
_SENT_AGAIN = frozenset({408, 425, 429})
_AUTHORISE_AGAIN = (
    "The refresh token is not valid any more: ask the advertiser to authorise access again, then"
    " set the new refresh token under Authorization"
)


@dataclass(frozen=True, slots=True)
class Token:
    value: str
    lifetime_seconds: float
    refresh_token: str | None = None
    """What takes the place of the refresh token that it was asked for with."""


@dataclass(frozen=True, slots=True)
class TokenFailure:
    """Why there is no token, and what that means for the referral: hold or retry."""

    outcome: Outcome
    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class TokenAnswers:
    """How one connection's token address answers."""

    find_token: Find
    find_lifetime: Find
    token_path: str
    is_refresh: bool

    def token(self, response: ReceivedResponse) -> Token | None:
        """Return the token, if there is one. *Source* RFC 6749 §5.1."""
        document = Reading(response).json
        value = _usable(_first(self.find_token(document)))
        if response.status >= 300 or value is None:
            return None
        lifetime = _lifetime(_first(self.find_lifetime(document)))
        return Token(value, lifetime, _usable(_members(document).get("refresh_token")))

    def failure(self, response: ReceivedResponse) -> TokenFailure:
        """Return why an answer, in which secrets are masked, brings none."""
        said = f"the token address answered {response.status}"
        if response.status >= 500 or response.status in _SENT_AGAIN:
            return TokenFailure(Outcome.RETRY, "token_unavailable", said)
        error = _members(Reading(response).json).get("error")
        cause = f": {error[:100]}" if isinstance(error, str) and error.isprintable() else ""
        if self.is_refresh and error == "invalid_grant":
            return TokenFailure(Outcome.HOLD, GRANT_REFUSED, f"{said}{cause}. {_AUTHORISE_AGAIN}")
        return TokenFailure(Outcome.HOLD, "token_refused", f"{said}{self._advice(response, cause)}")

    def _advice(self, response: ReceivedResponse, cause: str) -> str:
        if response.status < 400 and not cause:
            return f" without an access token at {self.token_path}: check the token URL"
        if self.is_refresh:
            return f"{cause}. Check the client ID, secret and refresh token"
        return f"{cause}. Check the client ID and secret"


def _first(values: Sequence[object]) -> object:
    return next(iter(values), None)


def _usable(value: object) -> str | None:
    return value if isinstance(value, str) and _TOKEN.fullmatch(value) else None


def _members(document: object) -> Mapping[str, object]:
    return document if isinstance(document, dict) else {}


def _lifetime(value: object) -> float:
    try:
        seconds = float(str(value))
    except ValueError:
        return DEFAULT_LIFETIME_SECONDS
    # Written so that NaN falls to the default too.
    return min(seconds, MAX_LIFETIME_SECONDS) if seconds >= 0 else DEFAULT_LIFETIME_SECONDS
