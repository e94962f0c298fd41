"""Does the share of rows without a place change over time? Such a change looks like an effect."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

__all__ = ["LocatedChange", "located_change"]

# A change is told where chance makes one as large in less than one of a hundred, and it moves counts by a percent.
_RARE = 0.01
_LARGE = 0.01


@dataclass(frozen=True, kw_only=True)
class LocatedChange:
    """The share without a place, early and late.

    Attributes
    ----------
    early, late : share of rows without a place in the first and in the second half of the periods
    p_value : of a trend over the periods (Cochran-Armitage, two-sided, https://doi.org/10.2307/3001775)
    changes : is it neither small nor chance?
    """

    early: float
    late: float
    p_value: float
    changes: bool

    @property
    def says(self) -> str:
        """In a sentence."""
        shares = f"{self.early:.1%} without a place in the first half, {self.late:.1%} in the second"
        if not self.changes:
            return f"{shares}: no trend that matters"
        return f"{shares}: the share changes over time, which looks like an effect where only located rows are counted"


def located_change(rows: Sequence[int], unlocated: Sequence[int]) -> LocatedChange | None:
    """Test for a trend in the share without a place; None where every row has one, or there are not two periods.

    Parameters
    ----------
    rows, unlocated : of each period, in order; no period without rows
    """
    from scipy import stats

    many, lost, half = np.array(rows, float), np.array(unlocated, float), len(rows) // 2
    if half == 0 or not 0 < lost.sum() < many.sum():
        return None
    when = np.arange(len(many)) - np.average(np.arange(len(many)), weights=many)
    share = lost.sum() / many.sum()
    score = float((when * lost).sum() / np.sqrt(share * (1 - share) * (many * when**2).sum()))
    p_value = float(2 * stats.norm.sf(abs(score)))
    early, late = (float(lost[part].sum() / many[part].sum()) for part in (slice(half), slice(half, None)))
    return LocatedChange(
        early=early, late=late, p_value=p_value, changes=p_value < _RARE and abs(late - early) > _LARGE
    )
