"""Standard errors by leaving each site out in turn (CR3), without fitting anew.

MacKinnon, Nielsen and Webb 2023, doi:10.1002/jae.2969. For least squares the leave-one-out estimates are exact;
for a Poisson fit they are those of the working regression at the estimate, one step of its iteration.
"""

from __future__ import annotations

import numpy as np

from evalkit.draws import FloatArray
from evalkit.errors import EstimationError
from evalkit.models._regression.linear import Fit

__all__ = ["jackknife", "left_out", "moments"]

# Eigenvalue of the normal equations, scaled to a diagonal of one, below which something has no estimate.
_SINGULAR = 1e-10


def moments(fit: Fit) -> tuple[FloatArray, FloatArray]:
    """Give each site's regressors, Z_i = [periods but the first less their mean in the site, x_i], and W_i Z_i.

    Both of shape (sites, periods, periods - 1 + k).
    """
    shares = fit.weights / fit.weights.sum(axis=1, keepdims=True)
    periods = fit.weights.shape[1]
    dummies = np.eye(periods)[None, :, 1:] - shares[:, None, 1:]
    stacked = np.concatenate([dummies, fit.regressors[:]], axis=2)
    return stacked, stacked * fit.weights[:, :, None]


def left_out(fit: Fit) -> FloatArray:
    """Coefficients without each site in turn, shape (sites, k).

    With S the sum of Z_j' W_j Z_j over sites, leaving i out moves them by -(S - S_i)^{-1} Z_i' W_i e_i.
    """
    stacked, weighted = moments(fit)
    own = stacked.swapaxes(1, 2) @ weighted
    rest = own.sum(axis=0)[None, :, :] - own
    size = np.sqrt(np.diag(own.sum(axis=0)))
    scaled = rest / (size[:, None] * size[None, :])
    alone = np.flatnonzero(np.linalg.eigvalsh(scaled)[:, 0] < _SINGULAR)
    if len(alone):
        msg = (
            f"leaving one site out leaves nothing to estimate from for {len(alone)} of {len(own)} sites (a lone "
            "treated or comparison site, or the only one with a date or a period): the jackknife has no error; use "
            "errors = 'randomisation' or 'CR2'"
        )
        raise EstimationError(msg)
    pushed = np.einsum("itq,it->iq", weighted, fit.residuals) / size
    moved = np.linalg.solve(scaled, pushed[:, :, None])[:, :, 0] / size
    k = len(fit.coefficients)
    return np.asarray(fit.coefficients - moved[:, -k:])


def jackknife(estimate: FloatArray, without: FloatArray) -> FloatArray:
    """Give the covariance (G - 1) / G times the sum of (without_i - estimate) squared, shape (k, k).

    Parameters
    ----------
    estimate : shape (k,)
    without : estimates without each site in turn, shape (sites, k)
    """
    moved = without - estimate
    return np.asarray((len(moved) - 1) / len(moved) * (moved.T @ moved))
