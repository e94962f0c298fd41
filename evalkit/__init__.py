"""Evaluate what prevents crime: how much, for whom, at what cost, and how sure.

Names are loaded when they are first used, so that `import evalkit` costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from evalkit.domain import (
        Check,
        Design,
        Displacement,
        Dynamics,
        Effect,
        Estimator,
        Intervention,
        Outcome,
        Panel,
        Paths,
        Table,
    )
    from evalkit.draws import Interval, Quantity
    from evalkit.economics import Appraisal, Costs, Flow, Option, Prices, appraise, appraise_option, compare_options
    from evalkit.errors import EvalkitError
    from evalkit.evaluation import Evaluation
    from evalkit.evidence import EffectSize
    from evalkit.pooling import Evidence, Synthesis, load_evidence, pool
    from evalkit.registry import estimator, models
    from evalkit.study import Study
    from evalkit.study_file import load_study

_HOMES = {
    "evalkit.domain": (
        "Check", "Design", "Displacement", "Dynamics", "Effect", "Estimator", "Intervention", "Outcome", "Panel",
        "Paths", "Table",
    ),
    "evalkit.draws": ("Interval", "Quantity"),
    "evalkit.economics": (
        "Appraisal", "Costs", "Flow", "Option", "Prices", "appraise", "appraise_option", "compare_options",
    ),
    "evalkit.errors": ("EvalkitError",),
    "evalkit.evaluation": ("Evaluation",),
    "evalkit.evidence": ("EffectSize",),
    "evalkit.pooling": ("Evidence", "Synthesis", "load_evidence", "pool"),
    "evalkit.registry": ("estimator",),
    "evalkit.study": ("Study",),
    "evalkit.study_file": ("load_study",),
}  # fmt: skip
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "Appraisal",
    "Check",
    "Costs",
    "Design",
    "Displacement",
    "Dynamics",
    "Effect",
    "EffectSize",
    "Estimator",
    "EvalkitError",
    "Evaluation",
    "Evidence",
    "Flow",
    "Interval",
    "Intervention",
    "Option",
    "Outcome",
    "Panel",
    "Paths",
    "Prices",
    "Quantity",
    "Study",
    "Synthesis",
    "Table",
    "__version__",
    "appraise",
    "appraise_option",
    "compare_options",
    "estimator",
    "load_evidence",
    "load_study",
    "models",
    "pool",
]


def __getattr__(name: str) -> Any:
    """Load a public name from the module it lives in."""
    if name == "__version__":
        from importlib.metadata import version

        return version("evalkit-prevention")
    if name == "models":  # the package of estimators, which can be called for their names
        return import_module("evalkit.models")
    if name not in _HOME_OF:
        msg = f"module 'evalkit' has no attribute {name!r}"
        raise AttributeError(msg)
    return getattr(import_module(_HOME_OF[name]), name)


def __dir__() -> list[str]:
    """List the public names, loaded or not."""
    return sorted(__all__)
