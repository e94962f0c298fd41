"""What a site's counts say of its effect where they vary more than by chance: beta-binomial splits."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import gammaln, log_expit

from evalkit.errors import EvidenceError
from evalkit.hierarchy.between import NormalPrior
from evalkit.hierarchy.tabulated import LogTable

if TYPE_CHECKING:
    from evalkit.draws import FloatArray
    from evalkit.hierarchy.count_tables import CountTables

__all__ = ["COMMON_CHANGE", "OverdispersedTable", "beta_binomial", "overdispersed", "split_log_probability"]

# 95 % of areas then change by less than a factor of seven between the periods: wide beside what counts say.
COMMON_CHANGE = NormalPrior(deviation=1.0)
# Of the log of the level: steps, how far down few events leave it open, and what is below rounding.
_LEVEL_STEP, _FAR_BELOW, _FEW, _DROP = 0.35, 33.0, 0.14, 30.0
_STEP, _REACH = 0.4, 9.0


@dataclass(frozen=True, kw_only=True, eq=False)
class OverdispersedTable:
    """A site's split of events, and its comparison's, both beta-binomial; the change they share is integrated out.

    Attributes
    ----------
    treated : counts (first, second)
    comparison : the same, or None for two rates
    treated_offset, comparison_offset : log of the second exposure over the first
    excess : of the variance over the mean
    common_change : prior of the log change that both have
    """

    treated: tuple[int, int]
    comparison: tuple[int, int] | None
    treated_offset: float
    comparison_offset: float
    excess: float
    common_change: NormalPrior

    @cached_property
    def centre(self) -> float:
        """Give about where the likelihood is highest."""
        own = _centre(self.treated) - self.treated_offset
        return own if self.comparison is None else own - (_centre(self.comparison) - self.comparison_offset)

    @cached_property
    def scale(self) -> float:
        """Give about how wide the likelihood is."""
        cells = (*self.treated, *(self.comparison or ()))
        return float(np.sqrt((1 + self.excess) * sum(1 / (cell + 0.5) for cell in cells)))

    def log_likelihood(self, effect: FloatArray, /) -> FloatArray:
        """Give the log probability of the second counts, given the totals, at effects of shape (n,)."""
        at = np.asarray(effect, float)
        if self.comparison is None:
            return self._own(at + self.treated_offset)
        changes, logs = self._changes
        terms = self._own(at[:, None] + changes + self.treated_offset) + logs
        highest = terms.max(axis=1)
        return np.asarray(highest + np.log(np.exp(terms - highest[:, None]).sum(axis=1)))

    @cached_property
    def _own(self) -> LogTable:
        return _split_table(self.treated, self.excess)

    @cached_property
    def _changes(self) -> tuple[FloatArray, FloatArray]:
        """Give common changes, and the log of prior times what the comparison says times the step."""
        prior, pair = self.common_change, self.comparison or (0, 0)
        widths = [prior.deviation] + [_width(counts, self.excess) for counts in (self.treated, pair)]
        step = min(0.5 / np.sqrt(sum(width**-2 for width in widths)), _STEP)
        points = 2 * int(np.ceil(_REACH * prior.deviation / step)) + 1
        changes = np.linspace(prior.mean - _REACH * prior.deviation, prior.mean + _REACH * prior.deviation, points)
        said = split_log_probability(pair, changes + self.comparison_offset, self.excess)
        logs = said - 0.5 * ((changes - prior.mean) / prior.deviation) ** 2 + np.log(changes[1] - changes[0])
        logs -= np.log(prior.deviation) + 0.5 * np.log(2 * np.pi)
        # of events that no change could have split like this nothing is left in the sum
        kept = logs > logs.max() - 60
        return changes[kept], logs[kept]


def overdispersed(tables: CountTables, excess: float, common_change: NormalPrior) -> tuple[OverdispersedTable, ...]:
    """Give the likelihood of each site."""
    if tables.measure == "odds ratio":
        msg = (
            "odds ratios count people once each, who cannot vary more than by chance: leave the dispersion out; "
            "that sites differ is what the deviation between sites is for"
        )
        raise EvidenceError(msg)
    if common_change.is_flat:
        msg = "the common change needs a prior with a deviation under overdispersion, such as NormalPrior(deviation=1)"
        raise EvidenceError(msg)
    others = tables.comparison
    return tuple(
        OverdispersedTable(
            treated=(int(tables.treated[row, 0]), int(tables.treated[row, 1])),
            comparison=None if others is None else (int(others[row, 0]), int(others[row, 1])),
            treated_offset=float(tables.treated_offset[row]),
            comparison_offset=float(tables.comparison_offset[row]),
            excess=float(excess),
            common_change=common_change,
        )
        for row in range(len(tables))
    )


def beta_binomial(counts: tuple[int, int], place: FloatArray, concentration: FloatArray) -> FloatArray:
    """Give the log probability of the second count, given the total, where the share itself is beta distributed.

    Parameters
    ----------
    counts : first and second
    place : log odds of the mean share of the second
    concentration : sum of the beta's parameters; `place` and it are broadcast together
    """
    first, second = counts
    total = first + second
    ways = gammaln(total + 1.0) - gammaln(first + 1.0) - gammaln(second + 1.0)
    found = np.asarray(ways + gammaln(concentration) - gammaln(total + concentration))
    for count, side in ((second, place), (first, -np.asarray(place))):
        part = np.exp(log_expit(side) + np.log(concentration))
        # far out the part is too small to be added to a count, and the ratio of gammas is the part itself
        if count:
            found = found + gammaln(count + part) - gammaln(np.maximum(part, 1e-300))
    return np.asarray(found)


def split_log_probability(counts: tuple[int, int], place: FloatArray, excess: float) -> FloatArray:
    """Give the log probability of a split, given its total, at log odds of shape (n,).

    The concentration is the level of both periods over the excess. The level is not known: it is integrated out
    given the total, with every factor of it equally likely before. Without excess the split is binomial.
    """
    first, second = counts
    total = first + second
    at = np.asarray(place, float)
    if not total:
        return np.zeros_like(at)
    if excess < 1e-8:
        ways = gammaln(total + 1.0) - gammaln(first + 1.0) - gammaln(second + 1.0)
        return np.asarray(ways + second * log_expit(at) + first * log_expit(-at))
    concentrations, log_weights = _levels(total, excess)
    terms = beta_binomial(counts, at[:, None], concentrations) + log_weights
    highest = terms.max(axis=1)
    return np.asarray(highest + np.log(np.exp(terms - highest[:, None]).sum(axis=1)))


def _levels(total: int, excess: float) -> tuple[FloatArray, FloatArray]:
    """Give concentrations given the total, and the logs of their weights, which add up to 1.

    Given a concentration k the total is negative binomial, which over log k is smooth and falls off on either side:
    even steps integrate it to 1e-9.
    """
    width = np.sqrt((1 + excess) / total)
    middle = np.log(total / excess)
    below = _FAR_BELOW if width > _FEW else 15 * width
    above = np.log(1 + 10 / np.sqrt(total) + 40 / total) + np.log(excess / np.log1p(excess))
    points = int(np.ceil((below + above) / min(0.5 * width, _LEVEL_STEP))) + 1
    found = np.exp(np.linspace(middle - below, middle + above, points))
    logs = gammaln(total + found) - gammaln(found) - found * np.log1p(excess)
    kept = logs > logs.max() - _DROP
    found, logs = found[kept], logs[kept] - logs.max()
    return found, logs - np.log(np.exp(logs).sum())


def _split_table(counts: tuple[int, int], excess: float) -> LogTable:
    # one event less on either side falls off by a factor e in 1: beyond the table it goes on as it ends
    width = _width(counts, excess)
    low, high = _centre(counts) - 12 * width - 12, _centre(counts) + 12 * width + 12
    return LogTable.of(lambda at: split_log_probability(counts, at, excess), low, high, min(width / 3, _STEP))


def _centre(counts: tuple[int, int]) -> float:
    return float(np.log((counts[1] + 0.5) / (counts[0] + 0.5)))


def _width(counts: tuple[int, int], excess: float) -> float:
    return float(np.sqrt((1 + excess) * (1 / (counts[0] + 0.5) + 1 / (counts[1] + 0.5))))
