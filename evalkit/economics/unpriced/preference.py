"""Of two options that nobody can tell apart in money, the one that intrudes less."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from evalkit.domain.text import listed
from evalkit.draws import FloatArray, settled_mean
from evalkit.economics.appraisal import Amount
from evalkit.errors import CostError, nearest

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

__all__ = ["IntrusionComparison", "Preference", "less_intrusive", "prefer_less_intrusive"]

type Ordering = Literal["less", "more", "the same", "not comparable"]

# Less than 80 % sure in either direction; the same probability at which a report calls a value acceptable.
EQUAL_BETWEEN = (0.2, 0.8)


@dataclass(frozen=True, kw_only=True)
class IntrusionComparison:
    """One option held against the one that is best in money.

    Attributes
    ----------
    option, best : names
    prob_better : probability that the net benefit of `option` exceeds that of `best`; ties count half
    equal : does it lie between the bounds?
    difference : net benefit of `option` less that of `best`
    ordering : is `option` "less" intrusive than `best`, "more", "the same", or "not comparable"?
    reason : why it is not comparable; empty otherwise
    """

    option: str
    best: str
    prob_better: float
    equal: bool
    difference: Amount
    ordering: Ordering
    reason: str


@dataclass(frozen=True, kw_only=True)
class Preference:
    """Which option to take, and why.

    Attributes
    ----------
    best : highest mean net benefit of those that pass every gate
    preferred : the same, or a less intrusive one that is equal to it within the uncertainty
    comparisons : every other option held against `best`
    barred : options that do not pass a gate, and were not looked at
    reason : in words
    """

    best: str
    preferred: str
    comparisons: tuple[IntrusionComparison, ...]
    barred: tuple[str, ...]
    reason: str


def less_intrusive(one: ArrayLike, other: ArrayLike, measures: Sequence[str]) -> tuple[Ordering, str]:
    """Order two options by dominance over physical units; units are never added up.

    An option is less intrusive where it is in no measure more and in at least one less. Where one measure
    speaks for the first and another for the second, or one was not measured (NaN), they are not
    comparable, and the reason says why.

    Parameters
    ----------
    one, other : shape (measures,), zero or more, NaN where not measured

    >>> less_intrusive([10, 0], [20, 0], ["false_alerts", "stops_caused"])
    ('less', '')
    >>> less_intrusive([10, 5], [20, 0], ["false_alerts", "stops_caused"])[0]
    'not comparable'
    """
    mine, theirs = np.asarray(one, float), np.asarray(other, float)
    unknown = np.isnan(mine) | np.isnan(theirs)
    if unknown.any() or not mine.size:
        missing = [name for name, lacks in zip(measures, unknown, strict=True) if lacks]
        return "not comparable", f"not measured for both: {listed(missing) if missing else 'any exposure'}"
    lower = [name for name, less in zip(measures, mine < theirs, strict=True) if less]
    higher = [name for name, more in zip(measures, mine > theirs, strict=True) if more]
    if lower and higher:
        return "not comparable", f"it has less of {listed(lower)} and more of {listed(higher)}"
    return ("less" if lower else "more" if higher else "the same"), ""


def prefer_less_intrusive(
    net_benefits: ArrayLike,
    exposures: ArrayLike,
    *,
    options: Sequence[str],
    measures: Sequence[str],
    equal_between: tuple[float, float] = EQUAL_BETWEEN,
    barred: Collection[str] = (),
    level: float = 0.95,
) -> Preference:
    """Prefer, of options whose net benefits cannot be told apart, the less intrusive one.

    Each option is held against the one with the highest mean net benefit. It is equal to that one where the
    probability of exceeding it lies between the bounds. Of the equal ones that are less intrusive (see
    `less_intrusive`), one that no other of them dominates is preferred; of several such, the one with the
    higher mean net benefit. To be equal is not to be shown equal: a study that can tell nothing makes all
    options equal, and `difference` says what may be given up.

    Parameters
    ----------
    net_benefits : in money, shape (draws, options); rows go together. Doing nothing is a column of zeros
    exposures : in physical units over the same time, shape (options, measures), or (draws, options,
        measures) of which the means are compared; NaN where not measured
    options, measures : names, in the order of the columns
    equal_between : lower and upper bound of the probability
    barred : options that do not pass a gate; no net benefit brings them back

    Raises
    ------
    CostError
        Shapes that do not go together, an unknown name, bounds that do not hold 0.5, no option left, or a
        net benefit without a mean.
    """
    _check_choice(options, equal_between, barred)
    net, watched = _arrays(net_benefits, exposures, options, measures)
    open_to = [place for place, name in enumerate(options) if name not in barred]
    means = net.mean(axis=0)
    best = max(open_to, key=lambda place: means[place])
    comparisons = {
        place: _compare(
            net[:, place] - net[:, best],
            less_intrusive(watched[place], watched[best], measures),
            names=(options[place], options[best]),
            bounds=equal_between,
            level=level,
        )
        for place in open_to
        if place != best
    }
    gentler = [place for place, each in comparisons.items() if each.equal and each.ordering == "less"]
    undominated = [
        place
        for place in gentler
        if not any(less_intrusive(watched[other], watched[place], measures)[0] == "less" for other in gentler)
    ]
    chosen = max(undominated, key=lambda place: means[place], default=best)
    shut = tuple(name for name in options if name in barred)
    return Preference(
        best=options[best],
        preferred=options[chosen],
        comparisons=tuple(comparisons.values()),
        barred=shut,
        reason=_reason(options[best], comparisons.get(chosen), tuple(comparisons.values()), shut),
    )


def _check_choice(options: Sequence[str], bounds: tuple[float, float], barred: Collection[str]) -> None:
    lower, upper = bounds
    if not 0 <= lower <= 0.5 <= upper <= 1:
        raise CostError(f"equal_between are two probabilities around 0.5, such as (0.2, 0.8); there is {bounds}")
    for name in barred:
        if name not in options:
            raise CostError(f"no option {name!r} to bar; {nearest(name, options)}")
    if all(name in barred for name in options):
        raise CostError("every option fails a gate: there is none to prefer")


def _arrays(
    net_benefits: ArrayLike, exposures: ArrayLike, options: Sequence[str], measures: Sequence[str]
) -> tuple[FloatArray, FloatArray]:
    net, watched = np.asarray(net_benefits, float), np.asarray(exposures, float)
    if net.ndim != 2 or not net.size or net.shape[1] != len(options) or len(set(options)) < len(options):
        raise CostError(
            f"net benefits have a column for each of {len(options)} different options; there is the shape {net.shape}"
        )
    if watched.ndim == 3:
        watched = watched.mean(axis=0)
    if watched.shape != (len(options), len(measures)):
        raise CostError(
            f"exposures have a row an option and a column a measure, ({len(options)}, {len(measures)}); there is "
            f"{watched.shape}"
        )
    if not np.isfinite(net).all() or np.isinf(watched).any() or (watched < 0).any():
        raise CostError("net benefits are finite numbers, and exposures finite numbers of zero or more")
    for name, column in zip(options, net.T, strict=True):
        if settled_mean(column) is None:
            raise CostError(f"the net benefit of {name!r} is so uncertain that a few extreme draws decide its mean")
    return net, watched


def _compare(
    difference: FloatArray,
    ordered: tuple[Ordering, str],
    *,
    names: tuple[str, str],
    bounds: tuple[float, float],
    level: float,
) -> IntrusionComparison:
    probability = float(np.mean(difference > 0) + np.mean(difference == 0) / 2)
    return IntrusionComparison(
        option=names[0],
        best=names[1],
        prob_better=probability,
        equal=bounds[0] <= probability <= bounds[1],
        difference=Amount.of(difference, level),
        ordering=ordered[0],
        reason=ordered[1],
    )


def _reason(
    best: str, chosen: IntrusionComparison | None, comparisons: Sequence[IntrusionComparison], barred: Sequence[str]
) -> str:
    told = f"{listed(barred)} {'does' if len(barred) == 1 else 'do'} not pass every gate. " if barred else ""
    if chosen is not None:
        return (
            f"{told}{_begin(chosen.option)} is preferred: its net benefit cannot be told from that of {best} (it is "
            f"the higher one with a probability of {chosen.prob_better:.0%}), and it intrudes less."
        )
    equal = [each for each in comparisons if each.equal]
    if not equal:
        return f"{told}{_begin(best)} is preferred: no other option's net benefit is within the uncertainty of its own."
    unclear = [f"{each.option}: {each.reason}" for each in equal if each.ordering == "not comparable"]
    if unclear:
        return (
            f"{told}{_begin(best)} is preferred for its mean net benefit alone. Which option intrudes less cannot be "
            f"said ({'; '.join(unclear)}): that is for people to decide."
        )
    return f"{told}{_begin(best)} is preferred: no option that is equal to it in money intrudes less."


def _begin(name: str) -> str:
    """Write a name so that it begins a sentence."""
    return name[:1].upper() + name[1:]
