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
from evalkit.hierarchy.count_draws import CountDraws
from evalkit.hierarchy.count_tables import CountTables, odds_ratios, rate_ratios, ratios_of_ratios
from evalkit.hierarchy.counts import CountHierarchy, fit_counts
from evalkit.hierarchy.dispersion import Dispersion
from evalkit.hierarchy.grid_margin import GridMargin
from evalkit.hierarchy.leave_out import LeftOut, leave_one_site_out
from evalkit.hierarchy.many import NormalHierarchies, fit_many
from evalkit.hierarchy.margin import BetweenMargin
from evalkit.hierarchy.maximum import CountMaximum, maximise_counts
from evalkit.hierarchy.mixture import NormalMixture
from evalkit.hierarchy.mixtures import NormalMixtures
from evalkit.hierarchy.moments import Moment
from evalkit.hierarchy.named import PRIORS, PriorSet, named_prior, prior_set_from_mapping
from evalkit.hierarchy.normal import BETWEEN_PRIOR, MEAN_PRIOR, HierarchyDraws, NormalHierarchy, fit_normal
from evalkit.hierarchy.prior_predictive import PriorPredictive, prior_predictive
from evalkit.hierarchy.sensitivity import PowerLine, PowerScaling, SweepLine, power_scaling, sweep
from evalkit.hierarchy.single import SingleTable, single_table
from evalkit.hierarchy.two_stage import PanelEstimates, estimate_sites

__all__ = [
    "BETWEEN_PRIOR",
    "MEAN_PRIOR",
    "PRIORS",
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
    "LeftOut",
    "Moment",
    "NormalHierarchies",
    "NormalHierarchy",
    "NormalMixture",
    "NormalMixtures",
    "NormalPrior",
    "PanelEstimates",
    "PowerLine",
    "PowerScaling",
    "PriorPredictive",
    "PriorSet",
    "SingleTable",
    "SweepLine",
    "Uniform",
    "estimate_sites",
    "fit_counts",
    "fit_many",
    "fit_normal",
    "leave_one_site_out",
    "maximise_counts",
    "named_prior",
    "odds_ratios",
    "power_scaling",
    "prior_predictive",
    "prior_set_from_mapping",
    "rate_ratios",
    "ratios_of_ratios",
    "single_table",
    "sweep",
]
