"""How sure one can be of a choice, by what a prevented crime is worth.

The acceptability curve of an option is the probability that it is the best of all, at each value of a
prevented crime. The frontier is the probability that the option which is best *in expectation* is best:
it is what a decision-maker gets who chooses by the mean, and lies below the highest of the curves where
the favourite is not the one with the highest mean (Fenwick, Claxton and Sculpher 2001, doi:10.1002/hec.635).
The expected loss of an option is what choosing it costs on average, against knowing which is best; the
lowest of them is the value of perfect information (Alarid-Escudero and others 2019,
doi:10.1016/j.jval.2019.02.008).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evalkit.draws import FloatArray
from evalkit.economics.cost_per_crime import acceptable_value
from evalkit.economics.decisions.compared import Draws
from evalkit.economics.decisions.incremental import incremental
from evalkit.errors import CostError

__all__ = ["Acceptability", "Grid", "acceptability", "value_grid"]

# Steps of one per cent of the range: finer than a curve of 4,000 draws is sure of, and than a page shows.
_POINTS = 101
# Net benefits held at a time: 16 megabytes, whatever the number of values.
_BLOCK = 2_000_000
# How far the study's own price may lie beyond the last turn and still be on the page.
_NEAR = 5.0
_NOWHERE = 5000.0


@dataclass(frozen=True, kw_only=True)
class Grid:
    """Values of one prevented crime at which options are compared.

    Attributes
    ----------
    values : rising from 0, in the currency and price year of the costs
    chosen_by : how the range was chosen, in words
    """

    values: tuple[float, ...]
    chosen_by: str


@dataclass(frozen=True, kw_only=True, eq=False)
class Acceptability:
    """The choice at each value of a prevented crime.

    Attributes
    ----------
    names : of the options
    values : of one prevented crime, shape (values,)
    best : probability that the option is best at this value, shape (values, options); rows add up to 1
    best_in_expectation : place of the option with the highest mean net benefit, shape (values,)
    frontier : probability that this option is best, shape (values,)
    expected_loss : mean of what is lost by choosing the option, shape (values, options); zero or more
    switches : from which value on which option is best in expectation, exactly and not on the values' grid: the
        lowest value with the first of them, then each value at which the choice turns, up to the highest value
    chosen_by : how the values were chosen, in words
    """

    names: tuple[str, ...]
    values: FloatArray
    best: FloatArray
    best_in_expectation: np.ndarray
    frontier: FloatArray
    expected_loss: FloatArray
    switches: tuple[tuple[float, str], ...]
    chosen_by: str = "given"

    @property
    def perfect_information(self) -> FloatArray:
        """What it is worth to know which option is best before choosing, shape (values,)."""
        return np.asarray(self.expected_loss.min(axis=1))


def acceptability(draws: Draws, values: Grid | Sequence[float] | FloatArray) -> Acceptability:
    """Say at each value which option is best, and how sure that is.

    Where options tie, in a draw or in the mean, the one with the lower mean cost counts as best, then the
    one named first: so the answer never depends on chance.

    Parameters
    ----------
    values : of one prevented crime, shape (values,), zero or more

    Raises
    ------
    CostError
        Values that are not numbers of zero or more, or none.
    """
    worth = _read_values(values.values if isinstance(values, Grid) else values)
    order = np.argsort(draws.cost.mean(axis=0), kind="stable")
    cost, effect = draws.cost[:, order], draws.effect[:, order]
    rows, options = cost.shape
    best, loss = np.empty((worth.size, options)), np.empty((worth.size, options))
    step = max(_BLOCK // cost.size, 1)
    for start in range(0, worth.size, step):
        block = worth[start : start + step]
        net = block[:, None, None] * effect - cost
        winner = net.argmax(axis=2) + options * np.arange(block.size)[:, None]
        best[start : start + step] = (
            np.bincount(winner.ravel(), minlength=options * block.size).reshape(-1, options) / rows
        )
        loss[start : start + step] = net.max(axis=2).mean(axis=1)[:, None] - net.mean(axis=1)
    # by the means themselves and not by the loss, where a tie may be broken by rounding
    expected = (worth[:, None] * effect.mean(axis=0) - cost.mean(axis=0)).argmax(axis=1)
    back = np.argsort(order)
    return Acceptability(
        names=draws.names,
        values=worth,
        best=best[:, back],
        best_in_expectation=order[expected],
        frontier=best[np.arange(worth.size), expected],
        expected_loss=np.clip(loss[:, back], 0, None),
        switches=tuple(
            (value, draws.names[order[place]])
            for value, place in _turns(cost.mean(axis=0), effect.mean(axis=0), worth.min(), worth.max())
        ),
        chosen_by=values.chosen_by if isinstance(values, Grid) else "given",
    )


def _turns(cost: FloatArray, effect: FloatArray, lowest: float, highest: float) -> list[tuple[float, int]]:
    """Give the places of the upper envelope of the means' net benefits, each with the value at which it begins.

    At a value v net benefit is v x effect - cost, a line: the choice turns where two of them cross, and there only
    towards an option that prevents more.

    >>> _turns(np.array([0.0, 100.0, 300.0]), np.array([0.0, 10.0, 20.0]), 0.0, 50.0)
    [(0.0, 0), (10.0, 1), (20.0, 2)]
    """
    turns = [(float(lowest), int((lowest * effect - cost).argmax()))]
    while True:
        value, place = turns[-1]
        steeper = np.flatnonzero(effect > effect[place])
        if not steeper.size:
            return turns
        crossing = np.maximum((cost[steeper] - cost[place]) / (effect[steeper] - effect[place]), value)
        turn = float(crossing.min())
        if turn > highest:
            return turns
        # of several that cross at one value the steepest is best from there on
        following = steeper[np.lexsort((-effect[steeper], crossing))[0]]
        turns = [each for each in turns if each[0] < turn]
        turns.append((turn, int(following)))


def _read_values(values: Sequence[float] | FloatArray) -> FloatArray:
    worth = np.asarray(values, float)
    if worth.ndim != 1 or not worth.size or not np.isfinite(worth).all() or worth.min() < 0:
        raise CostError(
            "the values of a prevented crime are a list of amounts of zero or more, such as [0, 5000, 10000]; "
            f"there is {values!r}"[:300]
        )
    return worth


def value_grid(draws: Draws, *, worth: float | None = None) -> Grid:
    """Choose values of a prevented crime that show where the choice turns.

    From 0 to twice the largest of: the extra cost of one more prevented crime along the frontier of the
    means; and the value at which an option pays, compared with the cheapest, in four fifths of the draws.
    The mean worth of one in the study's prices is taken in where it lies no more than five times beyond:
    further out it would press all that is to be seen into the first steps.

    Parameters
    ----------
    worth : of one event in the study's prices, or None
    """
    turns = [line.ratio for line in incremental(draws, with_chances=False).lines if line.ratio is not None]
    base = int(draws.cost.mean(axis=0).argmin())
    cost, effect = draws.cost - draws.cost[:, [base]], draws.effect - draws.effect[:, [base]]
    sure = [acceptable_value(effect[:, j], cost[:, j], 0.8) for j in range(len(draws.names)) if j != base]
    top = max([*turns, *(value for value in sure if value is not None)], default=0.0)
    if worth is not None and worth > 0 and (top <= 0 or top < worth <= _NEAR * top):
        top, reason = worth, "twice the mean worth of one in the study's prices"
    elif top > 0:
        reason = "twice the highest value at which the choice turns, by the means or in four fifths of the draws"
    else:
        top, reason = _NOWHERE, f"{2 * _NOWHERE:,.0f}, which is arbitrary: no option pays at any value"
    return Grid(values=tuple(np.linspace(0, _round_up(2 * top), _POINTS).tolist()), chosen_by=f"from 0 to {reason}")


def _round_up(value: float) -> float:
    """Give the next number of two digits, so that an axis ends on one.

    >>> _round_up(23_400.0)
    24000.0
    """
    step = 10.0 ** (math.floor(math.log10(value)) - 1)
    return math.ceil(value / step - 1e-9) * step
