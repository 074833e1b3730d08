"""Pages of the roof: what stands in for a page that cannot be shown, and the gallery."""

from collections.abc import Mapping
from http import HTTPStatus

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.access import Access
from accounts.permissions import Permission
from accounts.selectors import people_who_may
from connections.exchange.config import Condition, Operator, Outcome, ResponseRule, Source
from connections.forms import Field


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001
    return render(request, "errors/404.html", status=HTTPStatus.NOT_FOUND)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001
    """Say who can do what this person cannot."""
    access: Access | None = getattr(request, "access", None)
    context: dict[str, object] = {}
    if access:
        managers = people_who_may(account=access.account, permission=Permission.ACCOUNT_ADMIN)
        context = {"account": access.account, "managers": managers}
    return render(request, "errors/403.html", context, status=HTTPStatus.FORBIDDEN)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001
    return render(request, "errors/400.html", status=HTTPStatus.BAD_REQUEST)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001
    return render(request, "errors/csrf.html", status=HTTPStatus.FORBIDDEN)


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer without asking the database, which may be what failed."""
    return render(request, "errors/500.html", status=HTTPStatus.INTERNAL_SERVER_ERROR)


@require_safe
def gallery(request: HttpRequest) -> HttpResponse:
    """Show every component in every state; in production nobody has anything to look for there."""
    if settings.PRODUCTION:
        raise Http404
    wrong = _controls("wrong", WRONG)
    return render(
        request,
        "gallery.html",
        {
            "forms": {"A form": _controls("right", {}), "A refused form": wrong},
            "problems": [
                {"field_id": wrong[name].id, "detail": detail} for name, detail in WRONG.items()
            ],
            "methods": (("POST", "POST"), ("PUT", "PUT")),
            "encodings": (("json", "JSON"), ("xml", "XML")),
            "attempt": ATTEMPT,
            "failed_attempt": FAILED_ATTEMPT,
            "rules": RULES,
            "statuses": ("pending", "retrying", "delivered", "duplicate", "rejected", "failed"),
            "more_statuses": (
                "cancelled",
                "retry",
                "hold",
                "running",
                "passed",
                "failing",
                "misconfigured",
            ),
            "states": ("draft", "active", "paused", "archived"),
            "environments": ("production", "staging", "testing"),
            "banners": ("info", "success", "warning", "problem"),
        },
    )


WRONG = {"method": "Choose one of the methods.", "seconds": "Write a number from 1 to 30."}


def _controls(prefix: str, problems: Mapping[str, str]) -> dict[str, Field]:
    """Return one control of each kind."""
    values = {
        "name": "",
        "password": "",
        "seconds": "10",
        "method": "POST",
        "body": '{"email": "{{ email }}"}',
        "encoding": "json",
        "unique": True,
    }
    return {
        name: Field(f"{prefix}.{name}", value, tuple(filter(None, [problems.get(name)])))
        for name, value in values.items()
    }


def _rule(name: str, status: str, outcome: Outcome) -> ResponseRule:
    condition = Condition(source=Source.STATUS, operator=Operator.IN, value=status)
    return ResponseRule(name=name, conditions=(condition,), outcome=outcome)


RULES = (
    _rule("Created", "201", Outcome.DELIVERED),
    _rule("Bad email", "400", Outcome.REJECTED),
    _rule("Busy", "429, 5xx", Outcome.RETRY),
)

ATTEMPT = {
    "number": 1,
    "duration_ms": 412.0,
    "timings": {"dns_ms": 12.0, "connect_ms": 24.0, "tls_ms": 41.0, "first_byte_ms": 309.0},
    "request": {
        "method": "POST",
        "url": "https://staging.acme.example/v2/leads",
        "headers": [["Authorization", "Bearer ••••"], ["Content-Type", "application/json"]],
        "body": '{"email": "test@example.com", "first_name": "Test"}',
    },
    "response": {
        "status": 400,
        "headers": [["Content-Type", "application/json"]],
        "body": '{"error": "invalid_email"}',
        "truncated": False,
    },
    "error": None,
    "verdict": {
        "outcome": "rejected",
        "rule": "Bad email",
        "matched": True,
        "reason": "invalid_email",
        "captures": {},
        "trace": [
            {
                "rule": "Created",
                "matched": False,
                "conditions": [{"matched": False, "found": "400"}],
            },
            {
                "rule": "Bad email",
                "matched": True,
                "conditions": [{"matched": True, "found": "400"}],
            },
        ],
    },
}

FAILED_ATTEMPT = ATTEMPT | {
    "number": 2,
    "timings": {"dns_ms": 12.0, "connect_ms": None, "tls_ms": None, "first_byte_ms": None},
    "response": None,
    "error": {"code": "timeout", "detail": "No answer came within 10 seconds."},
    "verdict": {
        "outcome": "retry",
        "rule": None,
        "matched": False,
        "reason": "No answer came within 10 seconds.",
        "captures": {},
        "trace": [],
    },
}
