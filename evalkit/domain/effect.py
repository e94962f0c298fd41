"""The one thing that every estimator gives: an effect, as draws."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from evalkit.domain.effect_parts import Cells, Check, Cohorts, Displacement, Dynamics, Paths, TrendSensitivity
from evalkit.domain.outcome import Outcome
from evalkit.draws import Interval, interval
from evalkit.errors import DomainError, first_of

if TYPE_CHECKING:
    from evalkit.draws import FloatArray

__all__ = ["Basis", "Effect", "Scale"]

type Scale = Literal[
    "log_rate_ratio", "rate_difference", "count_difference", "log_odds_ratio", "log_hazard_ratio", "mean_difference"
]
type Basis = Literal["sampling", "posterior", "bootstrap", "randomisation"]

_RATIOS = frozenset({"log_rate_ratio", "log_odds_ratio", "log_hazard_ratio"})


@dataclass(frozen=True, kw_only=True, eq=False)
class Effect:
    """Draws of a change, of the events it prevented, and what they stand for.

    Every number is read from the draws: estimate, error, interval, percent and totals cannot disagree.

    Attributes
    ----------
    outcome : what changed
    estimator : name of the method
    scale : of `change`; a negative change is a fall, on every scale
    change : shape (draws,)
    prevented : events prevented by treated period, shape (draws, periods); negative where the measure did
        harm; None where the outcome is not a count of events
    periods : labels of the treated periods, one for each column of `prevented`
    recorded : events recorded in treated sites by treated period, shape (periods,), or None
    basis : what the draws stand for
    degrees_of_freedom : of the t distribution that sampling draws follow; None for a normal
    checks : what must be known before believing it
    paths, cells, dynamics : recorded against expected by period, the same by site and period, and the effect
        by time since the start, where the method gives them
    displacement : what happened in the buffer, where there is one
    estimand : what was estimated, in words
    assumption : what must be true for it to be causal, in a sentence
    test_p_value : of a test that is a record of its own (randomisation inference), with `reference_set`;
        for sampling draws `p_value` reads it from the draws
    methods_cap : highest level of the Scientific Methods Scale that the method makes use of; one that adds
        sites up to a before/after table cannot claim what a panel could show
    influence : each site's influence on the change, shape (sites,), for coupling outcomes that share sites
    smallest_p_value : the smallest p-value that the reference set could give, however large the effect; where it
        is above 1 - level, nothing can be told from chance at that level, and judgement says so
    cohorts : the effect by first treated period, where sites started at different times
    trend_sensitivity : what is left of the effect if trends were not quite parallel
    comparison_weights : what the comparison is made of: (site, weight) pairs, the heaviest first
    specification : what a table of specifications shows of the estimate: (item, value) pairs, such as
        ("errors", "CR2") or ("compared with", "never treated")
    """

    outcome: Outcome
    estimator: str
    scale: Scale
    change: FloatArray
    estimand: str
    assumption: str
    prevented: FloatArray | None = None
    periods: tuple[str, ...] = ()
    recorded: FloatArray | None = None
    basis: Basis = "sampling"
    degrees_of_freedom: float | None = None
    checks: tuple[Check, ...] = ()
    paths: Paths | None = None
    cells: Cells | None = None
    dynamics: Dynamics | None = None
    displacement: Displacement | None = None
    influence: FloatArray | None = None
    test_p_value: float | None = None
    reference_set: str = ""
    methods_cap: int = 5
    smallest_p_value: float | None = None
    cohorts: Cohorts | None = None
    trend_sensitivity: tuple[TrendSensitivity, ...] = ()
    comparison_weights: tuple[tuple[str, float], ...] = ()
    specification: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        for name, value, known in (("scale", self.scale, Scale), ("basis", self.basis, Basis)):
            if value not in get_args(known.__value__):
                msg = f"no {name} {value!r} of an effect; there is {first_of(get_args(known.__value__), 9)}"
                raise DomainError(msg)
        if self.degrees_of_freedom is not None and not self.degrees_of_freedom > 0:
            msg = f"degrees of freedom ({self.estimator}) are above zero; there is {self.degrees_of_freedom}"
            raise DomainError(msg)
        for p_value in (self.test_p_value, self.smallest_p_value):
            if p_value is not None and not 0 <= p_value <= 1:
                msg = f"a p-value ({self.estimator}) lies between 0 and 1; there is {p_value}"
                raise DomainError(msg)
        if self.prevented is not None and not self.outcome.counts_events:
            msg = (
                f"outcome {self.outcome.name!r} is a {self.outcome.kind}, not a count of events: "
                "nothing of it can be prevented, so the effect has no draws of events prevented"
            )
            raise DomainError(msg)
        draws, periods = len(np.atleast_1d(self.change)), len(self.periods)
        shapes = {"change": (draws,), "prevented": (draws, periods), "recorded": (periods,)}
        for name, shape in shapes.items():
            if getattr(self, name) is not None:
                object.__setattr__(self, name, self._checked(name, getattr(self, name), shape))
        if self.influence is not None:
            object.__setattr__(
                self, "influence", self._checked("influence", self.influence, (np.size(self.influence),))
            )
        self._check_rows(draws)

    def _checked(self, name: str, array: FloatArray, shape: tuple[int, ...]) -> FloatArray:
        """Give a frozen copy of an array of finite numbers, or say what is wrong with it."""
        out = np.array(array, float)
        if not out.size and name == "change":
            msg = f"an effect ({self.estimator}) has at least one draw; there is none"
            raise DomainError(msg)
        if out.shape != shape:
            msg = f"{name} of an effect ({self.estimator}) has shape {shape}; there is {out.shape}"
            raise DomainError(msg)
        bad = ~np.isfinite(out)
        if bad.any():
            msg = f"{int(bad.sum())} of {out.size} draws of {name} ({self.estimator}) are not finite numbers"
            raise DomainError(msg)
        out.setflags(write=False)
        return out

    def _check_rows(self, draws: int) -> None:
        """Rows of every array of draws go together, so there are as many of each."""
        rows = {
            "dynamics": None if self.dynamics is None else len(self.dynamics.draws),
            "displacement": None if self.displacement is None else len(self.displacement.change),
            "cohorts": None if self.cohorts is None else len(self.cohorts.change),
        }
        for name, found in rows.items():
            if found is not None and found != draws:
                msg = f"{name} of an effect ({self.estimator}) has {found} draws; its change has {draws}"
                raise DomainError(msg)

    @property
    def draws(self) -> int:
        """How many draws there are."""
        return len(self.change)

    @cached_property
    def estimate(self) -> float:
        """Median of the change, on its own scale."""
        return float(np.median(self.change))

    @cached_property
    def std_error(self) -> float:
        """Standard error of the change, on its own scale.

        For sampling draws it is the scale of the distribution they were spread over (the distance of two
        quantiles, so that a t distribution gives the error and not its own wider deviation); otherwise the
        standard deviation of the draws.
        """
        if self.basis != "sampling":
            return float(np.std(self.change))
        middle = interval(self.change, 0.5)
        return (middle.upper - middle.lower) / (2 * self._reference_quantile(0.75))

    def _reference_quantile(self, probability: float) -> float:
        from scipy.special import ndtri, stdtrit

        if self.degrees_of_freedom is None:
            return float(ndtri(probability))
        return float(stdtrit(self.degrees_of_freedom, probability))

    @property
    def p_value(self) -> float | None:
        """Two-sided p-value of no change, where the draws stand for a sampling distribution or a test was made."""
        if self.test_p_value is not None or self.basis != "sampling":
            return self.test_p_value
        if self.std_error == 0:
            return None
        from scipy.special import ndtr, stdtr

        z = -abs(self.estimate) / self.std_error
        return float(2 * (ndtr(z) if self.degrees_of_freedom is None else stdtr(self.degrees_of_freedom, z)))

    @property
    def prob_reduction(self) -> float:
        """Share of the draws in which there was less of the outcome."""
        return float(np.mean(self.change < 0))

    def interval(self, level: float = 0.95) -> Interval:
        """Give the interval of the change on its own scale."""
        return interval(self.change, level)

    @cached_property
    def percent_draws(self) -> FloatArray | None:
        """Change in percent of what was expected without the measure, shape (draws,); None where it has no meaning."""
        if self.scale in _RATIOS:
            return np.asarray(100 * np.expm1(self.change))
        if self.prevented is None or self.recorded is None:
            return None
        total = self.prevented.sum(axis=1)
        expected = self.recorded.sum() + total
        # a percentage of an expectation that may be nothing or less does not exist
        return np.asarray(-100 * total / expected) if (expected > 0).all() else None

    @cached_property
    def percent_by_period(self) -> FloatArray | None:
        """Change in percent of what was expected, by treated period, shape (draws, periods).

        Read from the events recorded and prevented, row by row; infinite in a draw that expects no event, or fewer
        than none, so that quantiles hold as long as they are finite (`bounded_interval`).
        """
        if self.prevented is None or self.recorded is None:
            return None
        return _in_percent(self.prevented, self.recorded)

    @cached_property
    def percent_by_cohort(self) -> FloatArray | None:
        """Change in percent of what was expected, by cohort, shape (draws, cohorts); infinite as by period."""
        cohorts = self.cohorts
        if cohorts is None:
            return None
        if self.scale in _RATIOS:
            return np.asarray(100 * np.expm1(cohorts.change))
        if cohorts.prevented is None or cohorts.recorded is None:
            return None
        return _in_percent(cohorts.prevented, cohorts.recorded)

    @cached_property
    def total_prevented(self) -> FloatArray | None:
        """Events prevented in all treated sites and periods, shape (draws,), displacement not counted."""
        return None if self.prevented is None else np.asarray(self.prevented.sum(axis=1))

    @cached_property
    def net_prevented(self) -> FloatArray | None:
        """Events prevented by period, net of what moved to the buffer or spread to it, shape (draws, periods)."""
        if self.prevented is None:
            return None
        moved = self.displacement.prevented if self.displacement is not None else None
        return self.prevented if moved is None else np.asarray(self.prevented + moved)

    def reorder(self, order: np.ndarray) -> Effect:
        """Give the same effect with its rows in another order; no margin changes."""
        dynamics, moved, cohorts = self.dynamics, self.displacement, self.cohorts
        return replace(
            self,
            change=self.change[order],
            prevented=None if self.prevented is None else self.prevented[order],
            dynamics=None if dynamics is None else replace(dynamics, draws=dynamics.draws[order]),
            cohorts=None
            if cohorts is None
            else replace(
                cohorts,
                change=cohorts.change[order],
                prevented=None if cohorts.prevented is None else cohorts.prevented[order],
            ),
            displacement=None
            if moved is None
            else replace(
                moved,
                change=moved.change[order],
                prevented=None if moved.prevented is None else moved.prevented[order],
            ),
        )


def _in_percent(prevented: FloatArray, recorded: FloatArray) -> FloatArray:
    """Change in percent of what was expected, from prevented (draws, columns) and recorded (columns,).

    The fewer were expected, the larger the rise; where none were it is beyond every bound.
    """
    expected = recorded + prevented
    out = np.full(expected.shape, np.inf)
    np.divide(-100 * prevented, expected, out=out, where=expected > 0)
    return out
