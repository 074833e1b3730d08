"""Connections for REST clients."""

from connections.api.connection import ConnectionViewSet
from connections.api.custom_field import CustomFieldViewSet
from connections.api.test_run import TestRunViewSet
from connections.api.trial import TrialViewSet
from connections.api.version import VersionViewSet

__all__ = [
    "ConnectionViewSet",
    "CustomFieldViewSet",
    "TestRunViewSet",
    "TrialViewSet",
    "VersionViewSet",
]
