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
from evalkit.hierarchy.margin import BetweenMargin
from evalkit.hierarchy.mixture import NormalMixture
from evalkit.hierarchy.normal import BETWEEN_PRIOR, MEAN_PRIOR, HierarchyDraws, NormalHierarchy, fit_normal

__all__ = [
    "BETWEEN_PRIOR",
    "MEAN_PRIOR",
    "BetweenMargin",
    "BetweenPrior",
    "Exponential",
    "Fixed",
    "Flat",
    "HalfCauchy",
    "HalfNormal",
    "HierarchyDraws",
    "NormalHierarchy",
    "NormalMixture",
    "NormalPrior",
    "Uniform",
    "fit_normal",
]
