"""What is read from gaps: the change of each group and the effect at each time since the start."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evalkit.draws import FloatArray
from evalkit.models._synthetic.fitted import Fitted

__all__ = ["Reading", "read_gaps"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Reading:
    """Linear readings of gaps, so that estimates, placebos and replicates are read alike.

    Attributes
    ----------
    times : periods since the start, shape (times,)
    matrix : from gaps laid flat to the change of each group and then each time, shape (groups + times,
        groups * periods)
    shares : of the groups in the headline: their treated site-periods, shape (groups,)
    """

    times: np.ndarray
    matrix: FloatArray
    shares: FloatArray

    @property
    def headline(self) -> FloatArray:
        """Weights of the readings in the headline, shape (groups + times,)."""
        return np.concatenate([self.shares, np.zeros(len(self.times))])

    def of(self, gaps: FloatArray) -> FloatArray:
        """Read gaps (..., groups, periods): shape (..., groups + times)."""
        return np.asarray(gaps.reshape(*gaps.shape[:-2], -1) @ self.matrix.T)

    def change(self, gaps: FloatArray) -> FloatArray:
        """Read the headline, the mean over treated site-periods, from gaps (..., groups, periods)."""
        return np.asarray(self.of(gaps) @ self.headline)


def read_gaps(fitted: Fitted) -> Reading:
    """Prepare to read gaps of these groups."""
    groups, periods = fitted.gaps.shape
    since = np.arange(periods) - fitted.starts[:, None]
    times = np.unique(since)
    per_group = np.zeros((groups, groups, periods))
    own = np.arange(groups)
    per_group[own, own] = (since >= 0) / (since >= 0).sum(axis=1, keepdims=True)
    per_time = (since[None] == times[:, None, None]) * fitted.sizes[:, None]
    per_time = per_time / per_time.sum(axis=(1, 2), keepdims=True)
    cells = fitted.sizes * (since >= 0).sum(axis=1)
    return Reading(
        times=times,
        matrix=np.concatenate([per_group, per_time]).reshape(groups + len(times), groups * periods),
        shares=cells / cells.sum(),
    )
