"""Choices: which option, at what value of a prevented crime, with which budget, and how sure that is."""

from evalkit.economics.decisions.acceptability import Acceptability, Grid, acceptability, value_grid
from evalkit.economics.decisions.compared import DOING_WITHOUT, Draws, compared_with, read_draws
from evalkit.economics.decisions.comparing import OptionsCompared, compare_options
from evalkit.economics.decisions.incremental import (
    DOMINATED,
    DOMINATED_BY_EXTENSION,
    ON_FRONTIER,
    Incremental,
    IncrementalLine,
    incremental,
)
from evalkit.economics.decisions.options import Option, appraise_option, read_options
from evalkit.economics.decisions.plane import Plane, plane
from evalkit.economics.decisions.portfolio import Portfolio, Rules, best_portfolio

__all__ = [
    "DOING_WITHOUT",
    "DOMINATED",
    "DOMINATED_BY_EXTENSION",
    "ON_FRONTIER",
    "Acceptability",
    "Draws",
    "Grid",
    "Incremental",
    "IncrementalLine",
    "Option",
    "OptionsCompared",
    "Plane",
    "Portfolio",
    "Rules",
    "acceptability",
    "appraise_option",
    "best_portfolio",
    "compare_options",
    "compared_with",
    "incremental",
    "plane",
    "read_draws",
    "read_options",
    "value_grid",
]
