"""Pages of the roof: what stands in for a page that cannot be shown, and the gallery."""

from http import HTTPStatus

from django import forms
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.access import Access
from accounts.permissions import Permission
from accounts.selectors import people_who_may
from connections.exchange.config import Condition, Operator, Outcome, ResponseRule, Source


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
    wrong = GalleryForm({"method": "carrier pigeon"}, prefix="wrong")
    wrong.is_valid()
    return render(
        request,
        "gallery.html",
        {
            "form": GalleryForm(),
            "wrong": wrong,
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


class GalleryForm(forms.Form):
    use_required_attribute = False

    name = forms.CharField(label="Name", help_text="So that a colleague knows what it is.")
    note = forms.CharField(label="Note", required=False)
    password = forms.CharField(label="Password", widget=forms.PasswordInput)
    seconds = forms.IntegerField(label="Timeout in seconds", min_value=1, max_value=30)
    method = forms.ChoiceField(label="Method", choices=[("POST", "POST"), ("PUT", "PUT")])
    body = forms.CharField(label="Template", widget=forms.Textarea(attrs={"rows": 4}))
    encoding = forms.ChoiceField(
        label="Encoding",
        choices=[("json", "JSON"), ("xml", "XML")],
        widget=forms.RadioSelect,
        help_text="What the API wants.",
    )
    unique = forms.BooleanField(label="Make each test unique", help_text="Adds +t81f to the email.")


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
