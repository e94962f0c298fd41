"""What it is worth to know everything before deciding."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from evalkit.errors import CostError

if TYPE_CHECKING:
    from evalkit.draws import FloatArray

__all__ = ["expected_value_of_perfect_information", "options_of", "value_of_deciding"]


def expected_value_of_perfect_information(net_benefit: FloatArray) -> float:
    """Give what it is worth to know before deciding whether the measure pays.

    The mean of the best option of every draw, less the option that is best on average; never below 0. It is
    the expected loss of deciding now as well (Raiffa and Schlaifer 1961).

    Parameters
    ----------
    net_benefit : shape (draws,) against doing without the measure, or (draws, options)

    >>> round(expected_value_of_perfect_information(np.array([-1.0, 3.0])), 6)
    0.5
    """
    return value_of_deciding(options_of(net_benefit))


def options_of(net_benefit: FloatArray) -> FloatArray:
    """Give net benefits by option, shape (draws, options); one column is held against doing without, which is 0.

    Raises
    ------
    CostError
        There is no draw, or one that is not a finite number.
    """
    draws = np.asarray(net_benefit, float)
    if draws.ndim not in {1, 2} or not draws.size:
        raise CostError(
            f"net benefit has the shape (draws,) against doing without, or (draws, options); there is {draws.shape}"
        )
    if not np.isfinite(draws).all():
        raise CostError(f"{int((~np.isfinite(draws)).sum())} of {draws.size} draws of net benefit are not finite")
    return np.column_stack([draws, np.zeros(len(draws))]) if draws.ndim == 1 else draws


def value_of_deciding(expected: FloatArray) -> float:
    """Give what is gained where the best option can be chosen in each row and not once for all.

    Parameters
    ----------
    expected : net benefit that is expected in a state of knowledge, shape (states, options)
    """
    best = expected[:, expected.mean(axis=0).argmax()]
    # row by row, so that where one option is best in every row this is nothing, and no rounding
    return float((expected.max(axis=1) - best).mean())
