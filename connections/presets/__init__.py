"""Ready connections for known platforms: one data file for each, and what reads them."""

from connections.presets.library import found_presets, preset_of, presets
from connections.presets.preset import Category, InputKind, Preset, PresetInput

__all__ = [
    "Category",
    "InputKind",
    "Preset",
    "PresetInput",
    "found_presets",
    "preset_of",
    "presets",
]
