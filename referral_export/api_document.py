"""The description of the REST API: the OpenAPI document, and a page that shows it."""

from pathlib import Path
from typing import Any

from django.conf import settings
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.views import SpectacularJSONAPIView, SpectacularSwaggerSplitView

from connections.exchange.config import Outcome
from delivery.intake import Acceptance

# Names of enumerations in the document; settings say which.
OUTCOMES = [outcome.value for outcome in Outcome]
ACCEPTANCES = [acceptance.value for acceptance in Acceptance]

GUIDES = ("templates.md", "responses.md")
"""Pages of docs/ that somebody needs who writes a configuration."""

PROBLEM = {
    "type": "object",
    "description": "RFC 9457: what is wrong, where, and what to do.",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "code", "detail"],
                "properties": {
                    "pointer": {
                        "type": "string",
                        "description": "JSON pointer into what was sent.",
                    },
                    "code": {"type": "string"},
                    "detail": {"type": "string"},
                },
            },
        },
    },
}
PROBLEM_RESPONSE = {
    "description": (
        "400 not JSON, 401 no valid token, 403 the token lacks the scope, 404 not in this"
        " account, 409 its state forbids it, 412 changed since it was read, 413 too large, 415"
        " another media type, 422 wrong input, 429 too often (see Retry-After)."
    ),
    "content": {
        "application/problem+json": {
            "schema": {"$ref": "#/components/schemas/Problem"},
            "example": {
                "type": "urn:referral-export:invalid",
                "title": "Unprocessable Entity",
                "status": 422,
                "detail": "line 3: there is no attribute frist_name. Did you mean first_name?",
                "errors": [
                    {
                        "pointer": "/config/body/template",
                        "code": "unknown_name",
                        "detail": (
                            "line 3: there is no attribute frist_name. Did you mean first_name?"
                        ),
                    }
                ],
            },
        }
    },
}


def describe_problems(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Say of every operation that it wants a token and how its errors look.

    A hook of drf-spectacular, named in the settings.
    """
    components = result["components"]
    components.setdefault("schemas", {})["Problem"] = PROBLEM
    components["responses"] = {"Problem": PROBLEM_RESPONSE}
    for operations in result["paths"].values():
        for operation in operations.values():
            operation["security"] = [{"token": []}]
            operation["responses"]["default"] = {"$ref": "#/components/responses/Problem"}
    return result


def describe_configurations(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Put the guides to templates and rules into the document, which may be all that one has.

    A hook of drf-spectacular, named in the settings.
    """
    guides = [(Path(settings.BASE_DIR) / "docs" / name).read_text("utf-8") for name in GUIDES]
    result["info"]["description"] = "\n\n".join([result["info"]["description"], *guides])
    return result


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the document says `Authorization: Bearer <token>`."""

    target_class = "accounts.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:  # noqa: ARG002
        return {
            "type": "http",
            "scheme": "bearer",
            "description": (
                "A token of an account, or of an account manager for all accounts that they look"
                " after: `manage.py issue_token --account SLUG --name NAME` prints one."
            ),
        }


class DocumentView(SpectacularJSONAPIView):
    """The OpenAPI 3.1 document; it names no tenant, so it needs no token."""

    authentication_classes = ()


class DocsView(SpectacularSwaggerSplitView):
    """The document as a page, all of it from this host."""

    authentication_classes = ()
    template_name = "api_docs.html"
    url_name = "api:document"
