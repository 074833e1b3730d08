"""The team's pages of set-up requests, below `/accounts/<account>/setup-requests/`."""

from django.urls import path

from connections.views import setup_requests

app_name = "setup_requests"

_ONE = "<uuid:request_id>/"

urlpatterns = [
    path("", setup_requests.setup_request_list, name="setup_request_list"),
    path("add/", setup_requests.setup_request_add, name="setup_request_add"),
    path(_ONE, setup_requests.setup_request_show, name="setup_request_show"),
    path(f"{_ONE}file/", setup_requests.setup_request_file, name="setup_request_file"),
    path(f"{_ONE}draft/", setup_requests.setup_request_draft, name="setup_request_draft"),
    path(f"{_ONE}remind/", setup_requests.setup_request_remind, name="setup_request_remind"),
    path(f"{_ONE}renew/", setup_requests.setup_request_renew, name="setup_request_renew"),
    path(f"{_ONE}revoke/", setup_requests.setup_request_revoke, name="setup_request_revoke"),
]
