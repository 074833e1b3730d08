"""From what a person typed to the configuration of a preset, or to problems with their place."""

import re
from collections.abc import Iterator, Mapping

from accounts.errors import CorrectInput, Problem
from connections.exchange.config import ConnectionConfig
from connections.presets.preset import InputKind, Preset, PresetInput

_LABEL = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS = re.compile(rf"{_LABEL}(?:\.{_LABEL}){{0,9}}")


def filled_preset(preset: Preset, values: Mapping[str, str]) -> ConnectionConfig:
    """Return the preset's configuration with these values.

    *Raises* CorrectInput with pointers like `/inputs/list_id`.
    """
    if problems := list(_problems(preset, values)):
        raise CorrectInput(*problems)
    return preset.filled(values)


def _problems(preset: Preset, values: Mapping[str, str]) -> Iterator[Problem]:
    for one in preset.inputs:
        if problem := _problem(one, values.get(one.name, "")):
            yield problem


def _problem(one: PresetInput, value: str) -> Problem | None:
    pointer = f"/inputs/{one.name}"
    if not value:
        return Problem(pointer, "required", f"Fill in: {one.label}.")
    if one.kind is InputKind.ADDRESS and not _ADDRESS.fullmatch(value):
        detail = (
            f"{one.label} becomes part of the address: only letters, digits, dots and hyphens,"
            f" for example {one.example}."
        )
        return Problem(pointer, "malformed", detail)
    return None
