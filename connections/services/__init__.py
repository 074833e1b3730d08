"""Writes: connections, their versions and secrets, and the runs of their tests."""

from connections.services.connection import (
    Change,
    archive_connection,
    change_connection,
    create_connection,
    restore_version,
)
from connections.services.secret import set_secret
from connections.services.state import activate_connection, pause_connection, resume_connection
from connections.services.test_run import start_test_run

__all__ = [
    "Change",
    "activate_connection",
    "archive_connection",
    "change_connection",
    "create_connection",
    "pause_connection",
    "restore_version",
    "resume_connection",
    "set_secret",
    "start_test_run",
]
