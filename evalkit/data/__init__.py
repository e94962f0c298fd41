"""From files to panels."""

from evalkit.data.counts import Counts, read_counts
from evalkit.data.files import Layout, began_by_site, read_table, spells_by_site
from evalkit.data.guess import Guess, guess
from evalkit.data.incident_look import look_at_incidents
from evalkit.data.preset import Preset
from evalkit.data.preset_files import load_preset, presets
from evalkit.data.quality import DataQuality, Finding, SourceFile, UnlocatedShare

__all__ = [
    "Counts",
    "DataQuality",
    "Finding",
    "Guess",
    "Layout",
    "Preset",
    "SourceFile",
    "UnlocatedShare",
    "began_by_site",
    "guess",
    "load_preset",
    "look_at_incidents",
    "presets",
    "read_counts",
    "read_table",
    "spells_by_site",
]
