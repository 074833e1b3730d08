"""ETag and If-Match of connections: the revision that a client read, and means to change."""

import re
from dataclasses import asdict
from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.errors import ReadAgain
from accounts.models import Account
from connections.rule_warnings import rule_warnings
from connections.selectors import connection_of, connection_shown

# Proxies that compress make an ETag weak; the revision in it is the same.
_ETAG = re.compile(r'(?:W/)?"(\d{1,9})"')


def expected_revision(request: Request) -> int | None:
    """Return the revision that If-Match names; None when any will do. *Raises* ReadAgain."""
    condition = request.headers.get("If-Match", "*").strip()
    if condition == "*":
        return None
    match = _ETAG.fullmatch(condition)
    if match is None:
        raise ReadAgain("If-Match is not the ETag of this connection: read it again.")
    return int(match[1])


def connection_answer(
    account: Account,
    connection_id: UUID,
    *,
    status: int = 200,
    dropped_secrets: tuple[str, ...] | None = None,
) -> Response:
    """Return the connection as it is now, with its ETag. *Raises* LookElsewhere."""
    connection = connection_of(account, connection_id)
    body = connection_shown(connection)
    body["warnings"] = [asdict(one) for one in rule_warnings(connection)]
    if dropped_secrets is not None:
        body["dropped_secrets"] = list(dropped_secrets)
    return Response(body, status=status, headers={"ETag": f'"{connection.revision}"'})
