"""Figures over sets of treated cells, each with every site's influence on it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Protocol

import numpy as np

from evalkit.draws import FloatArray
from evalkit.models._imputation.errors import Errors, Spread, Strata, group_sums, spread_of
from evalkit.models._imputation.untreated import Untreated

__all__ = ["Figure", "Imputed", "LinearImputed", "PoissonImputed", "Setting"]


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A number, each site's influence on it and reach, shapes (sites,), and how it is spread."""

    value: float
    influence: FloatArray
    sizes: FloatArray
    spread: Spread


@dataclass(frozen=True, kw_only=True, eq=False)
class Setting:
    """What errors rest on: the treated cells, shape (sites, periods), strata of sites and the kind of error."""

    treated: np.ndarray
    strata: Strata
    errors: Errors

    def read(self, value: float, influence: FloatArray, sizes: FloatArray) -> Figure:
        """Put a number and its influence together with its error."""
        spread = spread_of(influence, sizes, self.strata, self.errors)
        return Figure(value=value, influence=influence, sizes=sizes, spread=spread)

    def deviations(self, values: FloatArray, base: FloatArray) -> FloatArray:
        """What treated cells hold beyond their group's ratio of values to base, shape (sites, periods).

        Under "leave-one-out" the group's ratio is that of its other sites (Borusyak, Jaravel and Spiess 2024,
        appendix A.9), which divides by one less the cell's portion of the base.
        """
        totals = group_sums(base, self.treated, self.strata)
        has = self.treated & (totals > 0)
        # in place, for arrays are large
        left = group_sums(values, self.treated, self.strata)
        np.divide(left, totals, out=left, where=has)
        left *= base
        np.subtract(values, left, out=left)
        if self.errors == "leave-one-out":
            portions = np.divide(base, totals, out=np.zeros_like(left), where=has)
            left /= np.where(portions < 1 - 1e-12, 1 - portions, 1.0)
        left[~self.treated] = 0.0
        return left


class Imputed(Protocol):
    """What both methods give of any set of treated cells, a mask of shape (sites, periods)."""

    @property
    def fit(self) -> Untreated:
        """The model of untreated cells."""
        ...

    @property
    def expected(self) -> FloatArray:
        """Outcome of every cell without the measure, in the panel's unit, shape (sites, periods)."""
        ...

    def towards(self, cells: np.ndarray) -> FloatArray:
        """Weight of each cell's imputed predictor in the change in these cells, shape (sites, periods)."""
        ...

    def change(self, cells: np.ndarray) -> Figure | None:
        """Give the change in these cells on the effect's scale, or None where it does not exist."""
        ...

    def prevented(self, cells: np.ndarray) -> tuple[float, FloatArray]:
        """Give the events prevented in these cells, and each site's influence on them."""
        ...

    def total(self, cells: np.ndarray) -> tuple[Figure, bool]:
        """Give what events prevented are read from: a log ratio (True) or the number itself (False)."""
        ...


@dataclass(frozen=True, kw_only=True, eq=False)
class PoissonImputed:
    """Recorded events of treated cells against those that untreated cells let expect.

    Attributes
    ----------
    recorded : shape (sites, periods)
    """

    fit: Untreated
    setting: Setting
    recorded: FloatArray

    @property
    def expected(self) -> FloatArray:
        """Events expected in every cell, shape (sites, periods)."""
        return self.fit.imputed

    @cached_property
    def _deviations(self) -> FloatArray:
        return self.setting.deviations(self.recorded, self.expected)

    def towards(self, cells: np.ndarray) -> FloatArray:
        """Give the share of each cell in the events expected in these."""
        out = np.where(cells, self.expected, 0.0)
        out /= out.sum()
        return out

    def change(self, cells: np.ndarray) -> Figure | None:
        """Log of events recorded over events expected."""
        recorded, expected = float(self.recorded[cells].sum()), float(self.expected[cells].sum())
        if recorded <= 0 or expected <= 0:
            return None
        own = self._deviations.sum(axis=1, where=cells) / recorded
        towards = self.towards(cells)
        influence = own - self.fit.pull(towards)
        return self.setting.read(float(np.log(recorded / expected)), influence, self.fit.reach(towards))

    def prevented(self, cells: np.ndarray) -> tuple[float, FloatArray]:
        """Events expected less events recorded."""
        expected = np.where(cells, self.expected, 0.0)
        own = self._deviations.sum(axis=1, where=cells)
        return float(expected.sum() - self.recorded[cells].sum()), self.fit.pull(expected) - own

    def total(self, cells: np.ndarray) -> tuple[Figure, bool]:
        """The change itself: events prevented are recorded times (exp(-change) - 1)."""
        found = self.change(cells)
        assert found is not None  # noqa: S101 - the estimator asked for events before and after
        return found, True


@dataclass(frozen=True, kw_only=True, eq=False)
class LinearImputed:
    """Outcomes of treated cells less what untreated cells let expect, on the scale of the fit.

    Attributes
    ----------
    outcome : on the scale of the fit, shape (sites, periods)
    weights : of cells in averages, shape (sites, periods)
    recorded, exposure : in the panel's unit, shape (sites, periods)
    is_log : is the scale a logarithm?
    """

    fit: Untreated
    setting: Setting
    outcome: FloatArray
    weights: FloatArray
    recorded: FloatArray
    exposure: FloatArray
    is_log: bool

    @cached_property
    def expected(self) -> FloatArray:
        """Each site's untreated outcomes, brought forward by what was imputed for the cell, shape (sites, periods).

        On logs a site's own factor keeps its untreated events as many as they were (Duan 1983).
        """
        if not self.is_log:
            return np.asarray(self.exposure * self.fit.imputed)
        imputed = self.exposure * np.exp(self.fit.imputed)
        untreated = self.fit.weights > 0
        totals = (imputed * untreated).sum(axis=1, keepdims=True)
        factor = (self.recorded * untreated).sum(axis=1, keepdims=True) / np.where(totals > 0, totals, 1.0)
        return np.asarray(imputed * factor)

    @cached_property
    def _deviations(self) -> FloatArray:
        # weights squared, so that a group's average is the one that makes the error least (BJS, equation 8)
        base = np.where(self.setting.treated, self.weights, 0.0) ** 2
        effects = self.outcome - self.fit.imputed
        left = self.setting.deviations(base * effects, base)
        return np.asarray(np.divide(left, base, out=np.zeros_like(base), where=base > 0))

    @cached_property
    def _events_missed(self) -> FloatArray:
        return self.setting.deviations(self.recorded, self.expected)

    def _average(self, towards: FloatArray) -> Figure:
        """Sum of the effects of treated cells with those weights."""
        value = float((towards * (self.outcome - self.fit.imputed)).sum())
        influence = (towards * self._deviations).sum(axis=1) - self.fit.pull(towards)
        return self.setting.read(value, influence, self.fit.reach(towards))

    def towards(self, cells: np.ndarray) -> FloatArray:
        """Give the share of each cell in the weights of these."""
        out = np.where(cells, self.weights, 0.0)
        return np.asarray(out / out.sum())

    def change(self, cells: np.ndarray) -> Figure | None:
        """Average effect, weighted by the panel's weights."""
        return self._average(self.towards(cells)) if self.weights[cells].any() else None

    def prevented(self, cells: np.ndarray) -> tuple[float, FloatArray]:
        """Events expected less events recorded."""
        if not self.is_log:
            found = self._average(np.where(cells, self.exposure, 0.0))
            return -found.value, -found.influence
        expected = np.where(cells, self.expected, 0.0)
        own = np.where(cells, self._events_missed, 0.0).sum(axis=1)
        return float(expected.sum() - self.recorded[cells].sum()), self.fit.pull(self._forward(expected)) - own

    def _forward(self, expected: FloatArray) -> FloatArray:
        """Weights of predictors in expected events: those of the cells less those of the site's untreated events."""
        shares = np.where(self.fit.weights > 0, self.expected, 0.0)
        totals = shares.sum(axis=1, keepdims=True)
        return np.asarray(expected - expected.sum(axis=1, keepdims=True) * shares / np.where(totals > 0, totals, 1.0))

    def total(self, cells: np.ndarray) -> tuple[Figure, bool]:
        """Log of events recorded over expected, or the events prevented where the scale is that of levels."""
        if not self.is_log:
            found = self._average(np.where(cells, self.exposure, 0.0))
            return replace(found, value=-found.value, influence=-found.influence), False
        recorded, expected = float(self.recorded[cells].sum()), np.where(cells, self.expected, 0.0)
        towards = self._forward(expected) / expected.sum()
        own = np.where(cells, self._events_missed, 0.0).sum(axis=1) / recorded
        value = float(np.log(recorded / expected.sum()))
        # a site's untreated events carry what its untreated logs would: its reach is that of its expectation
        sizes = self.fit.reach(expected / expected.sum())
        return self.setting.read(value, own - self.fit.pull(towards), sizes), True
