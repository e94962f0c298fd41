"""How much of the fall would have come anyway, and what that is told from."""

from __future__ import annotations

import numpy as np

from evalkit.domain import Check, Design
from evalkit.models._empirical_bayes.forecast import Forecast
from evalkit.models._empirical_bayes.sites import Sites

__all__ = ["population_check", "trend_check", "window_check"]

# Fewer sites than this do not show how a population is spread.
_FEWEST = 30
_SIGNIFICANT = 0.05
# In errors. Where rates were lognormal, the gap between the forms was half of what the gamma missed (0.36 and 0.24 of
# an error for 0.75 and 0.38; see the card), so this stands for a bias of a third of an error.
_SMALL_BIAS = 0.15
# Populations drawn for the test of the worst sites.
_DRAWN = 200


def window_check(design: Design, sites: Sites, found: Forecast) -> Check:
    """Say how much of the raw fall was the end of bad luck.

    The name is that of the design's own check, which it stands for: choosing the sites on a spell of the
    baseline is what this method allows for. A window that reaches past the start it does not, and then the
    design's check stays.
    """
    own, start = sites.treated, sites.start
    at_risk = sites.exposure[own]
    past = sites.counts[own, :start].sum() / at_risk[:, :start].sum()
    raw, anyway = (
        each.sum() / at_risk[:, start:].sum() / past - 1 for each in (found.ratio.recorded, found.ratio.expected)
    )
    lasting = found.lasting[own, :start].sum(axis=1)
    luck = lasting.sum() / at_risk[:, :start].sum() / past - 1
    record = float(np.average(found.own_share[own], weights=lasting))
    unit = "rate" if sites.panel.exposure is not None else "number a period"
    return Check(
        name=_name(design),
        passed=None,
        detail=f"From before to after the start the {unit} of {sites.panel.outcome.plural} in the treated sites "
        f"changed by {_percent(raw)} %. Of that, {_percent(anyway)} % was to be expected without the measure: "
        f"{_percent(luck)} % because a bad spell ends by itself (regression to the mean: a site's own record counts "
        f"{100 * record:.0f} %, the rest is that of sites like it), the rest from what also happened in the comparison "
        "sites. The estimate is what goes beyond that.",
    )


def _percent(change: float) -> str:
    """Write a change in whole percent, with a sign where it is not nothing."""
    whole = round(100 * change)
    return f"{whole:+d}" if whole else "0"


def _name(design: Design) -> str:
    window, panel = design.selection_window, design.panel
    if window is None or panel is None or panel.periods.place(window[1]) < design.periods_before:
        return "selection window"
    return "regression to the mean"


def population_check(sites: Sites, found: Forecast, members: np.ndarray, rng: np.random.Generator) -> Check:
    """Say how much sites differ, and whether the worst are as bad as a gamma distribution has them."""
    total, over_time = float(np.exp(found.population.parameters[-2])), float(found.population.parameters[-1])
    count = int(members.sum())
    spread = (
        f"Between the {count} sites of the population rates differ by {100 * np.sqrt(total):.0f} % (coefficient of "
        "variation beyond chance)"
        if found.population.free[-2]
        else f"The {count} sites of the population differ no more than chance makes them, so a site's own record says "
        "nothing of its rate"
    )
    if sites.start == 1:
        rest = "; with one period before the start, all of that is taken to last, and too little to be luck"
    else:
        rest = f"; within a site, periods differ by {100 * np.sqrt(over_time):.0f} % beyond chance, which does not last"
    few = f". That is told from few sites (fewer than {_FEWEST})" if count < _FEWEST else ""
    recorded, expected, p_value = _worst(sites, found, members, rng)
    tail = (
        f" The worst {int(sites.treated.sum())} recorded {recorded:,.10g} before the start, where such a population "
        f"has {expected:,.0f} (p = {p_value:.2f})"
    )
    fits = p_value >= _SIGNIFICANT
    if not fits:
        tail += (
            ": it is not a gamma distribution, and the forecast of bad sites is too low, so the measure looks worse "
            "than it is"
            if recorded > expected
            else ": it is not a gamma distribution, and the forecast of bad sites is too high, so the measure looks "
            "better than it is"
        )
    form, matters = _form(found)
    return Check(
        name="population",
        passed=False if matters or not fits else None,
        detail=f"{spread}{rest}{few}.{tail}. {form}",
    )


def _form(found: Forecast) -> tuple[str, bool]:
    """Say how far the answer rests on how rates are taken to lie between sites, which so few counts do not show."""
    other = found.if_lognormal
    matters = abs(other - found.ratio.log_ratio) > _SMALL_BIAS * found.ratio.std_error
    told = f"Were rates lognormal and not gamma, the change would be {100 * np.expm1(other):+.1f} % and not "
    told += f"{100 * np.expm1(found.ratio.log_ratio):+.1f} %"
    if matters:
        told += ": the records are so short that the answer rests on this form, and its range does not hold that doubt"
    return f"{told}.", matters


def _worst(sites: Sites, found: Forecast, members: np.ndarray, rng: np.random.Generator) -> tuple[float, float, float]:
    """Total before the start of as many worst sites as are treated, what the population has, and a p-value."""
    worst = min(int(sites.treated.sum()), int(members.sum()))
    k = sites.past.regressors.shape[1]
    parameters = found.population.parameters
    mean = (np.exp(sites.past.regressors @ parameters[:k]) * sites.past.at_risk.sum(axis=1))[members]
    size = np.exp(-parameters[k])
    drawn = np.sort(rng.negative_binomial(size, size / (size + mean), (_DRAWN, len(mean))), axis=1)[:, -worst:].sum(
        axis=1
    )
    recorded = float(np.sort(sites.past.counts.sum(axis=1)[members])[-worst:].sum())
    beyond = min(float((drawn >= recorded).sum()), float((drawn <= recorded).sum()))
    return recorded, float(drawn.mean()), min(2 * (beyond + 1) / (_DRAWN + 1), 1.0)


def trend_check(sites: Sites, found: Forecast) -> Check:
    """Say what happened in the comparison sites, beside their lasting rates."""
    own = ~sites.treated
    now, lasting = sites.counts[own, sites.start :].sum(), found.lasting[own, sites.start :].sum()
    return Check(
        name="comparison sites",
        passed=None,
        detail=f"The {own.sum()} comparison sites recorded {now:,.10g} {sites.panel.outcome.plural} after the start, "
        f"{100 * (now / lasting - 1):+.1f} % against their lasting rates.",
    )
