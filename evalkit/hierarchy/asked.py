"""What is asked of estimates, moderators and priors before they are fitted."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from evalkit.errors import EvidenceError
from evalkit.hierarchy.powered import Powered

if TYPE_CHECKING:
    from evalkit.draws import FloatArray
    from evalkit.hierarchy.between import BetweenPrior, NormalPrior

__all__ = ["checked", "require_known"]

# Squares of errors outside of this are no numbers of the machine any more.
_SMALLEST, _LARGEST = 1e-100, 1e100


def checked(estimates: Any, errors: Any, design: Any) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Give estimates, errors and moderators as arrays, or say which site is at fault."""
    y, s = np.asarray(estimates, float), np.asarray(errors, float)
    if y.ndim != 1 or y.shape != s.shape or not y.size:
        msg = f"estimates and errors have one number for each site; there are shapes {y.shape} and {s.shape}"
        raise EvidenceError(msg)
    bad = ~np.isfinite(y) | ~np.isfinite(s) | ~(s > _SMALLEST) | ~(s < _LARGEST) | ~(np.abs(y) < _LARGEST)
    if bad.any():
        first = int(np.flatnonzero(bad)[0])
        msg = (
            f"site {first + 1} of {len(y)} has estimate {y[first]:g} with error {s[first]:g}; wanted are a finite "
            "estimate and an error above zero: an effect that is known without error is not an estimate"
        )
        raise EvidenceError(msg)
    x = np.ones((len(y), 1)) if design is None else np.asarray(design, float)
    if x.ndim != 2 or len(x) != len(y) or not np.isfinite(x).all():
        msg = f"moderators are finite numbers of shape (sites, coefficients), with {len(y)} rows; there is {x.shape}"
        raise EvidenceError(msg)
    return y, s, x


def require_known(
    y: FloatArray, x: FloatArray, names: tuple[str, ...], priors: tuple[NormalPrior, ...], between: BetweenPrior
) -> None:
    """Refuse coefficients or a deviation that neither sites nor priors tell anything of."""
    if not len(names) == len(priors) == x.shape[1]:
        msg = f"{x.shape[1]} coefficients need as many names and priors; there are {len(names)} and {len(priors)}"
        raise EvidenceError(msg)
    flat = [index for index, prior in enumerate(priors) if prior.is_flat]
    if np.linalg.matrix_rank(x[:, flat]) < len(flat) if flat else False:
        msg = (
            f"{len(y)} sites do not tell the coefficients {[names[index] for index in flat]} apart: give them priors "
            "with a deviation, or leave a moderator out"
        )
        raise EvidenceError(msg)
    wanted = len(flat) + 2 + (math.isinf(between.upper))
    if not between.is_proper and not isinstance(between, Powered) and len(y) < wanted:
        msg = (
            f"a flat prior of the deviation between sites needs {wanted} sites here; there are {len(y)}: use "
            "HalfNormal(scale=0.3), which says that sites seldom differ by more than a factor of two"
        )
        raise EvidenceError(msg)
