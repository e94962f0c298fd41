"""The one judge of every estimator: does it find what was put in, and does its interval hold what it says?"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """What many simulated evaluations said, and how far chance alone may take each figure.

    Attributes
    ----------
    bias : mean of the estimates less the truth
    spread : standard deviation of the estimates
    mean_error : mean of the standard errors that were stated
    coverage : share of the 95 % intervals that held the truth
    rejected : share that rejected no change at 5 %: the size where the truth is none, otherwise the power
    runs : how many there were
    """

    bias: float
    spread: float
    mean_error: float
    coverage: float
    rejected: float
    runs: int

    @property
    def bias_tolerance(self) -> float:
        """Three Monte-Carlo standard errors of the bias: an unbiased estimator exceeds it once in 370."""
        return 3 * self.spread / np.sqrt(self.runs)

    @property
    def coverage_tolerance(self) -> float:
        """Three Monte-Carlo standard errors of a share of 5 %: 2.9 points for 500 runs."""
        return 3 * np.sqrt(0.05 * 0.95 / self.runs)

    def is_unbiased(self) -> bool:
        """Is the bias no more than chance?"""
        return abs(self.bias) <= self.bias_tolerance

    def covers(self) -> bool:
        """Is the coverage 95 %, but for chance?"""
        return abs(self.coverage - 0.95) <= self.coverage_tolerance

    def covers_at_least(self) -> bool:
        """Is the coverage 95 % or more, but for chance?"""
        return self.coverage >= 0.95 - self.coverage_tolerance


def judge(estimator, simulate, truth, runs, rng, *, draws=200):
    """Let `estimator` evaluate `runs` simulated designs.

    Parameters
    ----------
    estimator : anything with `estimate(design, *, rng, draws)`
    simulate : from a random generator to a design
    truth : the change that `simulate` puts in, on the estimator's scale
    runs : how many designs
    rng : the source of all randomness, each run with a child of its own
    draws : of each effect; mid-quantiles, so that 200 put the limits within a hundredth of an error
    """
    effects = [estimator.estimate(simulate(child), rng=child, draws=draws) for child in rng.spawn(runs)]
    intervals = [effect.interval(0.95) for effect in effects]
    estimates = np.array([effect.estimate for effect in effects])
    return Judgement(
        bias=float(estimates.mean() - truth),
        spread=float(estimates.std(ddof=1)),
        mean_error=float(np.mean([effect.std_error for effect in effects])),
        coverage=float(np.mean([not interval.excludes(truth) for interval in intervals])),
        rejected=float(np.mean([interval.excludes(0) for interval in intervals])),
        runs=runs,
    )
