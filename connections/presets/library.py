"""The presets that there are, read once from the data files beside this module."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

import yaml

from accounts.errors import LookElsewhere
from connections.presets.preset import Category, Preset

_FOLDER = Path(__file__).parent


@cache
def presets() -> Mapping[str, Preset]:
    """Return all presets by their slug, in the order of their names."""
    read = [
        Preset.model_validate({"slug": path.stem} | yaml.safe_load(path.read_text("utf-8")))
        for path in _FOLDER.glob("*.yaml")
    ]
    read.sort(key=lambda preset: preset.name.casefold())
    return MappingProxyType({preset.slug: preset for preset in read})


def preset_of(slug: str) -> Preset:
    """*Raises* LookElsewhere."""
    try:
        return presets()[slug]
    except KeyError as missing:
        raise LookElsewhere("There is no such preset.") from missing


def found_presets(*, search: str = "", category: Category | None = None) -> list[Preset]:
    """Return the presets of the category whose name or summary holds every word searched for."""
    words = search.casefold().split()
    return [
        preset
        for preset in presets().values()
        if category in (None, preset.category)
        and all(word in f"{preset.name} {preset.summary}".casefold() for word in words)
    ]
