"""How sure the one change is: errors by site, the wild bootstrap or randomisation, as draws with their test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from evalkit.domain import Check
from evalkit.draws import FloatArray, spread
from evalkit.models._inference.choose import LEVEL, Choice, Named, choose
from evalkit.models._inference.cluster import Inference
from evalkit.models._inference.placed import SiteNoise, randomise
from evalkit.models._inference.randomise import ConfidenceDistribution, Placements, placements, smallest_share
from evalkit.models._inference.student import StudentT
from evalkit.models._inference.wild import bootstrap
from evalkit.models._regression.checks import clusters_check, sites_in_words
from evalkit.models._regression.linear import Fit
from evalkit.models._regression.sample import Sample

if TYPE_CHECKING:
    from evalkit.domain.effect import Basis

__all__ = ["LARGEST_LOG", "Precision", "tell_precision"]

# A change on a log scale is bounded here, so that its exponential stays a number with one treated site.
LARGEST_LOG = 300.0
_ROUNDING = 1e-9


@dataclass(frozen=True, kw_only=True, eq=False)
class Precision:
    """Draws of the one change, and what they stand for.

    Attributes
    ----------
    change : shape (draws,)
    kind : name of the errors, for a table of specifications
    check : "number of sites"
    basis, degrees_of_freedom, p_value, reference_set, smallest_p_value : as of an effect
    """

    change: FloatArray
    kind: str
    check: Check
    basis: Basis = "sampling"
    degrees_of_freedom: float | None = None
    p_value: float | None = None
    reference_set: str = ""
    smallest_p_value: float | None = None


def tell_precision(
    sample: Sample,
    fit: Fit,
    inference: Inference,
    *,
    errors: Named,
    repeats: int,
    noise: SiteNoise,
    rng: np.random.Generator,
    draws: int,
) -> Precision:
    """Spread the first coefficient as the option, or the rule for it, says; see `choose`."""
    if errors in {"wild", "wild unrestricted"}:
        return _wild(sample, fit, errors, repeats, rng=rng, draws=draws)
    if errors == "randomisation":
        return _randomised(sample, _placed(sample, fit, noise, rng), None, rng=rng, draws=draws)
    if errors != "auto":
        return _by_site(sample, fit, inference, None, rng=rng, draws=draws)
    never = len(sample.panel.periods)
    smallest = smallest_share(sample.starts[~sample.is_buffer], never)
    choice = choose(sample.treated_count, sample.comparison_count, smallest)
    if choice.kind == "randomisation":
        return _randomised(sample, _placed(sample, fit, noise, rng), choice, rng=rng, draws=draws)
    plain = _by_site(sample, fit, inference, choice, rng=rng, draws=draws)
    return plain if choice.known else _unknown(plain, *_placed(sample, fit, noise, rng))


def _placed(
    sample: Sample, fit: Fit, noise: SiteNoise, rng: np.random.Generator
) -> tuple[ConfidenceDistribution, Placements]:
    """Lay the starts anew over treated and comparison sites; buffer sites keep their part."""
    rows = np.flatnonzero(~sample.is_buffer)
    ways = placements(sample.starts[rows], len(sample.panel.periods), rng)
    never = ~sample.ever_treated[rows]
    compared = never if never.any() else np.ones(len(rows), dtype=bool)
    return randomise(fit, rows, ways, sample.places, compared=compared, noise=noise), ways


def _by_site(
    sample: Sample, fit: Fit, inference: Inference, choice: Choice | None, *, rng: np.random.Generator, draws: int
) -> Precision:
    free = float(inference.degrees_of_freedom[0])
    change = fit.coefficients[0] + inference.std_errors[0] * spread(StudentT(free), draws, rng)
    return Precision(
        change=np.asarray(change),
        kind=inference.kind,
        check=clusters_check(sample, inference, choice.reason if choice else ""),
        degrees_of_freedom=free,
    )


def _unknown(plain: Precision, law: ConfidenceDistribution, ways: Placements) -> Precision:
    """Keep the errors by site, and say that they rest on what cannot be known."""
    detail = (
        f"{plain.check.detail} Without taking the noise of so few sites to be like that of the others, nothing can be "
        f"told from chance at 95 %: of {ways.words}, the result is as extreme as in {100 * law.p_value():.0f} %, and "
        f"even the largest would be in {100 * law.smallest_p_value:.0f} %. The range shown takes it to be like that."
    )
    return Precision(
        change=plain.change,
        kind=plain.kind,
        check=Check(name=plain.check.name, passed=False, detail=detail),
        degrees_of_freedom=plain.degrees_of_freedom,
        p_value=law.p_value(),
        reference_set=ways.words,
        smallest_p_value=law.smallest_p_value,
    )


def _randomised(
    sample: Sample,
    placed: tuple[ConfidenceDistribution, Placements],
    choice: Choice | None,
    *,
    rng: np.random.Generator,
    draws: int,
) -> Precision:
    law, ways = placed
    detail = (
        f"The change was compared with what it would have been had other sites been treated ({ways.words}; "
        f"{sites_in_words(sample)}), each placement measured by its own noise."
        f"{_because(choice)}"
        " That takes what happened in the treated sites, but for the measure, to be like what happened in the others."
    )
    if sample.is_buffer.any():
        detail += " Buffer sites take no part in it; their own change keeps an error by site (CR2)."
    return _tested(
        law, law.p_value(), ways.words, detail, basis="randomisation", kind="randomisation", rng=rng, draws=draws
    )


def _wild(sample: Sample, fit: Fit, errors: Named, repeats: int, *, rng: np.random.Generator, draws: int) -> Precision:
    found = bootstrap(fit, repeats, rng, restricted=errors == "wild")
    detail = (
        f"The error is that of a wild bootstrap by site ({found.words}; {sites_in_words(sample)}). With few "
        "treated sites it rejects far too rarely where the effect is imposed, and far too often where it is not."
    )
    return _tested(
        found.distribution, found.p_value, found.words, detail, basis="bootstrap", kind=errors, rng=rng, draws=draws
    )


def _tested(
    law: ConfidenceDistribution,
    p_value: float,
    words: str,
    detail: str,
    *,
    basis: Basis,
    kind: str,
    rng: np.random.Generator,
    draws: int,
) -> Precision:
    smallest = law.smallest_p_value
    reaches = smallest <= LEVEL + _ROUNDING
    if not reaches:
        detail += (
            f" Even the largest effect would have a p-value of {smallest:.2g}: the test has limits up to a level of "
            f"{100 * (1 - smallest):.0f} %, and a range shown for a higher one ends at the outermost of them and is no "
            "limit."
        )
    return Precision(
        change=law.draw(draws, rng),
        kind=kind,
        check=Check(name="number of sites", passed=None if reaches else False, detail=detail),
        basis=basis,
        p_value=p_value,
        reference_set=words,
        smallest_p_value=smallest,
    )


def _because(choice: Choice | None) -> str:
    return f" This was chosen because {choice.reason}." if choice else ""
