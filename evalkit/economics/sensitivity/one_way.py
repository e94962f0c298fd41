"""What the answer hangs on: one input at a time, from its low to its high value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evalkit.draws import interval, is_number
from evalkit.economics.reckoning import Reckoning
from evalkit.economics.sensitivity.named import InputKind, NamedInput, named_inputs
from evalkit.errors import CostError

__all__ = ["Bar", "SwitchingValue", "require_share", "switching_value", "tornado"]

# Of all net benefits that were looked at: below this share of their size a slope or a rest is rounding.
_ROUNDING = 1e-9
_STEPS = 200


@dataclass(frozen=True, kw_only=True)
class SwitchingValue:
    """The value of an input at which the measure neither pays nor costs on average.

    Attributes
    ----------
    value : None with `reason`
    times : of the input's mean; None where there is no value or the mean is nothing
    reason : why there is none
    """

    value: float | None
    times: float | None
    reason: str


@dataclass(frozen=True, kw_only=True)
class Bar:
    """One input at a low and at a high value, all else as it was.

    Attributes
    ----------
    name, kind : of the input
    mean, low, high : its mean, and the values that it was put at
    at_low, at_high : mean net benefit there, in present value
    certain : has it no uncertainty of its own, and was moved by a stated share?
    switching : where it would turn the answer
    """

    name: str
    kind: InputKind
    mean: float
    low: float
    high: float
    at_low: float
    at_high: float
    certain: bool
    switching: SwitchingValue

    @property
    def swing(self) -> float:
        """How far it moves the mean net benefit."""
        return abs(self.at_high - self.at_low)

    @property
    def turns_the_answer(self) -> bool:
        """Is one end above nothing and the other not?"""
        return (self.at_low > 0) != (self.at_high > 0)


def tornado(reckoning: Reckoning, *, level: float = 0.95, vary_certain: float | None = None) -> tuple[Bar, ...]:
    """Move one input after the other from the lower to the upper end of its range; the widest swing first.

    The input has one value in all draws, and every other input keeps its own draws: where inputs are drawn
    independently this is the mean net benefit given that value. Effects that were drawn together (outcomes in the
    same sites) are moved one at a time as well, and the others stay as they are.

    Parameters
    ----------
    level : of each input's range
    vary_certain : share by which inputs without uncertainty are moved both ways, such as 0.2; None leaves them out

    Raises
    ------
    CostError
        A share that is not between 0 and 1.
    """
    require_share(vary_certain)
    named = named_inputs(reckoning)
    bars = [_bar(each, level, vary_certain) for each in named if not each.is_certain or vary_certain is not None]
    return tuple(sorted((bar for bar in bars if bar is not None), key=lambda bar: (-bar.swing, bar.name)))


def require_share(vary_certain: object) -> None:
    """Refuse a share by which to move certain inputs that is none."""
    if vary_certain is not None and not (is_number(vary_certain) and 0 < vary_certain < 1):
        raise CostError(f"vary_certain is a share between 0 and 1, such as 0.2; there is {vary_certain!r}")


def _bar(named: NamedInput, level: float, vary_certain: float | None) -> Bar | None:
    mean = float(named.draws.mean())
    if named.is_certain:
        if not mean:
            return None
        share = vary_certain or 0.0
        low, high = sorted((mean * (1 - share), mean * (1 + share)))
    else:
        ends = interval(named.draws, level)
        low, high = ends.lower, ends.upper
    at_low, at_high = (_mean_at(named, value) for value in (low, high))
    return Bar(
        name=named.name,
        kind=named.kind,
        mean=mean,
        low=low,
        high=high,
        at_low=at_low,
        at_high=at_high,
        certain=named.is_certain,
        switching=switching_value(named),
    )


def _mean_at(named: NamedInput, value: float) -> float:
    return float(named.put(value).net_benefit().mean())


def switching_value(named: NamedInput) -> SwitchingValue:
    """Give the value of an input at which the mean net benefit is nothing, all else as it is.

    Net benefit is a straight line in every input but retention, so two points say where it crosses nothing;
    for retention the crossing is looked for between 0 and 1.
    """
    mean = float(named.draws.mean())
    if named.name == "retention":
        return _between(named, mean)
    other = mean or 1.0
    at_none, at_one = _mean_at(named, 0.0), _mean_at(named, other)
    slope = (at_one - at_none) / other
    if abs(slope * other) <= _ROUNDING * max(abs(at_none), abs(at_one)):
        return _none("net benefit does not depend on it")
    value = -at_none / slope
    if named.kind != "events" and value < 0:
        sign = "positive" if at_none > 0 else "negative"
        return _none(f"net benefit is {sign} on average whatever its value of zero or more")
    return SwitchingValue(value=value, times=value / mean if mean else None, reason="")


def _between(named: NamedInput, mean: float) -> SwitchingValue:
    from scipy.optimize import brentq

    places: Sequence[float] = np.linspace(0.0, 1.0, 11).tolist()
    values = [_mean_at(named, place) for place in places]
    for (start, at_start), (end, at_end) in zip(
        zip(places[:-1], values[:-1], strict=True), zip(places[1:], values[1:], strict=True), strict=True
    ):
        if (at_start > 0) != (at_end > 0):
            value = float(brentq(lambda place: _mean_at(named, place), start, end, maxiter=_STEPS))
            return SwitchingValue(value=value, times=value / mean if mean else None, reason="")
    sign = "positive" if values[0] > 0 else "not positive"
    return _none(f"net benefit is {sign} on average whatever share is kept")


def _none(reason: str) -> SwitchingValue:
    return SwitchingValue(value=None, times=None, reason=reason)
