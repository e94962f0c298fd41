"""Do small studies find more than large ones, and what would it change if some were never published?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evalkit.draws import FloatArray, Interval

__all__ = ["SelectionFit", "SmallStudies", "small_studies"]

# Sterne and others 2011, doi:10.1136/bmj.d4002: below ten studies chance and asymmetry are not told apart.
FEWEST_FOR_ASYMMETRY = 10
# One cut at a one-sided 0.025 needs studies on both sides of it.
_CUT = 1.959963984540054


@dataclass(frozen=True, kw_only=True)
class SelectionFit:
    """Random effects where a study without a significant fall is published less (or more) often.

    Attributes
    ----------
    mean, error : of the mean effect once selection is allowed for
    held : its interval
    tau : between-study standard deviation
    published : how likely a study without a significant fall is published, against one with it; 1 is no selection
    p_value : of no selection, by the likelihood ratio
    """

    mean: float
    error: float
    held: Interval
    tau: float
    published: float
    p_value: float


@dataclass(frozen=True, kw_only=True)
class SmallStudies:
    """What the funnel shows.

    Attributes
    ----------
    slope, p_value : of estimates on their errors (Egger's test); negative: smaller studies find a larger fall. None
        where errors are too alike or studies too few to fit it
    reason : why there is none, or why it means little
    selection : random effects with selective publication, or None
    selection_reason : why there is none
    """

    slope: float | None
    p_value: float | None
    reason: str
    selection: SelectionFit | None
    selection_reason: str


def small_studies(y: FloatArray, s: FloatArray, level: float = 0.95) -> SmallStudies:
    """Test the funnel for asymmetry and fit a selection model, as far as there are studies enough.

    The test is Egger's in its random-effects form: a weighted regression of estimates on their errors with a
    multiplicative dispersion (Egger and others 1997, doi:10.1136/bmj.315.7109.629). The selection model has one step at
    a one-sided p of 0.025 in the direction of less harm (Vevea and Hedges 1995, doi:10.1007/BF02294384).

    Parameters
    ----------
    y, s : estimates and their standard errors, shape (studies,)
    level : of the interval
    """
    slope, p_value, reason = _egger(y, s)
    selection, why = _selected(y, s, level)
    return SmallStudies(slope=slope, p_value=p_value, reason=reason, selection=selection, selection_reason=why)


def _egger(y: FloatArray, s: FloatArray) -> tuple[float | None, float | None, str]:
    from scipy.special import stdtr

    k = len(y)
    if k < 4 or np.ptp(s) < 1e-3 * s.mean():
        return None, None, f"{k} studies, or errors that are all alike, show no slope"
    X = np.column_stack([np.ones(k), s]) / s[:, None]
    inverse = np.linalg.inv(X.T @ X)
    coefficients = inverse @ X.T @ (y / s)
    left = y / s - X @ coefficients
    error = float(np.sqrt(inverse[1, 1] * left @ left / (k - 2)))
    if error == 0:
        return None, None, "the studies lie on one line"
    p_value = float(2 * stdtr(k - 2, -abs(coefficients[1]) / error))
    few = f"with {k} studies chance and asymmetry are hardly told apart" if k < FEWEST_FOR_ASYMMETRY else ""
    return float(coefficients[1]), p_value, few


def _selected(y: FloatArray, s: FloatArray, level: float) -> tuple[SelectionFit | None, str]:
    significant = int((y / s < -_CUT).sum())
    k = len(y)
    if k < FEWEST_FOR_ASYMMETRY:
        return None, f"with {k} studies a selection model learns next to nothing; it is fitted from ten on"
    if min(significant, k - significant) < 2:
        return None, (
            f"{significant} of {k} studies found a significant fall: on one side of the cut there are too few studies "
            "to say how likely these are published"
        )
    return _fit_selection(y, s, level)


def _fit_selection(y: FloatArray, s: FloatArray, level: float) -> tuple[SelectionFit | None, str]:
    from scipy.optimize import minimize
    from scipy.special import chdtrc, ndtr, ndtri

    without = y / s >= -_CUT

    def lost(at: FloatArray) -> float:
        mean, log_tau, log_published = at
        spread = np.sqrt(s**2 + np.exp(2 * log_tau))
        falls = ndtr((-_CUT * s - mean) / spread)
        kept = falls + np.exp(log_published) * (1 - falls)
        density = -0.5 * ((y - mean) / spread) ** 2 - np.log(spread)
        return -float(np.sum(density + without * log_published - np.log(kept)))

    start = np.array([np.average(y, weights=s**-2), np.log(max(float(np.std(y)) / 2, 1e-2)), 0.0])
    bounds = [(None, None), (np.log(1e-4), np.log(10.0)), (np.log(1e-3), np.log(1e3))]
    free = minimize(lost, start, method="L-BFGS-B", bounds=bounds)
    none = minimize(lambda at: lost(np.append(at, 0.0)), start[:2], method="L-BFGS-B", bounds=bounds[:2])
    at_end = abs(free.x[2]) > np.log(1e3) - 1e-6
    if not (free.success and none.success) or at_end:
        return None, "the selection model has no best fit: these studies do not tell what was published how often"
    error = _curvature_error(lost, free.x)
    if error is None:
        return None, "the selection model is flat at its best fit, so that its mean has no error"
    half = float(ndtri((1 + level) / 2)) * error
    mean = float(free.x[0])
    return (
        SelectionFit(
            mean=mean,
            error=error,
            held=Interval(level=level, lower=mean - half, upper=mean + half),
            tau=float(np.exp(free.x[1])),
            published=float(np.exp(free.x[2])),
            p_value=float(chdtrc(1, max(0.0, 2 * (none.fun - free.fun)))),
        ),
        "",
    )


def _curvature_error(lost: object, at: FloatArray) -> float | None:
    """Give the standard error of the mean from the curvature, the spread held where it is on its lower bound."""
    moving = [i for i in range(3) if not (i == 1 and at[1] <= np.log(1e-4) + 1e-3)]
    step = 1e-4
    size = len(moving)
    hessian = np.empty((size, size))
    for row, i in enumerate(moving):
        for column, j in enumerate(moving):
            shifts = [(a, b) for a in (step, -step) for b in (step, -step)]
            values = []
            for a, b in shifts:
                moved = at.copy()
                moved[i] += a
                moved[j] += b
                values.append(lost(moved))  # type: ignore[operator]
            hessian[row, column] = (values[0] - values[1] - values[2] + values[3]) / (4 * step**2)
    try:
        variance = float(np.linalg.inv(hessian)[0, 0])
    except np.linalg.LinAlgError:
        return None
    return float(np.sqrt(variance)) if variance > 0 else None
