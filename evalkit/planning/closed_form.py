"""How often a before/after table concludes, in closed form from the counts that it is expected to hold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evalkit.draws import FloatArray
from evalkit.planning.chances import Detectable
from evalkit.planning.expected import ExpectedTable

__all__ = ["TableChances", "detectable_in_table"]

# A fall to nothing, or nearly.
_LARGEST_FALL = np.log(0.001)


@dataclass(frozen=True, kw_only=True)
class TableChances:
    """Chances of a two-sided test of a table, with normal errors and the dispersion known.

    For the ratio, the variance of the log rate ratio is dispersion × (1/T0 + 1/T1 + 1/C0 + 1/C1), T1 falling with
    the effect (Wilson 2022, doi:10.1007/s10940-021-09494-w); for the difference, that of the events prevented is
    dispersion × the sum of the counts, each brought to the treated area and the length after (Wheeler and Ratcliffe
    2018, doi:10.1186/s40163-018-0085-5). Sites that each keep a shift of their own add its variance over their number.

    Attributes
    ----------
    expected : counts without the measure
    alpha : of the test, two-sided
    measure : "ratio" or "difference"
    """

    expected: ExpectedTable
    alpha: float = 0.05
    measure: str = "ratio"

    def prevents(self, change: FloatArray) -> FloatArray:
        """Share of studies that conclude that the measure prevents, shape of `change`."""
        return self._beyond(-self._standardised(change))

    def harms(self, change: FloatArray) -> FloatArray:
        """Share of studies that conclude that it harms, shape of `change`."""
        return self._beyond(self._standardised(change))

    def error(self, change: float) -> float:
        """Give the standard error of the log rate ratio where this change is true."""
        return float(np.sqrt(self._log_variance(np.asarray(change, float))))

    def _beyond(self, standardised: FloatArray) -> FloatArray:
        from scipy.special import ndtr, ndtri

        return np.asarray(ndtr(standardised - ndtri(1 - self.alpha / 2)))

    def _standardised(self, change: FloatArray) -> FloatArray:
        change = np.asarray(change, float)
        if self.measure == "ratio":
            return np.asarray(change / np.sqrt(self._log_variance(change)))
        after = self.expected.treated[1]
        return np.asarray(after * np.expm1(change) / np.sqrt(self._variance(change)))

    def _log_variance(self, change: FloatArray) -> FloatArray:
        expected = self.expected
        chance = 1 / expected.treated[0] + np.exp(-change) / expected.treated[1]
        if expected.comparison is not None:
            chance = chance + sum(1 / count for count in expected.comparison)
        return np.asarray(expected.dispersion * chance + self._shifts)

    def _variance(self, change: FloatArray) -> FloatArray:
        expected = self.expected
        longer = expected.lengths[1] / expected.lengths[0]
        chance = expected.treated[1] * np.exp(change) + longer**2 * expected.treated[0]
        if expected.comparison is not None:
            before, after = expected.comparison
            chance = chance + expected.sizes**2 * (after + longer**2 * before)
        return np.asarray(expected.dispersion * chance + self._shifts * expected.treated[1] ** 2)

    @property
    def _shifts(self) -> float:
        expected = self.expected
        numbers = expected.areas if expected.comparison is not None else expected.areas[:1]
        return expected.site_shift**2 * sum(1 / number for number in numbers)


def detectable_in_table(chances: TableChances, power: float) -> Detectable:
    """Give the smallest fall that such a table finds with this power."""
    from scipy.optimize import brentq

    def short(change: float) -> float:
        return float(chances.prevents(np.asarray(change))) - power

    # the error grows as a fall leaves fewer events, so that power is largest somewhere before a fall to nothing
    falls = np.linspace(0, _LARGEST_FALL, 500)
    found = np.flatnonzero(chances.prevents(falls) >= power)
    if not len(found):
        return Detectable(
            change=None,
            reason=f"no fall, however large, is found with a power of {100 * power:.0f} % among so few events",
        )
    first = int(found[0])
    return Detectable(change=float(brentq(short, falls[first], falls[first - 1])))
