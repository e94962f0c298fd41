"""What is unusual in how a file is written: it is read all the same, and said."""

from __future__ import annotations

from evalkit.data.preset import Preset, fold
from evalkit.data.quality import Finding
from evalkit.data.written import Written
from evalkit.errors import first_of

__all__ = ["form_findings"]


def form_findings(written: Written, preset: Preset) -> list[Finding]:
    """Give findings on the encoding and the heading of a file."""
    found = []
    if written.byte_order_mark:
        found.append(Finding(name="byte-order-mark", rows=1, detail=written.path.name))
    padded = [name for name in written.heading if name != name.strip()]
    if padded:
        found.append(Finding(name="padded-heading", rows=len(padded), detail=first_of(padded)))
    renamed = _renamed(written, preset)
    if renamed:
        found.append(Finding(name="renamed-column", rows=len(renamed), detail="; ".join(renamed)))
    if written.above:
        detail = f"{written.path.name}: the heading is line {written.above + 1}"
        found.append(Finding(name="heading-not-first", rows=written.above, detail=detail))
    return found


def _renamed(written: Written, preset: Preset) -> list[str]:
    """Name the columns that have another name than the usual one; a layout for any file has no usual one."""
    if preset.general:
        return []
    usual = {ours: names[0] for ours, names in preset.columns.items() if ours not in preset.choices}
    return [
        f"{name.strip()!r} in place of {usual[ours]!r}"
        for ours, name in preset.locate(written.heading).items()
        if ours in usual and not usual[ours].startswith("~") and fold(name) != fold(usual[ours])
    ]
