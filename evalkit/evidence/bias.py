"""What small or missing studies do to the answer: a funnel, a test of its slant, and a model of what was published.

There is no trim and fill: it takes a slanted funnel for missing studies whatever slanted it, invents the studies that
would make it even, and is known to correct where nothing is missing and too little where much is (Peters et al.
2007, doi:10.1002/sim.2889; Carter et al. 2019, doi:10.1177/2515245919847196).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from evalkit.draws import FloatArray
from evalkit.errors import EvidenceError
from evalkit.evidence.classical import random_effects
from evalkit.evidence.effect_size import EffectSize, estimates_and_errors, quantile
from evalkit.evidence.pooled import Test

__all__ = ["Funnel", "SmallStudies", "funnel", "small_studies"]

_FEW = 10
_NO_PROOF = (
    "Small studies may see other effects because they were made elsewhere, with more care or other people; a slant is "
    "no proof that studies are missing."
)
_SLANT = "its standard error"
_POINTS = 101


@dataclass(frozen=True, kw_only=True)
class SmallStudies:
    """Do studies with larger errors find other effects? Egger's regression.

    Attributes
    ----------
    slope : change of the effect with each unit of standard error; negative where small studies see more benefit
    slope_error, p_value : of the slope
    degrees_of_freedom : of its t distribution; None for a normal
    at_no_error : effect where the line meets a standard error of 0; no better estimate, and often a far one
    at_no_error_error : its standard error
    studies : how many there are
    limits : what the test cannot tell, each a sentence
    """

    slope: float
    slope_error: float
    p_value: float
    degrees_of_freedom: float | None
    at_no_error: float
    at_no_error_error: float
    studies: int
    limits: tuple[str, ...]


def small_studies(effects: Sequence[EffectSize], *, test: Test = "hartung-knapp") -> SmallStudies:
    """Regress effects on their standard errors, with a variance between studies left over (REML).

    Egger et al. 1997, doi:10.1136/bmj.315.7109.629, in the random-effects form of Sterne and Egger 2005.

    Raises
    ------
    EvidenceError
        Fewer than four studies, or all with the same error.
    """
    _, errors = estimates_and_errors(effects)
    if len(effects) < 4:
        raise EvidenceError(f"a slant of the funnel needs at least 4 studies; there are {len(effects)}")
    if np.ptp(errors) <= 1e-9 * errors.max():
        raise EvidenceError(
            "all studies have the same standard error, so that nothing tells small ones from large ones"
        )
    with_error = [replace(each, moderators={_SLANT: each.error}) for each in effects]
    found = random_effects(with_error, test=test, moderators=(_SLANT,))
    return SmallStudies(
        slope=float(found.coefficients[1]),
        slope_error=float(found.errors[1]),
        p_value=float(found.p_values[1]),
        degrees_of_freedom=found.degrees_of_freedom,
        at_no_error=float(found.coefficients[0]),
        at_no_error_error=float(found.errors[0]),
        studies=len(effects),
        limits=_limits(effects),
    )


def _limits(effects: Sequence[EffectSize]) -> tuple[str, ...]:
    told = [_NO_PROOF]
    if len(effects) < _FEW:
        told.append(
            f"With {len(effects)} studies the test sees little: that it finds no slant says next to nothing; {_FEW} or "
            "more are wanted."
        )
    if effects[0].is_ratio or effects[0].scale == "standardised_mean_difference":
        told.append(
            "On this scale the error depends on the effect itself, which slants a funnel a little with nothing missing."
        )
    return tuple(told)


@dataclass(frozen=True, kw_only=True, eq=False)
class Funnel:
    """What a funnel draws: studies by effect and error, the cone around their mean, contours of significance.

    Attributes
    ----------
    studies, estimates, errors : a point a study, shape (effects,)
    centre : the common effect, where the cone stands
    grid : standard errors from 0 to a little more than the largest, shape (points,)
    cone_lower, cone_upper : where 95 % of studies without spread between them would lie, shape (points,)
    levels : of the contours, such as 0.95: outside a study is significant at 1 - level, two-sided
    contours : upper edge of each around no effect, shape (levels, points); the lower is its negative
    """

    studies: tuple[str, ...]
    estimates: FloatArray
    errors: FloatArray
    centre: float
    grid: FloatArray
    cone_lower: FloatArray
    cone_upper: FloatArray
    levels: tuple[float, ...]
    contours: FloatArray


def funnel(effects: Sequence[EffectSize], levels: Sequence[float] = (0.9, 0.95, 0.99)) -> Funnel:
    """Give what a contour-enhanced funnel draws (Peters et al. 2008, doi:10.1016/j.jclinepi.2007.11.010).

    Gaps among studies that are not significant point to what was not published; gaps elsewhere to something else.
    """
    values, errors = estimates_and_errors(effects)
    weights = errors**-2
    centre = float(np.sum(weights * values) / np.sum(weights))
    grid = np.linspace(0, 1.05 * float(errors.max()), _POINTS)
    return Funnel(
        studies=tuple(each.study for each in effects),
        estimates=values,
        errors=errors,
        centre=centre,
        grid=grid,
        cone_lower=centre - quantile(0.95) * grid,
        cone_upper=centre + quantile(0.95) * grid,
        levels=tuple(levels),
        contours=np.array([quantile(level) * grid for level in levels]),
    )
