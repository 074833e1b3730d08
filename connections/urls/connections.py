"""The pages of connections, below `/accounts/<account>/integrations/connections/`."""

from django.urls import path

from connections.views import (
    editor,
    fragments,
    importing,
    lifecycle,
    listing,
    presets,
    samples,
    testing,
)

app_name = "connections"

_ONE = "<uuid:connection_id>/"

urlpatterns = [
    path("", listing.connection_list, name="connection_list"),
    path("add/", listing.connection_add, name="connection_add"),
    path("add/api/", listing.connection_add_api, name="connection_add_api"),
    path("add/import/", importing.connection_import, name="connection_import"),
    path("add/presets/<slug:preset>/", presets.preset_show, name="preset_show"),
    path(_ONE, editor.connection_edit, name="connection_edit"),
    path(f"{_ONE}preview/", fragments.connection_preview, name="connection_preview"),
    path(f"{_ONE}try/", fragments.connection_try, name="connection_try"),
    path(f"{_ONE}samples/", samples.connection_samples, name="connection_samples"),
    path(f"{_ONE}tests/", testing.test_list, name="test_list"),
    path(f"{_ONE}tests/new/", testing.test_new, name="test_new"),
    path(f"{_ONE}tests/<uuid:run_id>/", testing.test_show, name="test_show"),
    path(f"{_ONE}activate/", lifecycle.connection_activate, name="connection_activate"),
    path(f"{_ONE}pause/", lifecycle.connection_pause, name="connection_pause"),
    path(f"{_ONE}resume/", lifecycle.connection_resume, name="connection_resume"),
    path(f"{_ONE}archive/", lifecycle.connection_archive, name="connection_archive"),
    path(f"{_ONE}versions/", lifecycle.version_list, name="version_list"),
    path(
        f"{_ONE}versions/<int:number>/restore/",
        lifecycle.version_restore,
        name="version_restore",
    ),
]
