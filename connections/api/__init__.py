"""Connections for REST clients."""

from connections.api.attribute import AttributeViewSet
from connections.api.connection import ConnectionViewSet
from connections.api.custom_field import CustomFieldViewSet
from connections.api.drafting import DraftingViewSet
from connections.api.preset import PresetViewSet
from connections.api.test_run import TestRunViewSet
from connections.api.trial import TrialViewSet
from connections.api.version import VersionViewSet

__all__ = [
    "AttributeViewSet",
    "ConnectionViewSet",
    "CustomFieldViewSet",
    "DraftingViewSet",
    "PresetViewSet",
    "TestRunViewSet",
    "TrialViewSet",
    "VersionViewSet",
]
