"""What two-way fixed effects compare with what, where sites start at different times (Goodman-Bacon 2021)."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np

from evalkit.draws import FloatArray
from evalkit.models._regression.sample import Sample

__all__ = ["KINDS", "Comparison", "bacon_sentence", "decompose", "shares", "shares_of_starts"]

type Kind = Literal["treated against never treated", "earlier against later", "later against earlier"]

KINDS: tuple[Kind, ...] = ("treated against never treated", "earlier against later", "later against earlier")


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """One two-by-two comparison of a cohort with sites that do not change meanwhile.

    Attributes
    ----------
    kind : what is compared with what; in "later against earlier" the comparison was already treated
    cohort, against : first treated period of the cohort and of its comparison, as places; the number of periods
        for sites never treated
    weight : of all comparisons; they sum to one
    estimate : change of the cohort less that of its comparison
    """

    kind: Kind
    cohort: int
    against: int
    weight: float
    estimate: float


def decompose(outcome: FloatArray, starts: np.ndarray) -> tuple[Comparison, ...]:
    """Split the least-squares estimate of a balanced panel without weights into its two-by-two comparisons.

    Goodman-Bacon 2021, doi:10.1016/j.jeconom.2021.03.014, theorem 1: the estimate with site and period effects is the
    sum of weight times estimate.

    Parameters
    ----------
    outcome : shape (sites, periods)
    starts : first treated period of each site as a place, the number of periods where never, shape (sites,)
    """
    periods = outcome.shape[1]
    groups = [int(start) for start in np.unique(starts)]
    means = {start: outcome[starts == start].mean(axis=0) for start in groups}
    portion = {start: float((starts == start).mean()) for start in groups}
    found = []
    for early, late in combinations(groups, 2):
        if late == periods:
            found.append(_compare(KINDS[0], means, portion, (early, late), (0, periods)))
        else:
            found.append(_compare(KINDS[1], means, portion, (early, late), (0, late)))
            found.append(_compare(KINDS[2], means, portion, (late, early), (early, periods)))
    total = sum(each.weight for each in found)
    return tuple(
        Comparison(
            kind=each.kind,
            cohort=each.cohort,
            against=each.against,
            weight=each.weight / total,
            estimate=each.estimate,
        )
        for each in found
    )


def _compare(
    kind: Kind,
    means: dict[int, FloatArray],
    portion: dict[int, float],
    pair: tuple[int, int],
    window: tuple[int, int],
) -> Comparison:
    """Compare a cohort with another in the periods in which only the first of them changes.

    The weight is the variance of the treatment there: the two groups' share of sites and the window's of periods
    squared, times what they and their periods are split by.
    """
    own, other = pair
    first, last = window
    treated = (last - own) / (last - first)
    before, after = slice(first, own), slice(own, last)
    change = means[own][after].mean() - means[own][before].mean()
    beside = means[other][after].mean() - means[other][before].mean()
    weight = portion[own] * portion[other] * (last - first) ** 2 * treated * (1 - treated)
    return Comparison(kind=kind, cohort=own, against=other, weight=weight, estimate=float(change - beside))


def shares(starts: np.ndarray, periods: int) -> dict[Kind, float]:
    """Weight of each kind of comparison, which the starts alone decide."""
    found = decompose(np.zeros((len(starts), periods)), starts)
    return {kind: sum(each.weight for each in found if each.kind == kind) for kind in KINDS}


def shares_of_starts(sample: Sample) -> dict[Kind, float] | None:
    """Give the shares for the starts of a sample, its buffer left out; None where a site is treated throughout."""
    starts = np.searchsorted(sample.places, sample.starts[~sample.is_buffer])
    return None if (starts == 0).any() else shares(starts, len(sample.places))


def bacon_sentence(found: dict[Kind, float] | None) -> str:
    """Say which comparisons carry a two-way estimate with these starts; "" where that is not known."""
    if found is None:
        return ""
    never, earlier, later = (100 * found[kind] for kind in KINDS)
    return (
        f" Of the weight, in a least-squares fit of these starts in which all site-periods count alike, {never:.0f} % "
        f"is of treated against never treated sites, {earlier:.0f} % of earlier against later starts, and {later:.0f} "
        "% of later starts against sites that were already treated (Goodman-Bacon 2021)."
    )
