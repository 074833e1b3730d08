"""Answers of the receiver with what they mean, as rows."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from connections.exchange.config import ResponseSample
from connections.forms.binding import nearest_field

_STATUS = re.compile("[0-9]{1,3}")


@dataclass(frozen=True, slots=True)
class SampleRow:
    name: str = ""
    status: str = ""
    headers: str = ""
    """One a line: `Content-Type: application/json`."""
    body: str = ""
    expected_outcome: str = "delivered"

    @classmethod
    def of(cls, sample: ResponseSample) -> "SampleRow":
        return cls(
            name=sample.name,
            status="" if sample.status is None else str(sample.status),
            headers="\n".join(f"{name}: {value}" for name, value in sample.headers.items()),
            body=sample.body,
            expected_outcome=sample.expected_outcome.value,
        )

    def document(self, name: str) -> dict[str, object]:
        lines = (line.partition(":") for line in self.headers.split("\n") if line.strip())
        return {
            "name": name,
            "status": status_typed(self.status),
            "headers": {name.strip(): value.strip() for name, _, value in lines},
            "body": self.body,
            "expected_outcome": self.expected_outcome,
        }


@dataclass(frozen=True, slots=True)
class SamplesForm:
    revision: str = ""
    """The connection's when the page was opened."""
    samples: tuple[SampleRow, ...] = (SampleRow(),)

    @classmethod
    def of(cls, *, revision: int, samples: Iterable[ResponseSample]) -> "SamplesForm":
        """Return the samples that are kept, or a row to write the first one in."""
        rows = tuple(map(SampleRow.of, samples))
        return cls(str(revision), rows or (SampleRow(),))

    def documents(self) -> list[dict[str, object]]:
        """Return the samples; one without a name is called by its status and meaning."""
        taken = {row.name.strip() for row in self.samples}
        documents = []
        for row in self.samples:
            name = row.name.strip() or _free_name(
                f"{row.status} {row.expected_outcome}".strip(), taken
            )
            taken.add(name)
            documents.append(row.document(name))
        return documents

    def field_at(self, pointer: str) -> str:
        """Return the name of the field that a problem's pointer means, or nothing."""
        parts = pointer.removeprefix("/config/response_").strip("/").split("/")
        return nearest_field(self, parts)


def status_typed(text: str) -> int | str | None:
    """Return the status; None when nothing was typed, and what is none as it was typed."""
    text = text.strip()
    return int(text) if _STATUS.fullmatch(text) else text or None


def _free_name(wanted: str, taken: set[str]) -> str:
    number = 1
    name = wanted
    while name in taken:
        number += 1
        name = f"{wanted} {number}"
    return name
