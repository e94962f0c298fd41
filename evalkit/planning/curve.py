"""A curve through simulated shares: a probit of the true change, for each conclusion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from evalkit.draws import FloatArray
from evalkit.planning.chances import Detectable
from evalkit.planning.simulated import Trials

__all__ = ["ProbitCurve", "SimulatedChances", "detectable_by_simulation"]

# Half a panel of each kind at every change: a share of 0 or 1 has no probit.
_PRIOR_COUNT = 0.5


@dataclass(frozen=True, kw_only=True, eq=False)
class ProbitCurve:
    """Share = Phi(intercept + slope x change).

    Attributes
    ----------
    covariance : of (intercept, slope), shape (2, 2), from the number of panels
    misfit : the largest distance between the curve and a simulated share
    """

    intercept: float
    slope: float
    covariance: FloatArray
    misfit: float

    @classmethod
    def through(cls, changes: FloatArray, hits: np.ndarray, runs: np.ndarray) -> Self:
        """Fit it by maximum likelihood."""
        import statsmodels.api as sm

        counts = np.column_stack([hits + _PRIOR_COUNT, runs - hits + _PRIOR_COUNT])
        family = sm.families.Binomial(link=sm.families.links.Probit())
        fit = sm.GLM(counts, sm.add_constant(changes), family=family).fit()
        return cls(
            intercept=float(fit.params[0]),
            slope=float(fit.params[1]),
            covariance=np.asarray(fit.cov_params()),
            misfit=float(np.abs(fit.fittedvalues - hits / runs).max()),
        )

    def share(self, change: FloatArray) -> FloatArray:
        """Read the curve, shape of `change`."""
        from scipy.special import ndtr

        return np.asarray(ndtr(self.intercept + self.slope * np.asarray(change, float)))


@dataclass(frozen=True, kw_only=True, eq=False)
class SimulatedChances:
    """Chances read from curves through what simulated studies concluded."""

    trials: Trials
    prevented: ProbitCurve
    harmed: ProbitCurve

    @classmethod
    def of(cls, trials: Trials) -> Self:
        """Fit a curve to each conclusion."""
        return cls(
            trials=trials,
            prevented=ProbitCurve.through(trials.changes, trials.prevents, trials.runs),
            harmed=ProbitCurve.through(trials.changes, trials.harms, trials.runs),
        )

    def prevents(self, change: FloatArray) -> FloatArray:
        """Share of studies that conclude that the measure prevents, shape of `change`."""
        return self.prevented.share(change)

    def harms(self, change: FloatArray) -> FloatArray:
        """Share of studies that conclude that it harms, shape of `change`."""
        return self.harmed.share(change)

    def error(self, change: float) -> float:
        """Give the spread of the estimates where this change is true, read between the changes that were tried."""
        return float(np.interp(change, self.trials.changes, self.trials.spread))


def detectable_by_simulation(chances: SimulatedChances, power: float) -> Detectable:
    """Give the smallest fall that is found with this power, with its error from the number of panels."""
    from scipy.special import ndtri

    curve, trials = chances.prevented, chances.trials
    most = float((trials.prevents / trials.runs).max())
    lowest = float(trials.changes[0])
    change = (float(ndtri(power)) - curve.intercept) / curve.slope if curve.slope < 0 else np.inf
    if not lowest <= change < 0:
        return Detectable(
            change=None,
            reason=f"the largest fall that was tried ({-100 * np.expm1(lowest):.0f} %) is found with a power of "
            f"{100 * most:.0f} %, below the {100 * power:.0f} % that is wanted",
        )
    gradient = np.array([-1 / curve.slope, -change / curve.slope])
    return Detectable(change=float(change), error=float(np.sqrt(gradient @ curve.covariance @ gradient)))
