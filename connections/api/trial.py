"""Trying a configuration without sending anything: preview and classify."""

from uuid import UUID

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.account_api import AccountViewSet
from accounts.permissions import Permission
from connections import previews, selectors
from connections.api import examples
from connections.serializers.attempt import VerdictOut
from connections.serializers.connection import ClassifyIn, PreviewIn, PreviewOut
from connections.services.row import head_of


class TrialViewSet(AccountViewSet):
    """Nothing is sent and nothing changes, so whoever may read may try."""

    permissions = {
        "preview": Permission.CONNECTION_READ,
        "classify": Permission.CONNECTION_READ,
    }

    @extend_schema(
        operation_id="connections_preview",
        summary="Preview the request",
        request=PreviewIn,
        responses=PreviewOut,
        examples=[
            OpenApiExample(
                "A lead",
                request_only=True,
                value={
                    "environment": "production",
                    "attributes": {"email": "jane.citizen@example.com", "age": 25},
                    "referral": {"external_id": "tx-123"},
                    "campaign": "spring-savings",
                },
            ),
            OpenApiExample("The request", response_only=True, value=examples.PREVIEW),
        ],
    )
    def preview(self, request: Request, account: str, connection: UUID) -> Response:  # noqa: ARG002
        """Return the request that the newest configuration makes, every secret masked.

        Sends nothing, and needs no secret to be set. Without attributes the examples of the
        catalogue are taken.
        """
        given = PreviewIn(data=request.data)
        given.is_valid(raise_exception=True)
        found = selectors.connection_of(self.access.account, connection)
        shown = previews.preview(
            connection=found,
            config=head_of(found).document,
            now=self.now,
            environment=given.validated_data.get("environment"),
            sample=_sample(given),
        )
        return Response(
            {"method": shown.method, "url": shown.url, "headers": shown.headers, "body": shown.body}
        )

    @extend_schema(
        operation_id="connections_classify",
        summary="Classify an answer",
        request=ClassifyIn,
        responses=VerdictOut,
        examples=[
            OpenApiExample(
                "An answer",
                request_only=True,
                value={
                    "status": 400,
                    "headers": {"Content-Type": "application/json"},
                    "body": (
                        '{"title": "Member Exists", "detail":'
                        ' "jane.citizen@example.com is already a list member."}'
                    ),
                },
            ),
            OpenApiExample("The verdict", response_only=True, value=examples.VERDICT),
        ],
    )
    def classify(self, request: Request, account: str, connection: UUID) -> Response:  # noqa: ARG002
        """Return what the newest rules, or the given ones, say of an answer, and why."""
        given = ClassifyIn(data=request.data)
        given.is_valid(raise_exception=True)
        found = selectors.connection_of(self.access.account, connection)
        answer = {"rules": head_of(found).document.response_rules} | given.validated_data
        verdict = previews.classify_response(**answer, now=self.now)
        return Response(verdict.as_json())


def _sample(given: PreviewIn) -> previews.Sample:
    data = given.validated_data
    return previews.Sample(
        attributes=data.get("attributes"),
        **data.get("referral", {}),
        **({"campaign_reference": data["campaign"]} if "campaign" in data else {}),
    )
