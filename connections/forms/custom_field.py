"""A custom field of the account: where it looks, and what follows from what it finds there."""

from dataclasses import dataclass, replace

from connections.exchange.attributes import CATALOGUE
from connections.exchange.custom_fields import CustomField
from connections.forms.binding import nearest_field, without_blank_rows

SOURCES = tuple((name, f"{attribute.label} ({name})") for name, attribute in CATALOGUE.items())
COMPARISONS = (("equals", "Is the same as"), ("contains", "Contains"))


@dataclass(frozen=True, slots=True)
class MappingRow:
    match: str = ""
    value: str = ""


@dataclass(frozen=True, slots=True)
class CustomFieldForm:
    name: str = ""
    source: str = ""
    condition: str = "equals"
    mappings: tuple[MappingRow, ...] = ()
    default_when_empty: str = ""
    default_when_nothing_matches: str = ""

    @classmethod
    def of(cls, definition: CustomField) -> "CustomFieldForm":
        return cls(
            name=definition.name,
            source=definition.source,
            condition=definition.condition.value,
            mappings=tuple(MappingRow(one.match, one.value) for one in definition.mappings),
            default_when_empty=definition.default_when_empty or "",
            default_when_nothing_matches=definition.default_when_nothing_matches or "",
        )

    def tidy(self) -> "CustomFieldForm":
        """Return the form as it is saved: without the rows that were left empty."""
        return without_blank_rows(replace(self, name=self.name.strip()))

    def document(self) -> dict[str, object]:
        """Return the definition, unchecked; a default that was left empty is none."""
        return {
            "name": self.name,
            "source": self.source,
            "condition": self.condition,
            "mappings": [{"match": row.match, "value": row.value} for row in self.mappings],
            "default_when_empty": self.default_when_empty or None,
            "default_when_nothing_matches": self.default_when_nothing_matches or None,
        }

    def field_at(self, pointer: str) -> str:
        return nearest_field(self, pointer.split("/")[1:])
