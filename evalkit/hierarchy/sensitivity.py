"""How much of an answer is the prior's: powers of prior and likelihood, and the same data under other priors."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from evalkit.draws import Interval
from evalkit.errors import EvidenceError
from evalkit.hierarchy.between import Fixed, NormalPrior
from evalkit.hierarchy.many import NormalHierarchies, fit_many
from evalkit.hierarchy.mixtures import NormalMixtures
from evalkit.hierarchy.named import PriorSet
from evalkit.hierarchy.normal import Powered

if TYPE_CHECKING:
    from evalkit.draws import FloatArray
    from evalkit.hierarchy.normal import NormalHierarchy

__all__ = ["THRESHOLD", "PowerLine", "PowerScaling", "SweepLine", "power_scaling", "sweep"]

# What priorsense flags (Kallioinen and others 2024): a normal moves by .05 where its mean shifts by a quarter of its
# standard deviation.
THRESHOLD = 0.05
# A power this little off 1 gives the slope there.
_STEP = 1.01
_POINTS = 801
# The distance is relative to a range: that which 4,000 draws have, as it was when the threshold was set.
_TAIL = 1 / 8000


@dataclass(frozen=True, kw_only=True)
class PowerLine:
    """How one quantity answers to powers of the prior and of the likelihood.

    Attributes
    ----------
    quantity : such as "mean effect"
    prior, likelihood : how far its distribution moves for each doubling of the power, a distance from 0 to 1
        (the root of the cumulative Jensen-Shannon divergence)
    diagnosis : "prior and data may disagree", "rests on the prior" or "rests on the data"
    """

    quantity: str
    prior: float
    likelihood: float

    @property
    def diagnosis(self) -> str:
        """Say what the two distances mean together."""
        if self.prior < THRESHOLD:
            return "rests on the data"
        return "prior and data may disagree" if self.likelihood >= THRESHOLD else "rests on the prior"


@dataclass(frozen=True, kw_only=True)
class PowerScaling:
    """Lines for the mean effect, the deviation between sites and a new site."""

    lines: tuple[PowerLine, ...]

    @property
    def sentence(self) -> str:
        """Say what the answer rests on."""
        resting = [line.quantity for line in self.lines if line.diagnosis == "rests on the prior"]
        torn = [line.quantity for line in self.lines if line.diagnosis == "prior and data may disagree"]
        said = []
        if resting:
            said.append(f"The answer rests on the prior for {_listed(resting)}: the data say little there.")
        if torn:
            said.append(
                f"For {_listed(torn)} prior and data may pull different ways, and both matter: see the answer under "
                "other priors."
            )
        if not said:
            said.append("The answer rests on the data: a prior half or twice as sure would hardly move it.")
        return " ".join(said)


def power_scaling(fit: NormalHierarchy, moderators: FloatArray | None = None) -> PowerScaling:
    """Say how far the answer moves if prior or likelihood count a little more or less.

    Kallioinen, Paananen, Bürkner and Vehtari 2024, doi:10.1007/s11222-023-10366-5; their distances are estimated from
    weighted draws, these are exact. Above .05 a quantity is called sensitive.

    Parameters
    ----------
    moderators : where the effect is asked for, shape (coefficients,); needed where there are any
    """
    if isinstance(fit.between_prior, Fixed):
        msg = "the deviation between sites was given: there is no prior of it to scale"
        raise EvidenceError(msg)
    row = fit.row(moderators)
    fits = _scaled(fit, [1.0, _STEP, 1 / _STEP, 1.0, 1.0], [1.0, 1.0, 1.0, _STEP, 1 / _STEP])
    curves = {
        "mean effect": _curves(fits.at(row)),
        "deviation between sites": _between_curves(fits),
        "effect in a new site": _curves(fits.new_site(row)),
    }
    doublings = math.log2(_STEP)
    lines = []
    for quantity, (widths, below) in curves.items():
        moved = [_distance(below[0], other, widths) / doublings for other in below[1:]]
        lines.append(PowerLine(quantity=quantity, prior=sum(moved[:2]) / 2, likelihood=sum(moved[2:]) / 2))
    return PowerScaling(lines=tuple(lines))


def _scaled(fit: NormalHierarchy, prior: Sequence[float], likelihood: Sequence[float]) -> NormalHierarchies:
    return fit_many(
        np.tile(fit.estimates, (len(prior), 1)),
        fit.errors / np.sqrt(likelihood)[:, None],
        design=fit.design,
        mean=[[replace(each, deviation=each.deviation / math.sqrt(power)) for each in fit.priors] for power in prior],
        between=[Powered(prior=fit.between_prior, power=power) for power in prior],
    )


def _curves(known: NormalMixtures) -> tuple[FloatArray, FloatArray]:
    """Give widths, shape (points - 1,), and the share below each point under each fit, shape (fits, points - 1)."""
    low, high = known[0].ppf([_TAIL, 1 - _TAIL])
    points = np.linspace(low, high, _POINTS)
    below = np.stack([known[index].below(points[:-1]) for index in range(len(known.weights))])
    return np.diff(points), below


def _between_curves(fits: NormalHierarchies) -> tuple[FloatArray, FloatArray]:
    points = np.linspace(fits.between_ppf(_TAIL)[0], fits.between_ppf(1 - _TAIL)[0], _POINTS)
    return np.diff(points), fits.between_below(np.tile(points[:-1], (len(fits.weights), 1)))


def _distance(one: FloatArray, other: FloatArray, widths: FloatArray) -> float:
    """Root of the cumulative Jensen-Shannon divergence, the larger of the two directions of the axis.

    Nguyen and Vreeken 2015, doi:10.1007/978-3-319-23525-7_11, as priorsense computes it.
    """
    return max(_one_way(one, other, widths), _one_way(1 - one, 1 - other, widths))


def _one_way(one: FloatArray, other: FloatArray, widths: FloatArray) -> float:
    from scipy.special import xlogy

    middle = 0.5 * (one + other)
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = xlogy(one, one) - xlogy(one, middle) + xlogy(other, other) - xlogy(other, middle)
    total = float(widths @ np.nan_to_num(parts)) / math.log(2)
    return math.sqrt(max(total, 0.0) / float(widths @ (one + other)))


@dataclass(frozen=True, kw_only=True)
class SweepLine:
    """The answer under one set of priors.

    Attributes
    ----------
    name : of the priors
    mean : mean of the mean effect
    mean_interval, between_interval, new_interval : of the mean effect, the deviation between sites and a new site
    mean_below, new_below : probability of a fall, of the mean and in a new site
    log_evidence : log density of the estimates under these priors; None where they are flat
    """

    name: str
    mean: float
    mean_interval: Interval
    between_interval: Interval
    new_interval: Interval
    mean_below: float
    new_below: float
    log_evidence: float | None


def sweep(
    fit: NormalHierarchy,
    priors: Mapping[str, PriorSet],
    *,
    level: float = 0.95,
    moderators: FloatArray | None = None,
) -> tuple[SweepLine, ...]:
    """Give the answer of the same estimates under other priors, all in one pass.

    The prior of the mean takes the place of that of the first coefficient; moderators keep theirs.
    """
    if not priors:
        msg = "a sweep needs at least one set of priors; there is none"
        raise EvidenceError(msg)
    sets = list(priors.values())
    fits = fit_many(
        fit.estimates,
        fit.errors,
        design=fit.design,
        mean=[[each.mean, *fit.priors[1:]] for each in sets],
        between=[each.between for each in sets],
    )
    row, tails = fit.row(moderators), np.array([(1 - level) / 2, (1 + level) / 2])
    middle, new = fits.at(row), fits.new_site(row)
    ends = {
        "mean": middle.ppf(tails),
        "new": new.ppf(tails),
        "between": np.stack([fits.between_ppf(tail) for tail in tails], axis=1),
    }
    means, below, new_below, evidence = middle.mean, middle.below(0.0), new.below(0.0), fits.log_total
    return tuple(
        SweepLine(
            name=name,
            mean=float(means[index]),
            mean_interval=_interval(ends["mean"][index], level),
            between_interval=_interval(ends["between"][index], level),
            new_interval=_interval(ends["new"][index], level),
            mean_below=float(below[index]),
            new_below=float(new_below[index]),
            log_evidence=float(evidence[index]) if _is_proper(sets[index].mean, fit, index, sets) else None,
        )
        for index, name in enumerate(priors)
    )


def _is_proper(mean: NormalPrior, fit: NormalHierarchy, index: int, sets: Sequence[PriorSet]) -> bool:
    others = any(prior.is_flat for prior in fit.priors[1:])
    return sets[index].between.is_proper and not mean.is_flat and not others


def _interval(ends: FloatArray, level: float) -> Interval:
    return Interval(level=level, lower=float(ends[0]), upper=float(ends[1]))


def _listed(names: Sequence[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else names[0]
