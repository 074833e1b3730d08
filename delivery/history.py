"""The answers that a connection's deliveries got, the newest first, opened one by one."""

import codecs
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from connections.exchange.responses import ReceivedResponse
from connections.models import Connection
from delivery.models import Attempt, Delivery
from delivery.sealing import open_attempt

BATCH_DELIVERIES = 500


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """One answer as it was received, with the verdict of then."""

    delivery_id: UUID
    number: int
    response: ReceivedResponse
    verdict: Mapping[str, Any]
    """In the contract's shape."""


def stored_answers(connection: Connection, *, limit: int) -> Iterator[StoredAnswer]:
    """Yield the answers to the newest deliveries; of one delivery the last attempt comes first."""
    attempts = (
        Attempt.objects.for_account(connection.account)
        .filter(response_status__isnull=False)
        .exclude(record_sealed=b"")
    )
    vault = connection.account.vault
    for ids in _delivery_ids(connection):
        some = attempts.filter(delivery_id__in=ids).order_by("-delivery_id", "-number")[:limit]
        # Without a model around each row: there may be ten thousand, and somebody waits.
        for delivery_id, number, sealed in some.values_list(
            "delivery_id", "number", "record_sealed"
        ):
            record: dict[str, Any] = open_attempt(vault, bytes(sealed))
            response, verdict = record["response"], record["verdict"]
            if response and verdict:
                limit -= 1
                yield StoredAnswer(delivery_id, number, received(response), verdict)
        if limit <= 0:
            return


def received(response: Mapping[str, Any]) -> ReceivedResponse:
    """Return an answer as rules read it, from what was kept of it."""
    return ReceivedResponse(
        status=response["status"],
        headers=tuple((name, value) for name, value in response["headers"]),
        # The mark says that these bytes are UTF-8, whatever the answer's own header claims.
        body=codecs.BOM_UTF8 + response["body"].encode("utf-8", "replace"),
        truncated=response["truncated"],
    )


def _delivery_ids(connection: Connection) -> Iterator[list[UUID]]:
    sent = Delivery.objects.for_account(connection.account).filter(
        connection=connection, attempt_count__gt=0
    )
    ids = sent.order_by("-id").values_list("id", flat=True)
    batch = list(ids[:BATCH_DELIVERIES])
    while batch:
        yield batch
        batch = list(ids.filter(id__lt=batch[-1])[:BATCH_DELIVERIES])
