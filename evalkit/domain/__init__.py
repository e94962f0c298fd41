"""The vocabulary of evaluation: what was done, what was measured, what was compared, what was found."""

from evalkit.domain.design import Assignment, Design
from evalkit.domain.design_checks import ScientificMethodsLevel
from evalkit.domain.effect import Effect
from evalkit.domain.effect_parts import Cells, Check, Cohorts, Displacement, Dynamics, Paths, TrendSensitivity
from evalkit.domain.estimator import Card, Estimator, Simulation
from evalkit.domain.intervention import Intervention
from evalkit.domain.outcome import CrimeClass, Outcome, crime_classes
from evalkit.domain.panel import Panel
from evalkit.domain.periods import Periods
from evalkit.domain.table import Table

__all__ = [
    "Assignment",
    "Card",
    "Cells",
    "Check",
    "Cohorts",
    "CrimeClass",
    "Design",
    "Displacement",
    "Dynamics",
    "Effect",
    "Estimator",
    "Intervention",
    "Outcome",
    "Panel",
    "Paths",
    "Periods",
    "ScientificMethodsLevel",
    "Simulation",
    "Table",
    "TrendSensitivity",
    "crime_classes",
]
