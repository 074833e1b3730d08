"""How Django knows this app."""

from django.apps import AppConfig


class ConnectionsConfig(AppConfig):
    name = "connections"
