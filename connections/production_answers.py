"""What production answered: an app above keeps that, and registers here how it is read."""

from collections.abc import Sequence
from typing import Protocol

from connections.exchange.responses import ReceivedResponse
from connections.models import Connection


class AnswerReader(Protocol):
    """Returns a few of the latest answers; it is called on each read of a connection."""

    def __call__(self, connection: Connection, /) -> Sequence[ReceivedResponse]: ...


_readers: list[AnswerReader] = []


def register_answer_reader(reader: AnswerReader) -> None:
    """Let `production_answers` read with this one too; for an app's `ready`, once."""
    _readers.append(reader)


def production_answers(connection: Connection) -> list[ReceivedResponse]:
    """Return a few of the latest answers that deliveries got; they hold personal data."""
    return [answer for read in _readers for answer in read(connection)]
