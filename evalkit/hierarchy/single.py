"""One table of counts, in closed form: what is known of its log ratio of ratios before anything else is known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import digamma, polygamma

from evalkit.errors import EvidenceError

if TYPE_CHECKING:
    from evalkit.draws import FloatArray

__all__ = ["SingleTable", "single_table"]


@dataclass(frozen=True, kw_only=True, eq=False)
class SingleTable:
    """The posterior of a log ratio of ratios where each rate has Jeffreys' prior: a sum of logs of gammas.

    Negative where events fell by more than in the comparison area.

    Attributes
    ----------
    counts : treated before and after, comparison before and after, shape (4,)
    offset : log of the exposures' ratio of ratios, which is taken off
    """

    counts: FloatArray
    offset: float

    @property
    def mean(self) -> float:
        """Mean, exact."""
        return float(_SIGNS @ digamma(self.counts + 0.5)) - self.offset

    @property
    def deviation(self) -> float:
        """Standard deviation, exact."""
        return float(np.sqrt(polygamma(1, self.counts + 0.5).sum()))

    def sample(self, draws: int, rng: np.random.Generator) -> FloatArray:
        """Give independent draws, shape (draws,)."""
        # a gamma with shape below 1 may come out as zero; its log is that of shape + 1 and a uniform
        shapes = self.counts + 0.5
        logs = np.log(rng.gamma(shapes + 1, size=(draws, 4))) + np.log(1 - rng.random((draws, 4))) / shapes
        return np.asarray(logs @ _SIGNS - self.offset)


_SIGNS = np.array([-1.0, 1.0, 1.0, -1.0])


def single_table(
    treated: Any, comparison: Any, *, treated_exposure: Any = (1, 1), comparison_exposure: Any = (1, 1)
) -> SingleTable:
    """Take one table of events before and after, with and without the measure.

    Parameters
    ----------
    treated, comparison : (before, after), whole numbers
    treated_exposure, comparison_exposure : what they are over, such as months

    >>> table = single_table((40, 30), (20, 25))
    >>> round(table.mean, 4), round(table.deviation, 4)
    (-0.5108, 0.3851)
    """
    counts = np.concatenate([np.asarray(treated, float), np.asarray(comparison, float)])
    if counts.shape != (4,) or not (np.isfinite(counts) & (counts >= 0) & (counts == np.floor(counts))).all():
        msg = (
            f"treated and comparison are each two whole numbers, before and after; there is {treated!r}, {comparison!r}"
        )
        raise EvidenceError(msg)
    exposures = np.concatenate([np.asarray(treated_exposure, float), np.asarray(comparison_exposure, float)])
    if exposures.shape != (4,) or not (np.isfinite(exposures) & (exposures > 0)).all():
        msg = "exposures are above zero, two for each area, before and after"
        raise EvidenceError(msg)
    return SingleTable(counts=counts, offset=float(_SIGNS @ np.log(exposures)))
