"""Every URL of the product: pages, the REST API, operations."""

from django.urls import URLPattern, URLResolver, include, path

from referral_export import bundles, operations, pages

CONNECTIONS = "accounts/<slug:account>/integrations/connections/"
CUSTOM_FIELDS = "accounts/<slug:account>/settings/custom-fields/"
SETUP_REQUESTS = "accounts/<slug:account>/setup-requests/"

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", operations.healthz, name="healthz"),
    path("readyz", operations.readyz, name="readyz"),
    path("metrics", operations.metrics, name="metrics"),
    path("api/v1/", include("referral_export.api")),
    path("bundles/<str:name>", bundles.bundle, name="bundle"),
    path("ui/", pages.gallery, name="gallery"),
    path(CONNECTIONS, include("connections.urls.connections")),
    path(CUSTOM_FIELDS, include("connections.urls.custom_fields")),
    path(SETUP_REQUESTS, include("connections.urls.setup_requests")),
    path("setup/<str:token>/", include("connections.urls.setup")),
    path("", include("delivery.urls")),
    path("", include("accounts.urls")),
]

handler400 = "referral_export.pages.bad_request"
handler403 = "referral_export.pages.permission_denied"
handler404 = "referral_export.pages.page_not_found"
handler500 = "referral_export.pages.server_error"
