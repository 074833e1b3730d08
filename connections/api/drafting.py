"""Drafts for REST clients: from a request, from an OpenAPI document, rules from sample answers."""

from dataclasses import asdict
from uuid import UUID

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.account_api import AccountViewSet
from accounts.idempotency import idempotent
from accounts.permissions import Permission
from connections import drafts
from connections.api import examples
from connections.api.connection import IF_MATCH
from connections.api.revisions import connection_answer, expected_revision
from connections.documents import dumped
from connections.drafting.draft import Draft
from connections.drafting.openapi import Operation
from connections.exchange.rule_lint import lint_rules, received_sample
from connections.rule_warnings import known_answers
from connections.selectors import connection_of
from connections.serializers.drafting import (
    CurlIn,
    DraftOut,
    OpenApiIn,
    OperationsOut,
    SampleRulesOut,
    SamplesIn,
)

_GUESSES = [{"place": "body email", "template": "{{ email }}", "certainty": "certain"}]
_NOTES = [{"place": "secret api_key", "detail": 'Set the secret "api_key": no value was given.'}]
_DRAFT = examples.CONNECTION | {
    "status": "draft",
    "live_version": None,
    "guesses": _GUESSES,
    "not_understood": _NOTES,
}
_SAMPLES = [
    {"name": "New", "status": 201, "body": '{"id": 7}', "expected_outcome": "delivered"},
    {"name": "Twice", "status": 409, "body": "", "expected_outcome": "duplicate"},
]


class DraftingViewSet(AccountViewSet):
    permissions = {
        "from_curl": Permission.CONNECTION_WRITE,
        "from_openapi": Permission.CONNECTION_WRITE,
        "rules_from_samples": Permission.CONNECTION_WRITE,
    }

    @extend_schema(
        operation_id="connections_from_curl",
        summary="Add a draft from a cURL line",
        request=CurlIn,
        responses={201: DraftOut},
        examples=[
            OpenApiExample(
                "A cURL line",
                request_only=True,
                value={
                    "curl": "curl https://api.example.com/leads -H 'X-Api-Key: …'"
                    ' --json \'{"email": "ada@example.com"}\''
                },
            ),
            OpenApiExample("The draft", response_only=True, value=_DRAFT),
        ],
    )
    @idempotent
    def from_curl(self, request: Request, account: str) -> Response:  # noqa: ARG002
        """Add a draft that sends such requests, from a cURL line or a raw HTTP request.

        Credentials become secrets, values that look like attributes become those; both are
        listed as guesses with their certainty, beside what was not understood.
        """
        given = CurlIn(data=request.data)
        given.is_valid(raise_exception=True)
        draft = drafts.draft_of_request(given.validated_data["curl"])
        return self._created(draft, given.validated_data.get("name"), pointer="/curl")

    @extend_schema(
        operation_id="connections_from_openapi",
        summary="Add a draft from an OpenAPI document",
        request=OpenApiIn,
        responses={201: DraftOut, 200: OperationsOut},
        examples=[
            OpenApiExample(
                "One operation",
                request_only=True,
                value={"document": "openapi: 3.1.0\n…", "operation": "createContact"},
            ),
            OpenApiExample("The draft", response_only=True, value=_DRAFT, status_codes=["201"]),
            OpenApiExample(
                "Operations to choose from",
                response_only=True,
                status_codes=["200"],
                value={
                    "operations": [
                        {
                            "operation": "createContact",
                            "method": "POST",
                            "path": "/contacts",
                            "summary": "Create a contact",
                        }
                    ]
                },
            ),
        ],
    )
    @idempotent
    def from_openapi(self, request: Request, account: str) -> Response:  # noqa: ARG002
        """Add a draft that calls one operation; without naming one, list them (200)."""
        given = OpenApiIn(data=request.data)
        given.is_valid(raise_exception=True)
        document = drafts.openapi_document(given.validated_data["document"])
        only = drafts.only_operation(document)
        key = given.validated_data.get("operation") or (only and only.key)
        if not key:
            return Response({"operations": [_shown(one) for one in document.operations()]})
        draft = drafts.draft_of_operation(document, key)
        return self._created(draft, given.validated_data.get("name"), pointer="/operation")

    @extend_schema(
        operation_id="connections_rules_from_samples",
        summary="Make response rules from sample answers",
        parameters=[IF_MATCH],
        request=SamplesIn,
        responses=SampleRulesOut,
        examples=[
            OpenApiExample("Two answers", request_only=True, value={"samples": _SAMPLES}),
            OpenApiExample(
                "The rules",
                response_only=True,
                value={
                    "response_rules": [
                        {
                            "name": "Duplicate (409)",
                            "conditions": [{"source": "status", "operator": "in", "value": "409"}],
                            "outcome": "duplicate",
                        },
                        {
                            "name": "Delivered (2xx)",
                            "conditions": [{"source": "status", "operator": "in", "value": "2xx"}],
                            "outcome": "delivered",
                        },
                    ],
                    "response_samples": _SAMPLES,
                    "warnings": [],
                    "version": 4,
                },
            ),
        ],
    )
    def rules_from_samples(self, request: Request, account: str, connection: UUID) -> Response:  # noqa: ARG002
        """Put rules in place that read each sample as it was said, and keep the samples.

        The rules are as few and as general as separate the samples, those that were kept before
        included. They are a new version, which is live only after it is activated.
        """
        given = SamplesIn(data=request.data)
        given.is_valid(raise_exception=True)
        drafted = drafts.rules_from_samples(
            account=self.access.account,
            connection_id=connection,
            samples=given.validated_data["samples"],
        )
        version = None
        if not given.validated_data["dry_run"]:
            change = drafts.save_rules(
                account=self.access.account,
                actor=self.access.actor,
                now=self.now,
                connection_id=connection,
                expected_revision=expected_revision(request),
                drafted=drafted,
            )
            head = change.connection.head_version
            version = head and head.number
        seen = [received_sample(sample) for sample in drafted.samples]
        seen += known_answers(connection_of(self.access.account, connection))
        return Response(
            {
                "response_rules": [dumped(rule) for rule in drafted.rules],
                "response_samples": [dumped(sample) for sample in drafted.samples],
                "warnings": [asdict(one) for one in lint_rules(drafted.rules, seen=seen)],
                "version": version,
            }
        )

    def _created(self, draft: Draft, name: str | None, *, pointer: str) -> Response:
        access = self.access
        connection = drafts.create_from_draft(
            account=access.account,
            actor=access.actor,
            now=self.now,
            draft=draft,
            pointer=pointer,
            name=name,
        )
        answer = connection_answer(access.account, connection.id, status=201)
        answer.data |= {
            "guesses": [asdict(guess) for guess in draft.guesses],
            "not_understood": [asdict(note) for note in draft.not_understood],
        }
        return answer


def _shown(operation: Operation) -> dict[str, str]:
    return {
        "operation": operation.key,
        "method": operation.method,
        "path": operation.path,
        "summary": operation.summary,
    }
