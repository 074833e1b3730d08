"""Gives each request an id, by which its answer, its log lines and a person's question meet."""

import logging
import re
import time
from collections.abc import Callable
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from uuid_utils.compat import uuid7

from referral_export.logs import REQUEST_ID

HEADER = "X-Request-Id"
SANE = re.compile(r"[A-Za-z0-9_-]{8,64}")
# Asked every few seconds by machines.
QUIET = frozenset({"/healthz", "/readyz", "/metrics"})

logger = logging.getLogger(__name__)

GetResponse = Callable[[HttpRequest], HttpResponse]


class RequestIdMiddleware:
    """The outermost: whatever answers, the answer has an id and there is a line about it.

    The line has the route, and not the address, which can hold what somebody looked for.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request_id = _request_id(request)
        vars(request)["request_id"] = request_id  # error pages show it
        started = time.monotonic()
        token = REQUEST_ID.set(request_id)
        try:
            response = self._get_response(request)
            response[HEADER] = request_id
            _note(request, response, seconds=time.monotonic() - started)
        finally:
            REQUEST_ID.reset(token)
        return response


def _request_id(request: HttpRequest) -> str:
    given = request.headers.get(HEADER, "")
    return given if SANE.fullmatch(given) else uuid7().hex


def _note(request: HttpRequest, response: HttpResponse, *, seconds: float) -> None:
    if request.path in QUIET and response.status_code < HTTPStatus.BAD_REQUEST:
        return
    logger.info(
        "answered",
        extra={
            "method": request.method,
            "route": request.resolver_match.route if request.resolver_match else None,
            "status_code": response.status_code,
            "duration_ms": round(seconds * 1_000, 1),
        },
    )
