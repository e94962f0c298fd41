"""Several effects of a study: what differs between studies, what between effects of one, and errors that know of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from evalkit.draws import FloatArray, Interval
from evalkit.errors import EvidenceError, nearest
from evalkit.evidence.cluster_robust import RobustErrors, robust_errors
from evalkit.evidence.effect_size import EffectSize, Moderator, Scale, estimates_and_errors, quantile, require_one_scale
from evalkit.evidence.moderators import Columns, columns_of
from evalkit.evidence.pooled import Expected
from evalkit.evidence.three_level import Blocks, blocks_of, fit_three_levels, precision_blocks

__all__ = ["MultilevelPooled", "multilevel"]

type Errors = Literal["robust", "model"]


@dataclass(frozen=True, kw_only=True, eq=False)
class MultilevelPooled:
    """Effects of which several may belong to one study, as one distribution of three levels.

    Attributes
    ----------
    effects, scale, columns : as in `Pooled`; `cluster` says which effects belong together
    sampling_correlation : taken between the sampling errors of effects of one study
    tau2_between : variance between studies, of what their effects share
    tau2_within : variance between effects of one study
    coefficients : shape (p,)
    covariance : of the errors chosen, shape (p, p)
    model_covariance : where the model's variances are right, shape (p, p)
    degrees_of_freedom : of each coefficient's t distribution, shape (p,); infinite under "model"
    errors_are : "robust" or "model"
    clusters : number of studies
    log_likelihood : restricted, up to a constant that depends on the effects and columns only
    robust : what further linear functions of the coefficients are tested by
    """

    effects: tuple[EffectSize, ...]
    scale: Scale
    columns: Columns
    sampling_correlation: float
    tau2_between: float
    tau2_within: float
    coefficients: FloatArray
    covariance: FloatArray
    model_covariance: FloatArray
    degrees_of_freedom: FloatArray
    errors_are: Errors
    clusters: int
    log_likelihood: float
    robust: RobustErrors

    @property
    def errors(self) -> FloatArray:
        """Standard errors of the coefficients, shape (p,)."""
        return np.asarray(np.sqrt(np.diag(self.covariance)))

    @property
    def p_values(self) -> FloatArray:
        """Two-sided p-values of no coefficient, shape (p,)."""
        from scipy.special import ndtr, stdtr

        z = -np.abs(self.coefficients) / self.errors
        return np.asarray(2 * (ndtr(z) if self.errors_are == "model" else stdtr(self.degrees_of_freedom, z)))

    def intervals(self, level: float = 0.95) -> tuple[Interval, ...]:
        """Give the interval of every coefficient."""
        free = (None if self.errors_are == "model" else float(each) for each in self.degrees_of_freedom)
        half = [error * quantile(level, each) for error, each in zip(self.errors, free, strict=True)]
        return tuple(
            Interval(level=level, lower=float(middle - by), upper=float(middle + by))
            for middle, by in zip(self.coefficients, half, strict=True)
        )

    def expected(self, at: Mapping[str, Moderator] | None = None) -> Expected:
        """Give what to expect of one effect of a new study where moderators have the values `at`.

        A new effect varies by both variances; its t distribution has the degrees of freedom of the average, and at
        most the number of studies less two.
        """
        row = self.columns.row(at or {})
        error2 = float(row @ self.covariance @ row)
        free = None if self.errors_are == "model" else self.robust.degrees_of_freedom_of(row)
        return Expected(
            estimate=float(row @ self.coefficients),
            error=float(np.sqrt(error2)),
            degrees_of_freedom=free,
            deviation=float(np.sqrt(error2 + self.tau2_between + self.tau2_within)),
            new_degrees_of_freedom=None if free is None else max(1.0, min(free, self.clusters - 2.0)),
        )


def multilevel(
    effects: Sequence[EffectSize],
    *,
    moderators: Sequence[str] = (),
    sampling_correlation: float = 0.0,
    errors: Errors = "robust",
) -> MultilevelPooled:
    """Pool effects of which several belong to one study, by restricted likelihood on three levels.

    An effect is the mean, plus what its study shares, plus what is its own, plus sampling error. The
    variances are only as right as the model is: the default errors are CR2 by study with Satterthwaite degrees of
    freedom (Pustejovsky and Tipton 2018, doi:10.1080/07350015.2016.1247004, with the three-level model to
    work from: Pustejovsky and Tipton 2022, doi:10.1007/s11121-021-01246-3), which hold whatever goes on within a study.

    Parameters
    ----------
    effects : on one scale; those with the same `cluster` belong together
    moderators : names of what effects may differ by
    sampling_correlation : between sampling errors of effects of one study, from 0 to below 1. 0 where they rest on
        different people; 0.6 is often taken where they are several measures of the same
    errors : "robust", or "model" where the three-level model is believed

    Raises
    ------
    EvidenceError
        Fewer than three studies or than coefficients; scales that differ; moderators that are not known of all.
    """
    if errors not in get_args(Errors.__value__):
        raise EvidenceError(f"no errors {errors!r}; {nearest(errors, get_args(Errors.__value__))}")
    if not 0 <= sampling_correlation < 1:
        raise EvidenceError(f"sampling_correlation lies from 0 to below 1; there is {sampling_correlation!r}")
    scale = require_one_scale(effects)
    columns = columns_of(effects, moderators)
    values, sampling = estimates_and_errors(effects)
    blocks = blocks_of([each.cluster for each in effects], values, sampling, columns.values, sampling_correlation)
    _require_studies(effects, blocks, columns)
    fit = fit_three_levels(blocks)
    robust = robust_errors(blocks, precision_blocks(blocks, fit.between, fit.within), fit.coefficients, fit.covariance)
    is_robust = errors == "robust"
    return MultilevelPooled(
        effects=tuple(effects),
        scale=scale,
        columns=columns,
        sampling_correlation=sampling_correlation,
        tau2_between=fit.between,
        tau2_within=fit.within,
        coefficients=fit.coefficients,
        covariance=robust.covariance if is_robust else fit.covariance,
        model_covariance=fit.covariance,
        degrees_of_freedom=robust.degrees_of_freedom if is_robust else np.full(len(fit.coefficients), np.inf),
        errors_are=errors,
        clusters=len(blocks.rows),
        log_likelihood=fit.log_likelihood,
        robust=robust,
    )


def _require_studies(effects: Sequence[EffectSize], blocks: Blocks, columns: Columns) -> None:
    studies, p = len(blocks.rows), len(columns.names)
    least = max(3, p + 1)
    if studies < least:
        raise EvidenceError(
            f"{len(effects)} effects are of {studies} {'study' if studies == 1 else 'studies'}, and {p} "
            f"{'coefficient needs' if p == 1 else 'coefficients need'} at least {least} to tell how they differ"
        )
    if studies == len(effects):
        raise EvidenceError(
            "every study has one effect, so that what differs within a study cannot be told from what differs between "
            "studies; use random_effects"
        )
