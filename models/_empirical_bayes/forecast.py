"""What treated sites would have recorded: their lasting rate, times what happened in the comparison sites."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evalkit.draws import FloatArray
from evalkit.errors import EstimationError
from evalkit.models._empirical_bayes.population import (
    Population,
    derivative,
    fit_population,
    shrunk,
    shrunk_if_lognormal,
)
from evalkit.models._empirical_bayes.sites import Sites
from evalkit.models._inference.ratio import Ratio, effective_number, ratio_of

__all__ = ["Forecast", "forecast"]

# A site that is all of its group but for this share shows nothing of how sites depart.
_LEAST_LEFT = 0.05


@dataclass(frozen=True, kw_only=True, eq=False)
class Forecast:
    """Treated sites against what was to be expected of them.

    Attributes
    ----------
    population : how sites differ
    own_share : how far each site's own record counts in its rate, shape (sites,)
    lasting : expected counts at the lasting rate, shape (sites, periods), before the comparison's change
    trend : comparison sites after the start over their lasting rate, shape (periods after,)
    ratio : log of recorded over expected, and its error
    if_lognormal : the log ratio if rates were lognormal between sites, with the same mean and variance
    """

    population: Population
    own_share: FloatArray
    lasting: FloatArray
    trend: FloatArray
    ratio: Ratio
    if_lognormal: float


def forecast(sites: Sites, members: np.ndarray) -> Forecast:
    """Fit the population, shrink every site, carry it forward, and linearise the log ratio.

    Comparison sites are shrunk as well: those that were left when the worst had been taken were low by luck,
    and rise by themselves.
    """
    population = fit_population(sites.past, members)
    treated, after = sites.treated, slice(sites.start, None)
    rate, own_share = shrunk(sites.past, population.parameters)
    lasting = rate[:, None] * sites.exposure
    others = lasting[~treated, after].sum(axis=0)
    if (others <= 0).any() or sites.counts[~treated, after].sum() == 0:
        msg = "the comparison sites recorded nothing after the start, so nothing shows what would have happened anyway"
        raise EstimationError(msg)
    trend = sites.counts[~treated, after].sum(axis=0) / others
    recorded = sites.counts[treated, after].sum(axis=0)
    if recorded.sum() == 0:
        msg = "no event was recorded in the treated sites after the start, and a ratio of nothing does not exist"
        raise EstimationError(msg)
    expected = trend * lasting[treated, after].sum(axis=0)
    contributions = _contributions(sites, population, lasting, trend, recorded.sum() / expected.sum())
    numbers = (
        effective_number(lasting[treated, after].sum(axis=1)),
        effective_number(lasting[~treated, after].sum(axis=1)),
    )
    return Forecast(
        population=population,
        own_share=own_share,
        lasting=lasting,
        trend=trend,
        ratio=ratio_of(recorded, expected, contributions, treated, numbers),
        if_lognormal=_if_lognormal(sites, population),
    )


def _if_lognormal(sites: Sites, population: Population) -> float:
    treated, after = sites.treated, slice(sites.start, None)
    lasting = shrunk_if_lognormal(sites.past, population.parameters)[:, None] * sites.exposure[:, after]
    trend = sites.counts[~treated, after].sum(axis=0) / lasting[~treated].sum(axis=0)
    return float(np.log(sites.counts[treated, after].sum() / (trend * lasting[treated].sum(axis=0)).sum()))


def _contributions(
    sites: Sites, population: Population, lasting: FloatArray, trend: FloatArray, ratio: float
) -> FloatArray:
    """Each site's part in the error of events expected less recorded, shape (sites, periods after).

    How a site's counts after the start fall around what its past foretells, what that does to the trend, and
    what the site adds to the parameters of the population, on which all forecasts rest.
    """
    treated, after = sites.treated, slice(sites.start, None)
    apart = sites.counts[:, after] - trend * lasting[:, after]
    carried = lasting[treated, after].sum(axis=0) / lasting[~treated, after].sum(axis=0)
    out = apart * carried
    own = sites.counts[treated, after] - ratio * trend * lasting[treated, after]
    out[treated] = -own / ratio
    # trend and ratio have followed each site by its share: left out, it would depart by so much more
    share = lasting[:, after].sum(axis=1)
    share /= np.where(treated, share[treated].sum(), share[~treated].sum())
    out /= np.maximum(1 - share, _LEAST_LEFT)[:, None]

    def expected(parameters: FloatArray) -> FloatArray:
        forward = shrunk(sites.past, parameters)[0][:, None] * sites.exposure[:, after]
        return np.asarray(
            sites.counts[~treated, after].sum(axis=0) * forward[treated].sum(axis=0) / forward[~treated].sum(axis=0)
        )

    return np.asarray(out + population.influence @ derivative(expected, population.parameters).T)
