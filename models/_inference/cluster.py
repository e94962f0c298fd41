"""Standard errors by site: CR1, CR2 and CR3, the small-sample factor, and degrees of freedom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from evalkit.draws import FloatArray
from evalkit.errors import EstimationError, nearest
from evalkit.models._inference.choose import MANY
from evalkit.models._inference.cr2 import Adjusted, adjust, quadratic_forms
from evalkit.models._inference.jackknife import jackknife, left_out
from evalkit.models._regression.columns import blocks, totals_by_site
from evalkit.models._regression.linear import Fit

__all__ = ["MANY", "Errors", "Inference", "SmallSample", "infer", "require_options", "small_sample_factor"]

type Errors = Literal["auto", "CR2", "CR1"]
type SmallSample = Literal["nested", "full", "none"]

# A residual relative to its fit, or the share of a variance that is seen, is rounding below this.
_NOTHING = 1e-11


@dataclass(frozen=True, kw_only=True)
class Inference:
    """How precisely the coefficients are known.

    Attributes
    ----------
    kind : "CR1", "CR2" or "CR3"
    covariance : shape (k, k)
    degrees_of_freedom : of each coefficient's t distribution, shape (k,)
    influence : each site's contribution to each coefficient, shape (sites, k); columns sum to zero
    clusters : sites with a weight above zero
    seen : share of each coefficient's variance, under the working model, of the sites whose residuals can
        show it, shape (k,); 1 but where a coefficient rests on one site, whose fit leaves no residual
    adjusted : for further tests under CR2
    """

    kind: Literal["CR1", "CR2", "CR3"]
    covariance: FloatArray
    degrees_of_freedom: FloatArray
    influence: FloatArray
    clusters: int
    seen: FloatArray
    adjusted: Adjusted | None = None

    @property
    def std_errors(self) -> FloatArray:
        """Shape (k,)."""
        return np.asarray(np.sqrt(np.diag(self.covariance)))


def require_options(errors: str, small_sample: str, kinds: tuple[str, ...] = get_args(Errors.__value__)) -> None:
    """Refuse names of options that there are not."""
    for name, value, known in (
        ("errors", errors, kinds),
        ("small_sample", small_sample, get_args(SmallSample.__value__)),
    ):
        if value not in known:
            msg = f"no {name} {value!r}; {nearest(value, known)}"
            raise EstimationError(msg)


def small_sample_factor(fit: Fit, rule: SmallSample) -> float:
    """Give the factor G/(G-1) * (N-1)/(N-K) of CR1.

    G sites, N cells, and K counts the regressors, the period effects and, under "full", the site
    effects. Under "nested" those are not counted, for a site effect lies wholly within its cluster: the
    rule of Stata's areg/reghdfe and of fixest. Under "none" the factor is 1.
    """
    if rule == "none":
        return 1.0
    clusters, periods = (int((fit.weights.sum(axis=axis) > 0).sum()) for axis in (1, 0))
    parameters = len(fit.coefficients) + periods + (clusters - 1 if rule == "full" else 0)
    free = fit.observations - parameters
    if free <= 0:
        msg = f"{parameters} parameters for {fit.observations} cells leave nothing to tell the error from"
        raise EstimationError(msg)
    return clusters / (clusters - 1) * (fit.observations - 1) / free


def infer(
    fit: Fit, errors: Errors | Literal["CR3"], small_sample: SmallSample, *, treated: int, comparison: int
) -> Inference:
    """Give the covariance of the coefficients, robust to whatever goes on within a site.

    "auto" is CR2 with Satterthwaite degrees of freedom, unless `treated` and `comparison` are both 50
    sites or more: then CR1 with t(G - 1). It takes a tenth of the time on large weighted panels (1 s for
    12 s, 5,000 sites by 40 periods with 39 coefficients) and is as good there: on 2,000 simulated panels
    of 50 + 50 sites by 12 periods without an effect, CR1 rejected 5.2 % (least squares) and 6.0 % (Poisson)
    of the time at 5 %, CR2 5.2 % and 5.9 %; their mean errors differed by less than 1 %.
    """
    clusters = int((fit.weights.sum(axis=1) > 0).sum())
    if clusters < 2:
        msg = f"errors by site need at least two sites; there is {clusters}"
        raise EstimationError(msg)
    if errors == "auto":
        errors = "CR1" if min(treated, comparison) >= MANY else "CR2"
    influence = totals_by_site(fit.regressors, fit.residuals * fit.weights) @ fit.bread
    if errors == "CR2":
        return _cr2(fit, influence, clusters)
    return _plain(fit, influence, clusters, small_sample, errors)


def _plain(fit: Fit, influence: FloatArray, clusters: int, rule: SmallSample, kind: Literal["CR1", "CR3"]) -> Inference:
    """CR1, or the jackknife, whose factor is its own; both with t(G - 1)."""
    if kind == "CR1":
        covariance = small_sample_factor(fit, rule) * (influence.T @ influence)
    else:
        covariance = jackknife(fit.coefficients, left_out(fit))
    k = len(fit.coefficients)
    _require_variation(fit, np.diag(covariance))
    return Inference(
        kind=kind,
        covariance=covariance,
        degrees_of_freedom=np.full(k, clusters - 1.0),
        influence=influence,
        clusters=clusters,
        seen=np.ones(k),
    )


def _cr2(fit: Fit, influence: FloatArray, clusters: int) -> Inference:
    """CR2, made unbiased under the working model where a coefficient rests on one site.

    The residuals of a site that alone carries a coefficient are zero in its direction, and the
    generalised inverse of the adjustment leaves its noise out: of 1 treated and 39 comparison sites, only the
    39 would count. The variance is then scaled up by the share that is seen, which takes the lone
    site's noise to be like the others' (for one treated site and one date, the pooled two-sample t test).
    """
    adjusted = adjust(fit)
    contributions = adjusted.contributions(fit.residuals)
    covariance = contributions.T @ contributions
    k = len(fit.coefficients)
    seen = 1 - adjusted.unseen / _working(fit)
    _require_variation(fit, np.where(seen > _NOTHING, np.diag(covariance), 0))
    covariance = covariance / np.sqrt(np.outer(seen, seen))
    free = np.array([satterthwaite(fit, adjusted, adjusted.functions[:, :, j]) for j in range(k)])
    return Inference(
        kind="CR2",
        covariance=covariance,
        degrees_of_freedom=free,
        influence=influence,
        clusters=clusters,
        seen=seen,
        adjusted=adjusted,
    )


def satterthwaite(fit: Fit, adjusted: Adjusted, function: FloatArray) -> float:
    """Degrees of freedom, under the working model, of the variance of one coefficient.

    With Omega the sites' (G, G) covariance of contributions, diagonal plus low rank, they are
    tr(Omega)^2 / tr(Omega^2); only Gram matrices of the low-rank factors are made.
    """
    forms = quadratic_forms(fit, adjusted.projection, function[:, :, None])
    own, left, right, sites = forms.own[:, 0, 0], forms.left[:, :, 0], forms.right[:, :, 0], forms.sites
    crossed = (left * right).sum(axis=1)
    trace = float(sites @ (own + crossed))
    gram = left.T @ (sites[:, None] * right)
    # the low-rank part left right' is symmetric, so its squared norm is the trace of its square
    square = float(sites @ (own**2 + 2 * own * crossed) + (gram * gram.T).sum())
    return trace**2 / square if square > 0 else 0.0


def _working(fit: Fit) -> FloatArray:
    """Variance of each coefficient under the working model, up to its constant, shape (k,)."""
    if fit.variance_is_inverse_weight:
        return np.diag(fit.bread)
    root = fit.weights if fit.variance is None else fit.weights * np.sqrt(fit.variance)
    out = np.zeros(len(fit.coefficients))
    for rows in blocks(fit.regressors):
        own = root[rows][:, :, None] * fit.regressors[rows]
        out += ((own.reshape(-1, len(out)) @ fit.bread) ** 2).sum(axis=0)
    return out


def _require_variation(fit: Fit, variances: FloatArray) -> None:
    """Refuse an exact fit: its residuals are rounding of the fitted values."""
    used = fit.weights > 0
    largest = max(float(fit.fitted.max(where=used, initial=0)), -float(fit.fitted.min(where=used, initial=0)))
    rounding = (_NOTHING * largest) ** 2 * _working(fit)
    if not np.all(variances > rounding):
        msg = (
            "the sites leave no variation to tell the error from: every site that carries the estimate "
            "is fitted exactly; wanted are at least two treated or two comparison sites"
        )
        raise EstimationError(msg)
