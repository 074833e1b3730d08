"""OAuth 2.0 access tokens: how one is asked for, read, kept and renewed."""

from connections.exchange.tokens.answers import GRANT_REFUSED, Token, TokenAnswers, TokenFailure
from connections.exchange.tokens.cache import (
    EXPIRY_MARGIN_SECONDS,
    PROCESS_TOKENS,
    FetchWith,
    Grant,
    Renew,
    TokenCache,
    fetch_token,
    fingerprint_of,
)

__all__ = [
    "EXPIRY_MARGIN_SECONDS",
    "GRANT_REFUSED",
    "PROCESS_TOKENS",
    "FetchWith",
    "Grant",
    "Renew",
    "Token",
    "TokenAnswers",
    "TokenCache",
    "TokenFailure",
    "fetch_token",
    "fingerprint_of",
]
