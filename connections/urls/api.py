"""REST routes of connections, below `/api/v1/accounts/{account}`."""

from django.urls import path

from connections.api import (
    ConnectionViewSet,
    CustomFieldViewSet,
    DraftingViewSet,
    TestRunViewSet,
    TrialViewSet,
    VersionViewSet,
)

_ONE = "/connections/<uuid:connection>"

urlpatterns = [
    path(
        "/connections",
        ConnectionViewSet.as_view({"get": "list", "post": "create"}),
        name="connections",
    ),
    path(
        "/connections/from-curl",
        DraftingViewSet.as_view({"post": "from_curl"}),
        name="connection_from_curl",
    ),
    path(
        "/connections/from-openapi",
        DraftingViewSet.as_view({"post": "from_openapi"}),
        name="connection_from_openapi",
    ),
    path(
        f"{_ONE}/rules-from-samples",
        DraftingViewSet.as_view({"post": "rules_from_samples"}),
        name="connection_rules_from_samples",
    ),
    path(
        _ONE,
        ConnectionViewSet.as_view(
            {"get": "retrieve", "patch": "partial_update", "delete": "destroy"}
        ),
        name="connection",
    ),
    path(
        f"{_ONE}/activate",
        ConnectionViewSet.as_view({"post": "activate"}),
        name="connection_activate",
    ),
    path(f"{_ONE}/pause", ConnectionViewSet.as_view({"post": "pause"}), name="connection_pause"),
    path(f"{_ONE}/resume", ConnectionViewSet.as_view({"post": "resume"}), name="connection_resume"),
    path(
        f"{_ONE}/secrets/<str:name>",
        ConnectionViewSet.as_view({"put": "set_secret"}),
        name="connection_secret",
    ),
    path(f"{_ONE}/preview", TrialViewSet.as_view({"post": "preview"}), name="connection_preview"),
    path(
        f"{_ONE}/classify", TrialViewSet.as_view({"post": "classify"}), name="connection_classify"
    ),
    path(f"{_ONE}/tests", TestRunViewSet.as_view({"get": "list", "post": "create"}), name="tests"),
    path(f"{_ONE}/tests/<uuid:test>", TestRunViewSet.as_view({"get": "retrieve"}), name="test"),
    path(f"{_ONE}/versions", VersionViewSet.as_view({"get": "list"}), name="versions"),
    path(
        f"{_ONE}/versions/<int:number>/restore",
        VersionViewSet.as_view({"post": "restore"}),
        name="version_restore",
    ),
    path(
        "/custom-fields",
        CustomFieldViewSet.as_view({"get": "list", "post": "create"}),
        name="custom_fields",
    ),
    path(
        "/custom-fields/<uuid:custom_field>",
        CustomFieldViewSet.as_view(
            {"get": "retrieve", "patch": "partial_update", "delete": "destroy"}
        ),
        name="custom_field",
    ),
]
