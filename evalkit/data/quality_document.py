"""What became of every row, as plain data for other programs."""

from __future__ import annotations

from typing import Any

from evalkit.data.quality import DataQuality

__all__ = ["quality_document"]


def quality_document(quality: DataQuality) -> dict[str, Any]:
    """Give what became of every row as plain data."""
    change = quality.located_change
    return {
        "preset": quality.preset,
        "columns": dict(quality.columns),
        "files": [{"name": each.name, "sha256": each.sha256, "rows": each.rows} for each in quality.files],
        "first_period": quality.first or None,
        "last_period": quality.last or None,
        "rows_read": quality.rows_read,
        "rows_counted": quality.rows_counted,
        "rows_dropped": quality.rows_dropped,
        "events": quality.events,
        "findings": [
            {
                "name": each.name,
                "says": each.says,
                "unit": each.unit,
                "rows": each.rows,
                "distinct": each.distinct,
                "left_out": each.drops,
                "detail": each.detail,
            }
            for each in quality.findings
        ],
        "unlocated": [
            {"period": each.period, "rows": each.rows, "unlocated": each.unlocated} for each in quality.unlocated
        ],
        "unlocated_change": None
        if change is None
        else {"early": change.early, "late": change.late, "p_value": change.p_value, "changes": change.changes},
        "caveats": list(quality.caveats),
        "gaps": {source: list(periods) for source, periods in quality.gaps.items()},
    }
