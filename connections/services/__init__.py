"""Writes: connections, their versions and secrets, test runs, custom fields, set-up requests."""

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
from connections.services.setup_request import (
    answer_setup_item,
    connection_from_setup_request,
    create_setup_request,
    erase_ended_setup_requests,
    keep_setup_example,
    remind_setup_contact,
    renew_setup_link,
    revoke_setup_request,
    send_setup_request,
)
from connections.services.state import activate_connection, pause_connection, resume_connection
from connections.services.test_run import start_test_run

__all__ = [
    "Change",
    "activate_connection",
    "answer_setup_item",
    "archive_connection",
    "change_connection",
    "change_custom_field",
    "connection_from_setup_request",
    "create_connection",
    "create_custom_field",
    "create_setup_request",
    "delete_custom_field",
    "erase_ended_setup_requests",
    "keep_setup_example",
    "pause_connection",
    "remind_setup_contact",
    "renew_setup_link",
    "restore_version",
    "resume_connection",
    "revoke_setup_request",
    "send_setup_request",
    "set_secret",
    "start_test_run",
]
