"""What is shown of an attempt once the person in it was forgotten."""

from typing import Any

from delivery.models import Attempt
from delivery.retention import ERASED

_NO_TIMINGS = {"dns_ms": None, "connect_ms": None, "tls_ms": None, "first_byte_ms": None}


def forgotten_record(attempt: Attempt) -> dict[str, Any]:
    """Return the attempt in the contract's shape: when, how long, what came of it."""
    return {
        "number": attempt.number,
        "version": attempt.version.number,
        "environment": attempt.environment,
        "started_at": attempt.started_at.isoformat().replace("+00:00", "Z"),
        "duration_ms": attempt.duration_ms,
        "timings": _NO_TIMINGS,
        "request": {"method": "", "url": ERASED, "headers": [], "body": ""},
        "response": _response(attempt),
        "error": {"code": attempt.error_code, "detail": ERASED} if attempt.error_code else None,
        "verdict": _verdict(attempt),
    }


def _response(attempt: Attempt) -> dict[str, Any] | None:
    if attempt.response_status is None:
        return None
    return {
        "status": attempt.response_status,
        "headers": [],
        "body": ERASED,
        "truncated": False,
    }


def _verdict(attempt: Attempt) -> dict[str, Any] | None:
    if not attempt.outcome:
        return None
    return {
        "outcome": attempt.outcome,
        "rule": None,
        "matched": attempt.unmatched_shape is None,
        "reason": ERASED,
        "captures": {},
        "trace": [],
    }
