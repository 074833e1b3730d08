"""What no line of the log may hold."""

import logging
import re

_TOKEN = re.compile(r"rex_[A-Za-z0-9_-]+")


class HideTokens(logging.Filter):
    """Takes tokens out: the address behind a link holds one, and is logged when it is refused."""

    def filter(self, record: logging.LogRecord) -> bool:
        line = record.getMessage()
        if "rex_" in line:
            record.msg, record.args = _TOKEN.sub("rex_••••", line), ()
        return True
