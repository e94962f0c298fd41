"""What must be known before believing a synthetic comparison."""

from __future__ import annotations

import numpy as np

from evalkit.domain import Check
from evalkit.draws import FloatArray
from evalkit.errors import first_of
from evalkit.models._synthetic.fitted import Fitted, Fitter
from evalkit.models._synthetic.placebos import Placements
from evalkit.models._synthetic.reading import read_gaps
from evalkit.models._synthetic.sample import Sample

__all__ = ["fit_check", "leave_one_out", "overlap_check", "placebo_check", "selection_check"]

# A fit that is worse than this share of those of placebos is not one of theirs.
_POOR = 0.95
# A mean gap of this share of the root mean square: reached by 7 % of sites that are like the others, and by 76 %
# of sites that lie above all of them (24 sites, 12 periods before the start, 150 panels each).
_ONE_SIDED = 0.5
# Beyond all comparison sites in more of the periods than this, a path cannot be made of them.
_OUTSIDE = 0.25
_SHOWN = 1e-4
# Of large pools hundreds carry a little weight, and each that is left out is a fit of all treated sites.
_LEFT_OUT = 50


def fit_check(sample: Sample, fitted: Fitted, placebos: FloatArray | None) -> Check:
    """Say how well the synthetic path followed the treated one before the start, on its own and next to placebos."""
    before = np.arange(fitted.gaps.shape[1]) < fitted.starts[:, None]
    error = _mean_error(fitted.gaps, before)
    mean = float((fitted.gaps * before).sum() / before.sum())
    shown = f"{100 * np.expm1(error):.3g} %" if sample.is_log else f"{error:.4g}"
    detail = f"Before the start, treated sites were {shown} (root mean square) away from their synthetic counterpart"
    worse = np.nan
    if placebos is not None:
        errors = np.array([_mean_error(each, before) for each in placebos])
        worse = float((errors < error * (1 - 1e-9)).mean())
        detail += f", and {100 * worse:.0f} % of the placebos were nearer to theirs"
    one_sided = bool(abs(mean) > _ONE_SIDED * error > 0) and not fitted.times.any()
    exact = error < 1e-3 * float(sample.outcomes[: len(sample.starts)].std() or 1.0)
    if exact:
        detail += (
            ". So near a fit to so few periods says nothing of the periods after; how well periods that were held "
            "out are foretold does"
        )
    if one_sided:
        detail += (
            f". On average they were {'above' if mean > 0 else 'below'} it: no mix of the comparison sites comes up to "
            f"their level, and the gap after the start holds what was there before (demean = true takes it out)"
        )
    return Check(
        name="fit before the start",
        passed=None if exact else not (one_sided or worse > _POOR),
        detail=detail + ".",
    )


def _mean_error(gaps: FloatArray, before: np.ndarray) -> float:
    return float(np.sqrt(((gaps**2) * before).sum() / before.sum()))


def overlap_check(sample: Sample, fitted: Fitted, *, centred: bool) -> Check:
    """Say whether the treated paths lie among those of the comparison, and on how many of these they rest."""
    outside = []
    for group, start in enumerate(fitted.starts):
        path = sample.outcomes[: len(sample.starts), :start][fitted.members == group].mean(axis=0)
        outside.append(_share_outside(path, sample.outcomes[sample.comparison, :start], centred=centred))
    far = float(np.mean(outside))
    parts = []
    for group, weights in enumerate(fitted.weights[:3]):
        effective = 1 / float((weights**2).sum())
        heaviest = [sample.names[sample.comparison[place]] for place in np.argsort(-np.abs(weights))[:3]]
        of = "" if len(fitted.weights) == 1 else f" ({_group_name(sample, fitted, group)})"
        parts.append(f"{effective:.1f} sites{of}, the heaviest {first_of(heaviest)}")
    more = f"; and {len(fitted.weights) - 3} more" if len(fitted.weights) > 3 else ""
    what = "the ups and downs of the treated path, its mean taken out, lay" if centred else "the treated path lay"
    return Check(
        name="overlap",
        passed=far <= _OUTSIDE,
        detail=f"In {100 * far:.0f} % of the periods before the start, {what} above or below all of those of the "
        f"comparison sites. The weights are worth {'; '.join(parts)}{more}.",
    )


def _share_outside(path: FloatArray, pool: FloatArray, *, centred: bool) -> float:
    if centred:
        path, pool = path - path.mean(), pool - pool.mean(axis=1, keepdims=True)
    return float(((path > pool.max(axis=0)) | (path < pool.min(axis=0))).mean())


def _group_name(sample: Sample, fitted: Fitted, group: int) -> str:
    if len(fitted.weights) == len(sample.starts):
        return sample.names[group]
    return f"start {sample.labels[fitted.starts[group]]}"


def placebo_check(estimate: float, errors: FloatArray, placements: Placements, ratios: tuple[int, int] | None) -> Check:
    """Say where the treated sites rank among the placebos, and whether any rank could have been enough."""
    rank = 1 + int((np.abs(errors) >= abs(estimate) * (1 - 1e-9)).sum())
    detail = f"The change in the treated sites ranks {rank} of {len(errors) + 1} in size ({placements.words})"
    if ratios is not None:
        detail += (
            f"; by the gap after the start over that before it, period by period (Abadie, Diamond and Hainmueller "
            f"2010), {ratios[0]} of {ratios[1]}, p = {ratios[0] / ratios[1]:.3f}"
        )
    smallest = placements.smallest_p_value
    if smallest > 0.05 + 1e-9:
        detail += (
            f". Even the first place would have a probability of {smallest:.2f} by chance: with so few sites there is "
            "no 95 % range, and the one shown ends at the largest placebo"
        )
    return Check(name="placebo in space", passed=False if smallest > 0.05 + 1e-9 else None, detail=detail + ".")


def leave_one_out(sample: Sample, fitter: Fitter, fitted: Fitted, estimate: float, *, told: bool) -> Check:
    """Leave each comparison site that carries weight out, one after the other; of many those that carry the most."""
    most = np.abs(fitted.weights).max(axis=0)
    carrying = np.flatnonzero(most > _SHOWN)
    left_out = np.sort(carrying[np.argsort(-most[carrying], kind="stable")[:_LEFT_OUT]])
    found = []
    for site in left_out:
        rest = np.delete(sample.comparison, site)
        other = fitter(sample.outcomes, sample.treated, sample.starts, rest)
        found.append(float(read_gaps(other).change(other.gaps)))
    low, high = min(found), max(found)
    turned = [
        sample.names[sample.comparison[site]]
        for site, value in zip(left_out, found, strict=True)
        if value * estimate <= 0
    ]
    ends = [f"{100 * np.expm1(end):+.1f} %" if sample.is_log else f"{end:+.4g}" for end in (low, high)]
    passed = (not turned) if told else None
    return Check(
        name="leave one out",
        passed=passed,
        detail=f"With one of the {len(carrying)} comparison sites that carry weight left out"
        + (f" (of the {_LEFT_OUT} that carry the most)" if len(carrying) > _LEFT_OUT else "")
        + f", the change lies between {ends[0]} and {ends[1]}"
        + (f"; without {first_of(turned)} it has the other sign." if turned else ", always of the same sign."),
    )


def selection_check(sample: Sample) -> Check | None:
    """Say what matching does with sites that were chosen for being bad."""
    window = sample.design.selection_window
    if window is None:
        return None
    first = sample.panel.periods.place(window[0])
    if first >= int(sample.places[sample.starts].max()):
        return None
    return Check(
        name="matching after selection",
        passed=None,
        detail="Sites were chosen on periods that they are now matched on. What was chance in those periods does not "
        "come again, placebos were not chosen so, and the fall that follows by itself looks like the work of the "
        "measure: of simulated sites that were alike but for chance, the worst of 40 fell by 16 % when it was chosen "
        "on all 12 periods before the start, and by 4 % when on 6 of 36.",
    )
