"""From figures to an effect: draws of the change, of events prevented and of their parts, and what to know of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from evalkit.domain import Check, Cohorts, Dynamics, Effect, TrendSensitivity
from evalkit.draws import FloatArray, couple, spread, spread_parts
from evalkit.errors import EstimationError
from evalkit.models._imputation.cells import Imputable
from evalkit.models._imputation.departures import trend_sensitivity
from evalkit.models._imputation.errors import covariance_of, with_errors
from evalkit.models._imputation.figures import Figure, Imputed, Setting
from evalkit.models._imputation.leads import Leads
from evalkit.models._imputation.telling import Words, cells_of, paths_of, recorded_by_period, sites_check, specification
from evalkit.models._inference.student import StudentT

__all__ = ["Found", "make_effect"]

# A change on a log scale is bounded here, so that its exponential stays a number with very few sites.
_LARGEST_LOG = 300.0
# An error relative to the outcome is rounding below this.
_ROUNDING = 1e-11
# Where the tails of a t distribution are held against those of a normal: the end of a 95 % range.
_END = 0.975


@dataclass(frozen=True, kw_only=True, eq=False)
class Found:
    """What was imputed for which cells, and how errors are read."""

    chosen: Imputable
    imputed: Imputed
    setting: Setting


def make_effect(
    found: Found,
    words: Words,
    traced: Leads | None,
    *,
    extra: Sequence[Check | None] = (),
    depart: bool,
    rng: np.random.Generator,
    draws: int,
) -> Effect:
    """Spread the headline, and everything else so that rows go with it.

    Parameters
    ----------
    depart : work out how far trends may part, too
    """
    chosen, imputed, setting = found.chosen, found.imputed, found.setting
    sample, panel = chosen.sample, chosen.sample.panel
    headline = imputed.change(chosen.treated)
    assert headline is not None  # noqa: S101 - the estimators refuse before
    log = words.scale == "log_rate_ratio"
    _require_variation(headline, 1.0 if log else float(np.abs(imputed.expected / sample.exposure).max()))
    change = _spread(headline, rng, draws, log=log)
    total = None
    if panel.outcome.counts_events:
        total = _total(found, headline, change, rng)
    first = int(sample.starts.min())
    after = panel.periods.labels[first:]
    cohorts, untold = _cohorts(found, headline, change, total, rng=rng, log=log)
    influence = np.zeros(len(panel.sites))
    influence[sample.rows] = headline.influence
    dynamics: Dynamics | None = None
    trends: tuple[TrendSensitivity, ...] = ()
    no_trends: Check | None = None
    if traced is not None:
        told = _by_time(found)
        dynamics = _dynamics(found, traced, told, headline, change, rng=rng, log=log)
        if depart:
            trends, no_trends = trend_sensitivity(
                sample, imputed, setting, traced=traced, effects=told, headline=headline, log=log
            )
    checks = (
        traced.check if traced else None,
        no_trends,
        sites_check(sample, setting, headline),
        *extra,
        untold,
    )
    return Effect(
        outcome=panel.outcome,
        estimator=words.name,
        scale=words.scale,
        change=change,
        estimand=words.estimand,
        assumption=words.assumption,
        prevented=None if total is None else _by_period(found, headline, total, first=first, rng=rng),
        periods=after,
        recorded=None if total is None else recorded_by_period(chosen)[first:],
        degrees_of_freedom=headline.spread.degrees_of_freedom,
        checks=tuple(check for check in (*checks, chosen.unweighted, chosen.left_out) if check is not None),
        paths=paths_of(chosen, imputed),
        cells=cells_of(chosen, imputed) if total is not None else None,
        dynamics=dynamics,
        trend_sensitivity=trends,
        influence=influence,
        cohorts=cohorts,
        specification=specification(sample, words, setting),
    )


def _require_variation(headline: Figure, size: float) -> None:
    """Refuse an exact fit, whose error is rounding of outcomes of that size."""
    if not headline.spread.error > _ROUNDING * size:
        msg = (
            "the sites leave no variation to tell the error from: untreated cells are fitted exactly, and sites that "
            "start together all changed by the same"
        )
        raise EstimationError(msg)


def _spread(figure: Figure, rng: np.random.Generator, draws: int, *, log: bool) -> FloatArray:
    laid = spread(StudentT(figure.spread.degrees_of_freedom), draws, rng)
    out = figure.value + figure.spread.error * laid
    return np.clip(out, -_LARGEST_LOG, _LARGEST_LOG) if log else out


def _together(sample: FloatArray, leader: FloatArray, correlation: float, rng: np.random.Generator) -> FloatArray:
    """Order a sample so that its rows go with those of the leader, as far as the two are correlated."""
    bounded = float(np.clip(correlation, -1, 1))
    if abs(bounded) > 1 - 1e-9:
        out = np.empty_like(sample)
        out[np.argsort(leader if bounded > 0 else -leader, kind="stable")] = np.sort(sample)
        return out
    orders = couple([leader, sample], [[1, bounded], [bounded, 1]], rng)
    back = np.empty_like(orders[0])
    back[orders[0]] = np.arange(len(back))
    return np.asarray(sample[orders[1]][back])


def _total(found: Found, headline: Figure, change: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Draws of all events prevented, shape (draws,)."""
    figure, is_log = found.imputed.total(found.chosen.treated)
    same = figure.value == headline.value and np.array_equal(figure.influence, headline.influence)
    drawn = change
    if not same:
        drawn = _spread(figure, rng, len(change), log=is_log)
        drawn = _together(drawn, change, float(_correlations([headline, figure], found.setting)[0, 1]), rng)
    return np.expm1(-drawn) * recorded_by_period(found.chosen).sum() if is_log else drawn


def _parts(
    groups: Iterable[np.ndarray],
    found: Found,
    headline: Figure,
    total: FloatArray,
    rng: np.random.Generator,
    *,
    figures: Sequence[Figure | None] = (),
) -> FloatArray:
    """Draws of the events prevented in each group of cells, summing to the total, shape (draws, groups).

    With `figures`, the changes of the groups, each group's events vary as much as its change does: what a group of a
    few sites does not show of its own noise is allowed for there, and its t distribution is wide.
    """
    parts = [found.imputed.prevented(cells) for cells in groups]
    influences = np.column_stack([influence for _, influence in parts])
    setting = found.setting
    covariance = covariance_of(influences, headline.sizes, setting.strata, setting.errors)
    errors = np.sqrt(np.diag(covariance))
    for place, figure in enumerate(figures):
        if figure is not None:
            own = covariance_of(influences[:, [place]], figure.sizes, setting.strata, setting.errors)[0, 0]
            tails = [float(StudentT(free).ppf(np.array(_END))) for free in (figure.spread.degrees_of_freedom, np.inf)]
            errors[place] = np.sqrt(own) * tails[0] / tails[1]
    covariance = with_errors(covariance, errors)
    return spread_parts(total, [value for value, _ in parts], covariance, np.ones(len(parts)), rng)


def _by_period(
    found: Found, headline: Figure, total: FloatArray, *, first: int, rng: np.random.Generator
) -> FloatArray:
    """Events prevented by treated period of the panel's calendar; nothing where no cell was imputed."""
    chosen, sample = found.chosen, found.chosen.sample
    held = np.flatnonzero(chosen.treated.any(axis=0))
    groups = (chosen.treated & (np.arange(len(sample.places)) == place) for place in held)
    out = np.zeros((len(total), len(sample.panel.periods) - first))
    out[:, sample.places[held] - first] = _parts(groups, found, headline, total, rng)
    return out


def _cohorts(
    found: Found,
    headline: Figure,
    change: FloatArray,
    total: FloatArray | None,
    *,
    rng: np.random.Generator,
    log: bool,
) -> tuple[Cohorts | None, Check | None]:
    """Changes and totals of sites that started together, or why there are none."""
    chosen, sample, setting = found.chosen, found.chosen.sample, found.setting
    starts = np.unique(sample.starts[chosen.treated.any(axis=1)])
    labels = tuple(sample.panel.periods.labels[start] for start in starts)
    groups = [chosen.treated & (sample.starts == start)[:, None] for start in starts]
    figures = [found.imputed.change(cells) for cells in groups]
    none = [label for label, figure in zip(labels, figures, strict=True) if figure is None]
    if none:
        detail = (
            f"Not told by cohort: sites that started in {', '.join(none)} recorded, or let expect, no event after "
            "it, so that their ratio does not exist. The total counts them."
        )
        return None, Check(name="cohorts", passed=None, detail=detail)
    prevented = None if total is None else _parts(groups, found, headline, total, rng, figures=figures)
    columns = []
    for number, figure in enumerate(figures):
        assert figure is not None  # noqa: S101 - those without one returned above
        drawn = _spread(figure, rng, len(change), log=log)
        if prevented is not None:
            columns.append(_together(drawn, prevented[:, number], -1.0, rng))
        else:
            columns.append(_together(drawn, change, float(_correlations([headline, figure], setting)[0, 1]), rng))
    recorded = None if total is None else np.array([sample.values[cells].sum() for cells in groups])
    return Cohorts(labels=labels, change=np.column_stack(columns), prevented=prevented, recorded=recorded), None


def _dynamics(
    found: Found,
    traced: Leads,
    told: Sequence[tuple[int, Figure]],
    headline: Figure,
    change: FloatArray,
    *,
    rng: np.random.Generator,
    log: bool,
) -> Dynamics:
    """Effects by time since the start against all periods before it, and leads against those earlier still."""
    every = [*traced.figures, *told]
    samples = [_spread(figure, rng, len(change), log=log) for _, figure in every]
    orders = couple([change, *samples], _correlations([headline, *[figure for _, figure in every]], found.setting), rng)
    back = np.empty_like(orders[0])
    back[orders[0]] = np.arange(len(back))
    rows = np.column_stack([drawn[order][back] for drawn, order in zip(samples, orders[1:], strict=True)])
    return Dynamics(times=tuple(time for time, _ in every), draws=rows, reference=traced.reference)


def _by_time(found: Found) -> list[tuple[int, Figure]]:
    """Give the change at each time since the start at which it exists."""
    chosen, sample = found.chosen, found.chosen.sample
    since = np.where(chosen.treated, sample.places[None, :] - sample.starts[:, None], -1)
    figures = [(int(time), found.imputed.change(since == time)) for time in np.unique(since[chosen.treated])]
    return [(time, figure) for time, figure in figures if figure is not None]


def _correlations(figures: Sequence[Figure], setting: Setting) -> FloatArray:
    """Give the correlations of figures, shape (q, q); the reach of sites is that of the first."""
    influences = np.column_stack([figure.influence for figure in figures])
    covariance = covariance_of(influences, figures[0].sizes, setting.strata, setting.errors)
    correlation = with_errors(covariance, np.ones(len(figures)))
    np.fill_diagonal(correlation, 1.0)
    return correlation
