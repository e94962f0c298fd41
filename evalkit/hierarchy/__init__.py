"""Hierarchical models that need no sampling: many sites, each drawn towards what the others say.

numpy and scipy only. `fit_normal` takes estimates with their errors; counts have likelihoods of their own.
"""

from evalkit.hierarchy.between import (
    BetweenPrior,
    Exponential,
    Fixed,
    Flat,
    HalfCauchy,
    HalfNormal,
    NormalPrior,
    Uniform,
)
from evalkit.hierarchy.conditional import CountTables, odds_ratios, rate_ratios, ratios_of_ratios
from evalkit.hierarchy.count_draws import CountDraws
from evalkit.hierarchy.counts import CountHierarchy, fit_counts
from evalkit.hierarchy.dispersion import Dispersion
from evalkit.hierarchy.grid_margin import GridMargin
from evalkit.hierarchy.margin import BetweenMargin
from evalkit.hierarchy.maximum import CountMaximum, maximise_counts
from evalkit.hierarchy.mixture import NormalMixture
from evalkit.hierarchy.normal import BETWEEN_PRIOR, MEAN_PRIOR, HierarchyDraws, NormalHierarchy, fit_normal
from evalkit.hierarchy.single import SingleTable, single_table
from evalkit.hierarchy.two_stage import PanelEstimates, estimate_sites

__all__ = [
    "BETWEEN_PRIOR",
    "MEAN_PRIOR",
    "BetweenMargin",
    "BetweenPrior",
    "CountDraws",
    "CountHierarchy",
    "CountMaximum",
    "CountTables",
    "Dispersion",
    "Exponential",
    "Fixed",
    "Flat",
    "GridMargin",
    "HalfCauchy",
    "HalfNormal",
    "HierarchyDraws",
    "NormalHierarchy",
    "NormalMixture",
    "NormalPrior",
    "PanelEstimates",
    "SingleTable",
    "Uniform",
    "estimate_sites",
    "fit_counts",
    "fit_normal",
    "maximise_counts",
    "odds_ratios",
    "rate_ratios",
    "ratios_of_ratios",
    "single_table",
]
