"""Every route of the REST API, version 1."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import URLPattern, URLResolver, include, path, re_path
from django.views.decorators.csrf import csrf_exempt

from accounts.api import AccountsViewSet, MeViewSet
from campaigns.api import CampaignLinkViewSet, CampaignViewSet
from connections.api import AttributeViewSet, PresetViewSet
from delivery.api import DeliveryViewSet, ReferralViewSet
from delivery.rules_api import RulesViewSet
from delivery.statistics_api import StatisticsViewSet
from referral_export.api_document import DocsView, DocumentView

app_name = "api"


@csrf_exempt
def nowhere(request: HttpRequest) -> HttpResponse:  # noqa: ARG001
    """Answer what is no route like every other error of the API."""
    return JsonResponse(
        {
            "type": "about:blank",
            "title": "Not Found",
            "status": 404,
            "detail": "There is no such route: /api/v1/docs describes all of them.",
        },
        status=404,
        content_type="application/problem+json",
    )


account_patterns: list[URLPattern | URLResolver] = [
    path(
        "/campaigns",
        CampaignViewSet.as_view({"get": "list", "post": "create"}),
        name="campaigns",
    ),
    path(
        "/campaigns/<str:campaign>",
        CampaignViewSet.as_view({"get": "retrieve", "patch": "partial_update"}),
        name="campaign",
    ),
    path(
        "/connections/<uuid:connection>/campaigns",
        CampaignLinkViewSet.as_view({"get": "list"}),
        name="connection_campaigns",
    ),
    path(
        "/connections/<uuid:connection>/campaigns/<str:campaign>",
        CampaignLinkViewSet.as_view({"put": "update", "delete": "destroy"}),
        name="connection_campaign",
    ),
    path(
        "/connections/<uuid:connection>/unmatched",
        RulesViewSet.as_view({"get": "unmatched"}),
        name="connection_unmatched",
    ),
    path(
        "/connections/<uuid:connection>/backtest",
        RulesViewSet.as_view({"post": "backtest"}),
        name="connection_backtest",
    ),
    path(
        "/connections/<uuid:connection>/relabel",
        RulesViewSet.as_view({"post": "relabel"}),
        name="connection_relabel",
    ),
    path("/statistics", StatisticsViewSet.as_view({"get": "retrieve"}), name="statistics"),
    path("/referrals", ReferralViewSet.as_view({"post": "create"}), name="referrals"),
    path(
        "/referrals/<uuid:referral>",
        ReferralViewSet.as_view({"get": "retrieve"}),
        name="referral",
    ),
    path("/deliveries", DeliveryViewSet.as_view({"get": "list"}), name="deliveries"),
    path(
        "/deliveries/<uuid:delivery>",
        DeliveryViewSet.as_view({"get": "retrieve"}),
        name="delivery",
    ),
    path(
        "/deliveries/<uuid:delivery>/cancel",
        DeliveryViewSet.as_view({"post": "cancel"}),
        name="delivery_cancel",
    ),
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("openapi.json", DocumentView.as_view(), name="document"),
    path("docs", DocsView.as_view(), name="docs"),
    path("me", MeViewSet.as_view({"get": "retrieve"}), name="me"),
    path("attributes", AttributeViewSet.as_view({"get": "retrieve"}), name="attributes"),
    path("presets", PresetViewSet.as_view({"get": "list"}), name="presets"),
    path("presets/<slug:preset>", PresetViewSet.as_view({"get": "retrieve"}), name="preset"),
    path(
        "accounts",
        AccountsViewSet.as_view({"get": "list", "post": "create"}),
        name="accounts",
    ),
    path(
        "accounts/<slug:account>",
        AccountsViewSet.as_view({"get": "retrieve", "patch": "partial_update"}),
        name="account",
    ),
    path("accounts/<slug:account>", include("connections.urls.api")),
    path("accounts/<slug:account>", include(account_patterns)),
    re_path(r"", nowhere, name="nowhere"),
]
