"""Slows down who guesses passwords: ten failures for one email from one address, then a wait."""

import hashlib
import logging
from datetime import timedelta

from django.conf import settings
from redis import Redis, RedisError

FAILURES_ALLOWED = 10
WAIT = timedelta(minutes=15)
SOCKET_TIMEOUT_SECONDS = 1

logger = logging.getLogger(__name__)


def count_attempt(*, email: str, address: str) -> timedelta | None:
    """Count an attempt to sign in; return how long to wait when there were too many.

    Counted before the password is looked at, so that attempts at the same moment count too.
    When Redis is away nobody waits: a page that nobody can sign in to is worse.
    """
    key = _key(email, address)
    try:
        with _redis() as redis, redis.pipeline() as pipeline:
            pipeline.incr(key)
            pipeline.expire(key, WAIT, nx=True)
            pipeline.ttl(key)
            count, _, seconds = pipeline.execute()
    except RedisError:
        logger.warning("Redis is away: attempts to sign in are not counted.")
        return None
    return timedelta(seconds=seconds) if count > FAILURES_ALLOWED else None


def forget_attempts(*, email: str, address: str) -> None:
    """Begin to count anew, after a right password."""
    try:
        with _redis() as redis:
            redis.delete(_key(email, address))
    except RedisError:
        logger.warning("Redis is away: attempts to sign in are not counted.")


def _redis() -> Redis:
    return Redis.from_url(
        settings.REDIS_URL,
        socket_timeout=SOCKET_TIMEOUT_SECONDS,
        socket_connect_timeout=SOCKET_TIMEOUT_SECONDS,
    )


def _key(email: str, address: str) -> str:
    # Hashed: who tried to sign in is nobody's business who can read Redis.
    digest = hashlib.sha256(f"{email.strip().lower()}\n{address}".encode()).hexdigest()
    return f"sign-in:{digest}"
