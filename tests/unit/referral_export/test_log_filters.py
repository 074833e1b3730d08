"""Tokens stay out of the log."""

import logging

from accounts.tokens import new_token
from referral_export.log_filters import HideTokens


def test_token_in_an_address_is_not_logged():
    token = new_token()
    record = logging.makeLogRecord({"msg": "%s: %s", "args": ("Gone", f"/setup/{token}/method/")})
    assert HideTokens().filter(record)
    assert record.getMessage() == "Gone: /setup/rex_••••/method/"
