"""The pages of a technical contact, below `/setup/<token>/`; the link is the only login."""

from django.urls import path

from connections.views import setup_client

app_name = "setup"

urlpatterns = [
    path("", setup_client.setup_tasks, name="setup_tasks"),
    path("send/", setup_client.setup_send, name="setup_send"),
    path("example/", setup_client.setup_example, name="setup_example"),
    path("<str:item>/", setup_client.setup_item, name="setup_item"),
]
