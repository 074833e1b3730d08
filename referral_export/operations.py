"""What a load balancer and a supervisor ask: is the process up, and can it do its work."""

from collections.abc import Callable
from datetime import timedelta

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST
from redis.backoff import NoBackoff
from redis.retry import Retry

from delivery.metrics import exposition

HEARTBEAT_KEY = "referral_export:worker_seen"
HEARTBEAT_LIFETIME = timedelta(seconds=15)
REDIS_TIMEOUT_SECONDS = 1


@require_safe
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:  # noqa: ARG001
    """Answer as long as the process does, whatever else is down."""
    return JsonResponse({"status": "ok"})


@require_safe
@never_cache
def readyz(request: HttpRequest) -> HttpResponse:  # noqa: ARG001
    """Answer 200 when PostgreSQL, Redis and a worker are there, else 503 and say which is not."""
    checks: dict[str, Callable[[], str]] = {
        "postgresql": _postgresql,
        "redis": _redis,
        "worker": _worker,
    }
    found = {name: check() for name, check in checks.items()}
    ready = all(state == "ok" for state in found.values())
    return JsonResponse(
        {"status": "ready" if ready else "not ready"} | found, status=200 if ready else 503
    )


@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """Answer Prometheus, if it may know."""
    if not _may_read_metrics(request):
        return HttpResponse(
            "Send the METRICS_TOKEN of this site as a bearer token.\n",
            status=401,
            content_type="text/plain",
            headers={"WWW-Authenticate": "Bearer"},
        )
    return HttpResponse(exposition(now=timezone.now()), content_type=CONTENT_TYPE_LATEST)


def _may_read_metrics(request: HttpRequest) -> bool:
    """Without a token, in development, ask where it came from; behind a proxy that says nothing."""
    token = settings.METRICS_TOKEN
    if token is None:
        is_near = request.META["REMOTE_ADDR"] in {"127.0.0.1", "::1"}
        return is_near and not settings.PRODUCTION
    given = request.headers.get("Authorization", "")
    return constant_time_compare(given, f"Bearer {token}")


def note_worker_alive() -> None:
    """Say that a worker lives; called with each of its heartbeats. Redis away is no harm."""
    try:
        with _client() as client:
            client.set(HEARTBEAT_KEY, "1", px=HEARTBEAT_LIFETIME)
    except redis.RedisError:
        return


def _postgresql() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return "does not answer"
    return "ok"


def _redis() -> str:
    try:
        with _client() as client:
            client.ping()
    except redis.RedisError:
        return "does not answer"
    return "ok"


def _worker() -> str:
    seconds = int(HEARTBEAT_LIFETIME.total_seconds())
    try:
        with _client() as client:
            seen = client.exists(HEARTBEAT_KEY)
    except redis.RedisError:
        return "unknown, since Redis does not answer"
    return "ok" if seen else f"none was seen in the last {seconds} seconds"


def _client() -> redis.Redis:
    return redis.Redis.from_url(
        settings.REDIS_URL,
        socket_timeout=REDIS_TIMEOUT_SECONDS,
        socket_connect_timeout=REDIS_TIMEOUT_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )
