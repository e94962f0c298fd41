"""The weighted displacement difference of Wheeler and Ratcliffe (2018)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from evalkit.domain import Table
from evalkit.domain.table import Counts
from evalkit.draws import FloatArray, Interval
from evalkit.errors import EstimationError
from evalkit.models._before_after.cells import Cells, cells_of_table, table_of

__all__ = [
    "Change",
    "DisplacementDifference",
    "difference_of_cells",
    "displacement_difference",
    "harm_weighted_difference",
    "weighted_changes",
]


@dataclass(frozen=True, kw_only=True)
class Change:
    """A change and its standard error; negative is fewer crimes."""

    estimate: float
    std_error: float

    @property
    def z(self) -> float | None:
        """The change in standard errors; None where nothing varies."""
        return self.estimate / self.std_error if self.std_error > 0 else None

    @property
    def p_value(self) -> float | None:
        """Two-sided p-value of no change, from a normal distribution; None where nothing varies."""
        return None if self.z is None else math.erfc(abs(self.z) / math.sqrt(2))

    def interval(self, level: float = 0.95) -> Interval:
        """Give the normal interval."""
        from scipy.special import ndtri

        reach = float(ndtri((1 + level) / 2)) * self.std_error
        return Interval(level=level, lower=self.estimate - reach, upper=self.estimate + reach)


@dataclass(frozen=True, kw_only=True)
class DisplacementDifference:
    """Changes in the treated area and in its buffer, beyond those of what each is compared with.

    Attributes
    ----------
    local, displaced, total : as published: crimes per unit of length and size; `displaced` is None
        without a buffer, and then `total` is `local`
    crimes_local, crimes_displaced, crimes_total : the same in crimes: each rate times the size of its
        own area and the length of the period after; equal to the above where lengths and sizes are 1
    dispersion : how many times the variance of a Poisson count was taken
    """

    local: Change
    displaced: Change | None
    total: Change
    crimes_local: Change
    crimes_displaced: Change | None
    crimes_total: Change
    dispersion: float = 1.0


def displacement_difference(
    treated: Counts,
    comparison: Counts | None = None,
    *,
    buffer: Counts | None = None,
    buffer_comparison: Counts | Literal["shared"] | None = None,
    lengths: tuple[float, float] = (1.0, 1.0),
    areas: Mapping[str, float] | None = None,
    dispersion: float = 1.0,
) -> DisplacementDifference:
    """Give the weighted displacement difference: treated and buffer change less their comparisons'.

    A count x in a cell of length p and size a enters as x/(p a), its variance as dispersion times
    x/(p a)^2. An area that serves as comparison twice enters with twice its change and so with *four*
    times its variance (to double its counts first, as the published spreadsheet advises, gives twice).

    Parameters
    ----------
    treated, comparison, buffer, buffer_comparison : (before, after) counts; "shared" where the
        comparison area also serves the buffer; without `comparison` the change is a plain before/after
    lengths : of the period before and after, in one unit
    areas : relative sizes by name of the area; 1 where not given
    dispersion : 1 for Poisson counts, more where counts vary more than chance

    References
    ----------
    Wheeler and Ratcliffe 2018, doi:10.1186/s40163-018-0085-5; weights from ptools (`wdd`).

    Examples
    --------
    >>> total = displacement_difference((207, 110), (308, 318), buffer=(178, 157),
    ...                                 buffer_comparison=(150, 140)).total
    >>> total.estimate, round(total.std_error, 3)
    (-118.0, 39.598)
    """
    table = table_of(treated, comparison, buffer, buffer_comparison, lengths=lengths, areas=areas)
    return difference_of_cells(cells_of_table(table), dispersion)


def harm_weighted_difference(
    tables: Sequence[Table], weights: Sequence[float], *, dispersion: float = 1.0
) -> DisplacementDifference:
    """Give the sum of the tables' differences, each times the harm of one crime of its class.

    The unit is that of `weights` (days of prison, points of an index) in place of crimes; the classes
    are taken as counted independently: variance sum w^2 Var.

    Parameters
    ----------
    tables : one for each class of crime
    weights : harm of one crime, zero or more, one for each table
    """
    if len(tables) != len(weights) or not tables:
        raise EstimationError(
            f"wanted is one harm weight for each table; there are {len(tables)} tables and {len(weights)} weights"
        )
    wrong = [weight for weight in weights if not (math.isfinite(weight) and weight >= 0)]
    if wrong:
        raise EstimationError(f"a harm weight is a number of zero or more; there is {wrong[0]}")
    parts = [difference_of_cells(cells_of_table(table), dispersion) for table in tables]
    names = ("local", "displaced", "total", "crimes_local", "crimes_displaced", "crimes_total")
    sums = {name: _sum([getattr(part, name) for part in parts], weights) for name in names}
    return DisplacementDifference(**sums, dispersion=dispersion)  # type: ignore[arg-type]


def difference_of_cells(cells: Cells, dispersion: float = 1.0) -> DisplacementDifference:
    """Give the difference of cells that are laid out already."""
    rates = _changes(*weighted_changes(cells, dispersion, in_crimes=False))
    crimes = _changes(*weighted_changes(cells, dispersion))
    return DisplacementDifference(
        local=rates[0],
        displaced=rates[1],
        total=rates[2],
        crimes_local=crimes[0],
        crimes_displaced=crimes[1],
        crimes_total=crimes[2],
        dispersion=dispersion,
    )


def weighted_changes(cells: Cells, dispersion: float, *, in_crimes: bool = True) -> tuple[FloatArray, FloatArray]:
    """Give the changes, shape (changes,), and their covariance, shape (changes, changes).

    `in_crimes` counts them in each target's own area over the period after; else they are rates.
    """
    per_count = cells.signs / cells.weights
    if in_crimes:
        per_count = per_count * cells.target_weights[:, None, None]
    changes = np.einsum("kaj,aj->k", per_count, cells.counts)
    covariance = dispersion * np.einsum("kaj,laj,aj->kl", per_count, per_count, cells.counts)
    return changes, covariance


def _changes(changes: FloatArray, covariance: FloatArray) -> tuple[Change, Change | None, Change]:
    errors = np.sqrt(np.diag(covariance))
    local, *displaced = (
        Change(estimate=float(change), std_error=float(error)) for change, error in zip(changes, errors, strict=True)
    )
    total = Change(estimate=float(changes.sum()), std_error=float(np.sqrt(covariance.sum())))
    return local, (displaced[0] if displaced else None), total


def _sum(parts: Sequence[Change | None], weights: Sequence[float]) -> Change | None:
    """Weighted sum of independent changes; a class without a buffer adds nothing there."""
    pairs = [(part, w) for part, w in zip(parts, weights, strict=True) if part is not None]
    if not pairs:
        return None
    return Change(
        estimate=sum(w * part.estimate for part, w in pairs),
        std_error=math.sqrt(sum((w * part.std_error) ** 2 for part, w in pairs)),
    )
