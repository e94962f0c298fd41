"""From files to panels."""

from evalkit.data.files import Layout, began_by_site, read_table, spells_by_site
from evalkit.data.preset import Preset
from evalkit.data.preset_files import load_preset, presets
from evalkit.data.quality import DataQuality, Finding, SourceFile, UnlocatedShare

__all__ = [
    "DataQuality",
    "Finding",
    "Layout",
    "Preset",
    "SourceFile",
    "UnlocatedShare",
    "began_by_site",
    "load_preset",
    "presets",
    "read_table",
    "spells_by_site",
]
