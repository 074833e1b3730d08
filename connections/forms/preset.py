"""What a preset asks for: a name, and the values of its inputs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from connections.forms.binding import Field, Posted
from connections.presets import InputKind, Preset, PresetInput


@dataclass(frozen=True, slots=True)
class PresetForm:
    preset: Preset
    name: str
    values: Mapping[str, str]

    @classmethod
    def empty(cls, preset: Preset) -> Self:
        return cls(preset, preset.name, {})

    @classmethod
    def posted(cls, preset: Preset, posted: Posted) -> Self:
        values = {one.name: str(posted.get(_field_name(one), "")).strip() for one in preset.inputs}
        return cls(preset, str(posted.get("name", "")).strip(), values)

    def secret_values(self) -> dict[str, str]:
        return {one.name: self.values[one.name] for one in self.preset.inputs_of(InputKind.SECRET)}

    def fields(self, problems: Mapping[str, list[str]]) -> list[tuple[PresetInput, Field]]:
        """Return each input with its control; a secret is never put back on the page."""
        return [
            (one, Field(name, self._shown(one), problems.get(name, ())))
            for one in self.preset.inputs
            for name in (_field_name(one),)
        ]

    def _shown(self, one: PresetInput) -> str:
        return "" if one.kind is InputKind.SECRET else self.values.get(one.name, "")

    def field_at(self, pointer: str) -> str:
        """Return the name of the field that a problem's pointer means, or nothing."""
        if pointer == "/name":
            return "name"
        for one in self.preset.inputs:
            if pointer in (f"/inputs/{one.name}", *self.preset.pointers(one)):
                return _field_name(one)
        return ""


def _field_name(one: PresetInput) -> str:
    return f"inputs.{one.name}"
