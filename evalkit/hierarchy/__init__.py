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
from evalkit.hierarchy.leave_out import LeftOut, leave_one_site_out
from evalkit.hierarchy.many import NormalHierarchies, fit_many
from evalkit.hierarchy.margin import BetweenMargin
from evalkit.hierarchy.mixture import NormalMixture
from evalkit.hierarchy.mixtures import NormalMixtures
from evalkit.hierarchy.moments import Moment
from evalkit.hierarchy.named import PRIORS, PriorSet, named_prior, prior_set_from_mapping
from evalkit.hierarchy.normal import BETWEEN_PRIOR, MEAN_PRIOR, HierarchyDraws, NormalHierarchy, fit_normal
from evalkit.hierarchy.prior_predictive import PriorPredictive, prior_predictive
from evalkit.hierarchy.sensitivity import PowerLine, PowerScaling, SweepLine, power_scaling, sweep

__all__ = [
    "BETWEEN_PRIOR",
    "MEAN_PRIOR",
    "PRIORS",
    "BetweenMargin",
    "BetweenPrior",
    "Exponential",
    "Fixed",
    "Flat",
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
    "PowerLine",
    "PowerScaling",
    "PriorPredictive",
    "PriorSet",
    "SweepLine",
    "Uniform",
    "fit_many",
    "fit_normal",
    "leave_one_site_out",
    "named_prior",
    "power_scaling",
    "prior_predictive",
    "prior_set_from_mapping",
    "sweep",
]
