"""The catalogue of attributes: the named facts that a referral can carry, as the table says."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType

_TABLE = Path(__file__).with_name("catalogue.csv")
_TRUTHS = {"yes": True, "no": False}


class AttributeType(StrEnum):
    TEXT = "text"
    INTEGER = "integer"
    DECIMAL = "decimal"
    DATE = "date"
    DATETIME = "datetime"


@dataclass(frozen=True, slots=True)
class Attribute:
    name: str
    label: str
    type: AttributeType
    description: str
    example: str
    pii: bool


def _attribute(row: Mapping[str, str]) -> Attribute:
    return Attribute(
        name=row["name"],
        label=row["label"],
        type=AttributeType(row["type"]),
        description=row["description"],
        example=row["example"],
        pii=_TRUTHS[row["pii"]],
    )


def _read_table() -> dict[str, Attribute]:
    with _TABLE.open(encoding="utf-8", newline="") as table:
        return {row["name"]: _attribute(row) for row in csv.DictReader(table, strict=True)}


CATALOGUE: Mapping[str, Attribute] = MappingProxyType(_read_table())
"""Every attribute by its name, in the order in which pages list them."""
