"""The answers that a connection's deliveries got, the newest first, opened one by one."""

import codecs
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from operator import itemgetter
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from accounts.models import Account
from connections.exchange.responses import ReceivedResponse
from connections.models import Connection
from delivery.models import Attempt, Delivery, Referral
from delivery.moments import first_id_at, moment_of
from delivery.sealing import open_attempt

BATCH_DELIVERIES = 500
LATEST_DELIVERIES = 200
LATEST_ANSWERS = 20


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


def latest_answers(connection: Connection) -> list[ReceivedResponse]:
    """Return a few of the answers to the newest deliveries.

    Shape: `LATEST_ANSWERS` at most, of each status the newest first; what is rare is among them.
    """
    answered = (
        Attempt.objects.for_account(connection.account)
        .filter(delivery_id__in=_sent(connection)[:LATEST_DELIVERIES])
        .filter(response_status__isnull=False)
        .exclude(record_sealed=b"")
    )
    statuses = answered.order_by("-id").values_list("id", "response_status")
    chosen = Attempt.objects.for_account(connection.account).filter(
        id__in=_some_of_each_status(statuses)
    )
    vault = connection.account.vault
    records: Iterator[dict[str, Any]] = (
        open_attempt(vault, bytes(sealed))
        for sealed in chosen.order_by("-id").values_list("record_sealed", flat=True)
    )
    return [received(record["response"]) for record in records]


def _some_of_each_status(newest_first: Iterable[tuple[UUID, int | None]]) -> list[UUID]:
    counts: Counter[int | None] = Counter()
    ranked = []
    for identifier, status in newest_first:
        counts[status] += 1
        ranked.append((counts[status], identifier))
    return [identifier for _, identifier in sorted(ranked, key=itemgetter(0))[:LATEST_ANSWERS]]


def received(response: Mapping[str, Any]) -> ReceivedResponse:
    """Return an answer as rules read it, from what was kept of it."""
    return ReceivedResponse(
        status=response["status"],
        headers=tuple((name, value) for name, value in response["headers"]),
        # The mark says that these bytes are UTF-8, whatever the answer's own header claims.
        body=codecs.BOM_UTF8 + response["body"].encode("utf-8", "replace"),
        truncated=response["truncated"],
    )


def _first_remembered(account: Account) -> UUID | None:
    """Return what is above the ids of all whose answers are erased; None when that is everybody."""
    people = Referral.objects.for_account(account).exclude(attributes_sealed=b"")
    first = people.order_by("id").values_list("id", flat=True).first()
    # A referral and its deliveries are of one moment, their ids in no order within it.
    return first and first_id_at(moment_of(first))


def _sent(connection: Connection) -> QuerySet[Delivery, UUID]:
    """Return the ids of the deliveries that were tried, the newest first."""
    deliveries = Delivery.objects.for_account(connection.account)
    sent = deliveries.filter(connection=connection, attempt_count__gt=0)
    return sent.order_by("-id").values_list("id", flat=True)


def _delivery_ids(connection: Connection) -> Iterator[list[UUID]]:
    oldest = _first_remembered(connection.account)
    if oldest is None:
        return
    ids = _sent(connection).filter(id__gte=oldest)
    batch = list(ids[:BATCH_DELIVERIES])
    while batch:
        yield batch
        batch = list(ids.filter(id__lt=batch[-1])[:BATCH_DELIVERIES])
