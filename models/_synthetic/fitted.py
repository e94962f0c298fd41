"""What both methods give: gaps between treated sites and their synthetic counterparts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from evalkit.draws import FloatArray

__all__ = ["Fitted", "Fitter"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Fitted:
    """Gaps of groups of treated sites: single sites for synthetic control, cohorts for synthetic DiD.

    Attributes
    ----------
    starts, sizes : first treated period and number of sites of each group, shape (groups,)
    members : group of each treated site, shape (treated,)
    gaps : treated less synthetic outcome, less what they differ by before the start, shape (groups, periods)
    weights : of the comparison sites, shape (groups, comparison)
    times : weights of the periods before the start that a gap is held against, shape (groups, periods);
        zeros where it is held against none
    """

    starts: np.ndarray
    sizes: np.ndarray
    members: np.ndarray
    gaps: FloatArray
    weights: FloatArray
    times: FloatArray


class Fitter(Protocol):
    """How a method fits treated sites, so that placebos and left-out sites go the very same way."""

    def __call__(
        self,
        outcomes: FloatArray,
        treated: np.ndarray,
        starts: np.ndarray,
        comparison: np.ndarray,
        stop: int | None = None,
    ) -> Fitted:
        """Fit rows `treated` of `outcomes` (sites, periods) by rows `comparison`, on periods before `stop`."""
        ...
