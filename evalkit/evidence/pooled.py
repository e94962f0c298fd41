"""Effects of many studies as one distribution, and what it says of a new study and of each old one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from evalkit.draws import FloatArray, Interval
from evalkit.errors import EvidenceError
from evalkit.evidence.between_studies import BetweenMethod, q_profile
from evalkit.evidence.effect_size import EffectSize, Moderator, Scale, estimates_and_errors, quantile
from evalkit.evidence.moderators import Columns

__all__ = ["Expected", "Pooled", "Shrunk", "Test"]

type Test = Literal["hartung-knapp", "hartung-knapp without floor", "normal"]


@dataclass(frozen=True, kw_only=True)
class Expected:
    """What studies of a kind find on average, and what a new one of that kind would.

    Attributes
    ----------
    estimate, error : of the average
    degrees_of_freedom : of its t distribution; None for a normal
    deviation : standard deviation of a new study's true effect around `estimate`, the error of the average included
    new_degrees_of_freedom : of the t distribution of a new study's; None for a normal
    """

    estimate: float
    error: float
    degrees_of_freedom: float | None
    deviation: float
    new_degrees_of_freedom: float | None

    def interval(self, level: float = 0.95) -> Interval:
        """Give the confidence interval of the average."""
        return _around(self.estimate, self.error, level, self.degrees_of_freedom)

    def prediction_interval(self, level: float = 0.95) -> Interval:
        """Give where the true effect of a new study lies."""
        return _around(self.estimate, self.deviation, level, self.new_degrees_of_freedom)

    @property
    def prob_new_harm(self) -> float:
        """Probability that a new study's true effect is above 0, which is harm."""
        from scipy.special import ndtr, stdtr

        z, free = self.estimate / self.deviation, self.new_degrees_of_freedom
        return float(ndtr(z) if free is None else stdtr(free, z))


@dataclass(frozen=True, kw_only=True, eq=False)
class Shrunk:
    """Each study's own effect, drawn towards what studies of its kind find: best linear unbiased predictions.

    Attributes
    ----------
    estimates, errors : shape (effects,)
    weights : share of a study's own estimate in its prediction, tau2 / (tau2 + its variance), shape (effects,)
    """

    estimates: FloatArray
    errors: FloatArray
    weights: FloatArray


@dataclass(frozen=True, kw_only=True, eq=False)
class Pooled:
    """Many effects as one distribution.

    Attributes
    ----------
    effects : what was pooled
    scale : of every estimate; negative is less harm
    method, test : how tau2 and the errors were made
    columns : intercept and moderators
    tau2 : variance of true effects between studies that the moderators leave
    tau2_error : its standard error, for REML and ML; None otherwise
    coefficients : shape (p,), in the order of `columns.names`
    covariance : shape (p, p)
    degrees_of_freedom : of the t distribution of the coefficients; None for a normal
    scaled_by : what the Hartung-Knapp method multiplied the variances by, 1 for the normal
    q, q_degrees_of_freedom, q_p_value : Cochran's test of no spread between studies beyond what moderators explain; the
        p-value is None where nothing is left to test
    i2 : share of the spread of estimates that is no sampling error, in percent
    h2 : spread of estimates over what sampling error alone would give
    r2 : share of tau2 that the moderators explain, in percent; None without moderators, or without tau2 to explain
    """

    effects: tuple[EffectSize, ...]
    scale: Scale
    method: BetweenMethod
    test: Test
    columns: Columns
    tau2: float
    tau2_error: float | None
    coefficients: FloatArray
    covariance: FloatArray
    degrees_of_freedom: float | None
    scaled_by: float
    q: float
    q_degrees_of_freedom: int
    q_p_value: float | None
    i2: float
    h2: float
    r2: float | None

    @property
    def tau(self) -> float:
        """Standard deviation of true effects between studies."""
        return float(np.sqrt(self.tau2))

    @property
    def errors(self) -> FloatArray:
        """Standard errors of the coefficients, shape (p,)."""
        return np.asarray(np.sqrt(np.diag(self.covariance)))

    @cached_property
    def p_values(self) -> FloatArray:
        """Two-sided p-values of no coefficient, shape (p,)."""
        from scipy.special import ndtr, stdtr

        z, free = -np.abs(self.coefficients) / self.errors, self.degrees_of_freedom
        return np.asarray(2 * (ndtr(z) if free is None else stdtr(free, z)))

    @property
    def arrays(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Estimates and sampling variances, each of shape (effects,), and columns, shape (effects, p)."""
        values, errors = estimates_and_errors(self.effects)
        return values, errors**2, self.columns.values

    def tau2_interval(self, level: float = 0.95) -> Interval:
        """Give the interval of tau2 by the Q profile; it holds for estimates that are normal."""
        if self.q_degrees_of_freedom < 1:
            raise EvidenceError(f"an interval of tau2 needs more effects than coefficients; there are {self._sizes}")
        return q_profile(*self.arrays, level)

    @property
    def _sizes(self) -> str:
        return f"{len(self.effects)} and {len(self.coefficients)}"

    def expected(self, at: Mapping[str, Moderator] | None = None) -> Expected:
        """Give what to expect where moderators have the values `at`; without moderators, everywhere.

        The spread of a new study's effect is read with t on one degree of freedom fewer than is left for tau2 (k - 2
        without moderators: Higgins, Thompson and Spiegelhalter 2009, doi:10.1111/j.1467-985X.2008.00552.x), and with
        the normal under `test="normal"`, as metafor does. Measured at 95 % (`random_effects`) it holds .84 to .87 of
        new effects where tau is a half of the typical error and studies are 10 to 30: tau is then often found to be 0.
        """
        row = self.columns.row(at or {})
        error2 = float(row @ self.covariance @ row)
        left = len(self.effects) - len(self.coefficients) - 1
        if self.test != "normal" and self.method != "common" and left < 1:
            raise EvidenceError(
                f"a new study's effect needs two effects more than coefficients; there are {self._sizes}"
            )
        return Expected(
            estimate=float(row @ self.coefficients),
            error=float(np.sqrt(error2)),
            degrees_of_freedom=self.degrees_of_freedom,
            deviation=float(np.sqrt(error2 + self.tau2)),
            new_degrees_of_freedom=None if self.test == "normal" else float(max(left, 1)),
        )

    def shrunk(self) -> Shrunk:
        """Give every study's own effect drawn towards what studies of its kind find.

        Errors are those of the prediction with tau2 taken as known (as `blup` in metafor).
        """
        values, variances, X = self.arrays
        weights = self.tau2 / (self.tau2 + variances)
        middle = X @ self.coefficients
        of_middle = np.einsum("kp,pq,kq->k", X, self.covariance, X)
        return Shrunk(
            estimates=weights * values + (1 - weights) * middle,
            errors=np.sqrt(weights * variances + (1 - weights) ** 2 * of_middle),
            weights=weights,
        )


def _around(middle: float, error: float, level: float, degrees_of_freedom: float | None) -> Interval:
    half = error * quantile(level, degrees_of_freedom)
    return Interval(level=level, lower=middle - half, upper=middle + half)
