"""Which headers a connection may set, and which only we do."""

import re

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")  # RFC 9110 §5.6.2
_OURS = frozenset(
    {
        "accept-encoding", "connection", "content-length", "cookie", "expect", "forwarded", "host",
        "http2-settings", "idempotency-key", "keep-alive", "range", "te", "trailer",
        "transfer-encoding", "upgrade", "via", "x-test-lead",
    }
)  # fmt: skip
_OURS_BEGIN = ("proxy-", "sec-", "x-forwarded-")


def header_problem(name: str) -> str | None:
    """Return why a connection cannot set this header, or None."""
    lowered = name.lower()
    if not _TOKEN.fullmatch(name):
        return f'"{name}" is not the name of a header: use letters, digits and hyphens'
    if lowered == "content-type":
        return "set the content type in Body"
    if lowered in _OURS or lowered.startswith(_OURS_BEGIN):
        return f"{name} is set by us and cannot be changed: delete it"
    return None
