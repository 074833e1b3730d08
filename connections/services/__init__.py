"""Writes: connections, their versions and secrets, test runs, and custom fields."""

from connections.services.connection import (
    Change,
    archive_connection,
    change_connection,
    create_connection,
    restore_version,
)
from connections.services.custom_field import (
    change_custom_field,
    create_custom_field,
    delete_custom_field,
)
from connections.services.secret import set_secret
from connections.services.state import activate_connection, pause_connection, resume_connection
from connections.services.test_run import start_test_run

__all__ = [
    "Change",
    "activate_connection",
    "archive_connection",
    "change_connection",
    "change_custom_field",
    "create_connection",
    "create_custom_field",
    "delete_custom_field",
    "pause_connection",
    "restore_version",
    "resume_connection",
    "set_secret",
    "start_test_run",
]
