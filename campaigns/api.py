"""Campaigns, and their links to connections, for REST clients."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.account_api import AccountViewSet
from accounts.errors import CorrectInput, Problem
from accounts.idempotency import idempotent
from accounts.permissions import Permission
from campaigns import selectors, services
from campaigns.serializers import CampaignChange, CampaignIn, CampaignOut, LinkableCampaignOut
from connections.models import Connection

EXAMPLE = {
    "id": "019a3f0e-7a55-7c11-9d2c-5e0d9a1b2c3d",
    "name": "Spring savings",
    "reference": "spring-savings",
    "status": "live",
}


class CampaignViewSet(AccountViewSet):
    permissions = {
        "list": Permission.CAMPAIGN_READ,
        "create": Permission.CAMPAIGN_WRITE,
        "retrieve": Permission.CAMPAIGN_READ,
        "partial_update": Permission.CAMPAIGN_WRITE,
    }

    @extend_schema(
        operation_id="campaigns_list",
        summary="Campaigns of the account",
        responses=CampaignOut(many=True),
        examples=[OpenApiExample("A campaign", value=EXAMPLE)],
    )
    def list(self, request: Request, account: str) -> Response:  # noqa: ARG002
        """Return the campaigns, the newest first."""
        return self.page(selectors.campaigns_of(self.access.account), _shown)

    @extend_schema(
        operation_id="campaigns_create",
        summary="Add a campaign",
        request=CampaignIn,
        responses={201: CampaignOut},
        examples=[
            OpenApiExample(
                "New campaign",
                request_only=True,
                value={"name": "Spring savings", "reference": "spring-savings"},
            ),
            OpenApiExample("Added", response_only=True, value=EXAMPLE),
        ],
    )
    @idempotent
    def create(self, request: Request, account: str) -> Response:  # noqa: ARG002
        given = CampaignIn(data=request.data)
        given.is_valid(raise_exception=True)
        campaign = services.create_campaign(
            account=self.access.account,
            actor=self.access.actor,
            now=self.now,
            **given.validated_data,
        )
        return Response(_shown(campaign), status=201)

    @extend_schema(
        operation_id="campaigns_retrieve",
        summary="One campaign",
        responses=CampaignOut,
        examples=[OpenApiExample("A campaign", value=EXAMPLE)],
    )
    def retrieve(self, request: Request, account: str, campaign: str) -> Response:  # noqa: ARG002
        """Return the campaign with this id or reference."""
        return Response(_shown(selectors.campaign_of(self.access.account, campaign)))

    @extend_schema(
        operation_id="campaigns_update",
        summary="Change a campaign",
        request=CampaignChange,
        responses=CampaignOut,
        examples=[
            OpenApiExample("Pause it", request_only=True, value={"status": "paused"}),
            OpenApiExample("Paused", response_only=True, value=EXAMPLE | {"status": "paused"}),
        ],
    )
    def partial_update(self, request: Request, account: str, campaign: str) -> Response:  # noqa: ARG002
        """Change what is given. Referrals of an archived campaign are refused."""
        given = CampaignChange(data=request.data)
        given.is_valid(raise_exception=True)
        changed = services.change_campaign(
            account=self.access.account,
            actor=self.access.actor,
            now=self.now,
            campaign_id=campaign,
            **given.validated_data,
        )
        return Response(_shown(changed))


class CampaignLinkViewSet(AccountViewSet):
    """The campaigns beside one connection."""

    permissions = {
        "list": Permission.CAMPAIGN_READ,
        "update": Permission.CAMPAIGN_WRITE,
        "destroy": Permission.CAMPAIGN_WRITE,
    }

    @extend_schema(
        operation_id="connection_campaigns_list",
        summary="Campaigns linked and not linked to a connection",
        parameters=[
            OpenApiParameter(
                "linked", bool, description="true: only those linked; false: only those not."
            )
        ],
        responses=LinkableCampaignOut(many=True),
        examples=[
            OpenApiExample("Linked", value=EXAMPLE | {"linked_at": "2026-11-02T10:00:00Z"}),
        ],
    )
    def list(self, request: Request, account: str, connection: UUID) -> Response:  # noqa: ARG002
        """Return the campaigns that feed this connection, and those that could."""
        found = Connection.objects.for_account(self.access.account).get_or_404(id=connection)
        campaigns = {
            None: selectors.campaigns_beside,
            "true": selectors.linked_campaigns,
            "false": selectors.unlinked_campaigns,
        }.get(request.query_params.get("linked"))
        if campaigns is None:
            detail = "Write linked=true, linked=false, or leave it out."
            raise CorrectInput(Problem("/linked", "invalid", detail))
        return self.page(
            campaigns(self.access.account, found), lambda row: dict(LinkableCampaignOut(row).data)
        )

    @extend_schema(
        operation_id="connection_campaigns_link",
        summary="Link a campaign",
        request=None,
        responses={204: None},
    )
    def update(self, request: Request, account: str, connection: UUID, campaign: str) -> Response:  # noqa: ARG002
        """Let the campaign, given by id or reference, feed the connection from now on.

        Linked already is well too. A campaign or connection that is archived is refused (409).
        """
        services.link_campaign(
            account=self.access.account,
            actor=self.access.actor,
            now=self.now,
            connection_id=connection,
            campaign_id=campaign,
        )
        return Response(status=204)

    @extend_schema(
        operation_id="connection_campaigns_unlink",
        summary="Unlink a campaign",
        responses={204: None},
    )
    def destroy(self, request: Request, account: str, connection: UUID, campaign: str) -> Response:  # noqa: ARG002
        """End the link; what was not sent over it yet is cancelled. Not linked is well too."""
        services.unlink_campaign(
            account=self.access.account,
            actor=self.access.actor,
            now=self.now,
            connection_id=connection,
            campaign_id=campaign,
        )
        return Response(status=204)


def _shown(row: Any) -> dict[str, Any]:
    return dict(CampaignOut(row).data)
