"""Readings in draws: from placebos, or from sites left out or drawn anew."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evalkit.domain.effect import Basis
from evalkit.draws import FloatArray, spread, spread_parts
from evalkit.models._synthetic.placebos import Placements, signed_rows, two_sided_p_value
from evalkit.models._synthetic.reading import Reading
from evalkit.models._synthetic.replicates import covariance

__all__ = ["Drawn", "draw_by_placebos", "draw_by_replicates"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Drawn:
    """Readings in draws, and what they stand for.

    Attributes
    ----------
    readings : shape (draws, groups + times), see `Reading`
    basis : of the draws
    errors : how they were made, for a table of specifications
    leaves_zero_out : does the 95 % range leave no change outside?
    p_value, smallest_p_value, reference_set : of a placebo test, or None
    degrees_of_freedom : of the t distribution of sampling draws; None for a normal
    """

    readings: FloatArray
    basis: Basis
    errors: str
    leaves_zero_out: bool
    p_value: float | None = None
    smallest_p_value: float | None = None
    reference_set: str = ""
    degrees_of_freedom: float | None = None


def draw_by_placebos(
    reading: Reading,
    gaps: FloatArray,
    placebos: FloatArray,
    placements: Placements,
    *,
    draws: int,
    rng: np.random.Generator,
) -> Drawn:
    """Lay readings out by what placebos find, (placements, groups, periods), as its headline ranks."""
    errors = reading.of(placebos)
    headline = errors @ reading.headline
    rows, signs = signed_rows(headline, draws, rng)
    p_value = two_sided_p_value(float(reading.change(gaps)), headline)
    return Drawn(
        readings=reading.of(gaps) + signs[:, None] * errors[rows],
        basis="randomisation",
        errors=f"placebos ({len(headline):,}; placebo standard error {headline.std():.4g})",
        leaves_zero_out=p_value <= 0.05 + 1e-9,
        p_value=p_value,
        smallest_p_value=placements.smallest_p_value,
        reference_set=placements.words,
    )


def draw_by_replicates(
    reading: Reading,
    gaps: FloatArray,
    deviations: FloatArray,
    *,
    how: str,
    freedom: float | None,
    draws: int,
    rng: np.random.Generator,
) -> Drawn:
    """Spread the headline as a t (or a normal) with the deviations' variance, and its parts as they go with it."""
    from scipy import stats

    readings = reading.of(deviations)
    estimate, error = float(reading.change(gaps)), float(np.linalg.norm(readings @ reading.headline))
    law = stats.norm(estimate, error) if freedom is None else stats.t(freedom, estimate, error)
    headline = spread(law, draws, rng)
    return Drawn(
        readings=spread_parts(headline, reading.of(gaps), covariance(readings), reading.headline, rng),
        basis="sampling",
        errors=how,
        leaves_zero_out=bool(min(law.cdf(0), law.sf(0)) < 0.025),
        degrees_of_freedom=freedom,
    )
