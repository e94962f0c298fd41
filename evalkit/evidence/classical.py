"""Random effects and meta-regression the classical way, for studies that are independent of each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

import numpy as np

from evalkit.draws import FloatArray
from evalkit.errors import EvidenceError, nearest
from evalkit.evidence.between_studies import (
    BetweenMethod,
    Weighted,
    between_variance,
    standard_error_of_variance,
    typical_variance,
    weighted_fit,
)
from evalkit.evidence.effect_size import EffectSize, Scale, estimates_and_errors, require_independent, require_one_scale
from evalkit.evidence.moderators import Columns, columns_of
from evalkit.evidence.pooled import Pooled, Test

__all__ = ["random_effects"]


def random_effects(
    effects: Sequence[EffectSize],
    *,
    method: BetweenMethod = "REML",
    test: Test = "hartung-knapp",
    moderators: Sequence[str] = (),
) -> Pooled:
    """Pool effects of studies that are independent of each other, with or without moderators.

    Sampling variances are taken as known, so that degrees of freedom of single studies are not used.

    Parameters
    ----------
    effects : on one scale, one a study; several of a study belong in `multilevel`
    method : of the variance between studies, see `between_variance`; "common" takes one true effect for all
    test : "hartung-knapp" takes t and scales the variances by the weighted squares that are left, or by 1 where these
        are fewer than chance would leave (Hartung and Knapp 2001, doi:10.1002/sim.791; the floor: Knapp and Hartung
        2003, doi:10.1002/sim.1482). The floor is ad hoc, and the default by this measurement, 4,000 data sets a row,
        median error 0.2, REML, share of 95 % intervals that hold the mean, as normal / without floor / with it:

        ====================  ==================  ==================  ==================
        studies               tau 0               tau 0.1             tau 0.3
        ====================  ==================  ==================  ==================
        3                     .961 .949 1.00      .925 .940 .999      .842 .931 .982
        5                     .966 .952 .995      .918 .932 .982      .863 .922 .948
        10                    .961 .949 .984      .930 .938 .964      .908 .934 .943
        30                    .959 .953 .969      .934 .938 .948      .936 .945 .948
        ====================  ==================  ==================  ==================

        Without it the interval is narrower than the normal one, which knows tau2, in up to 48 of 100 data sets.
    moderators : names of what effects may differ by

    Raises
    ------
    EvidenceError
        One study; scales that differ; a study twice; moderators that are not known of all.
    """
    if test not in get_args(Test.__value__):
        raise EvidenceError(f"no test {test!r}; {nearest(test, get_args(Test.__value__))}")
    if method not in get_args(BetweenMethod.__value__):
        raise EvidenceError(f"no method {method!r}; {nearest(method, get_args(BetweenMethod.__value__))}")
    scale = require_one_scale(effects)
    require_independent(effects)
    columns = columns_of(effects, moderators)
    left = len(effects) - columns.values.shape[1]
    if left < 1 and method != "common":
        raise EvidenceError(
            f"{len(effects)} {'study' if len(effects) == 1 else 'studies'} and {len(columns.names)} "
            f"{'coefficient' if len(columns.names) == 1 else 'coefficients'} leave nothing to tell the spread between "
            "studies from; add studies, or give the single study's own interval"
        )
    return _pooled(tuple(effects), scale, method, test, columns)


def _pooled(
    effects: tuple[EffectSize, ...], scale: Scale, method: BetweenMethod, test: Test, columns: Columns
) -> Pooled:
    from scipy.special import chdtrc

    values, errors = estimates_and_errors(effects)
    y, v, X = values, errors**2, columns.values
    tau2, common = float(between_variance(y, v, X, method)), weighted_fit(y, v, X, 0.0)
    fit, left = weighted_fit(y, v, X, tau2), len(effects) - X.shape[1]
    scaled_by = _scale(fit, left, test if method != "common" else "normal")
    h2 = _h2(y, v, X, tau2, common if method == "common" else None)
    return Pooled(
        effects=effects,
        scale=scale,
        method=method,
        test=test if method != "common" else "normal",
        columns=columns,
        tau2=tau2,
        tau2_error=standard_error_of_variance(y, v, X, tau2, method),
        coefficients=fit.coefficients,
        covariance=fit.covariance * scaled_by,
        degrees_of_freedom=None if test == "normal" or method == "common" else float(left),
        scaled_by=scaled_by,
        q=float(common.q),
        q_degrees_of_freedom=left,
        q_p_value=float(chdtrc(left, float(common.q))) if left else None,
        i2=100 * max(0.0, 1 - 1 / h2) if h2 > 0 else 0.0,
        h2=h2,
        r2=_r2(y, v, tau2, method) if X.shape[1] > 1 else None,
    )


def _scale(fit: Weighted, left: int, test: str) -> float:
    if test == "normal":
        return 1.0
    squares = float(fit.q) / left
    return max(1.0, squares) if test == "hartung-knapp" else squares


def _h2(y: FloatArray, v: FloatArray, X: FloatArray, tau2: float, common: Weighted | None) -> float:
    """Give how many times as much estimates are spread as sampling errors alone would spread them."""
    left = len(y) - X.shape[1]
    if left == 0:
        return 1.0
    return float(common.q / left if common is not None else tau2 / typical_variance(y, v, X) + 1)


def _r2(y: FloatArray, v: FloatArray, tau2: float, method: BetweenMethod) -> float | None:
    before = float(between_variance(y, v, np.ones((len(y), 1)), method))
    return 100 * max(0.0, (before - tau2) / before) if before > 0 else None
