"""What a study asks of its own assumptions, and the answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evalkit.economics.reckoning import Reckoning
from evalkit.economics.sensitivity.named import named_inputs
from evalkit.economics.sensitivity.one_way import Bar, require_share, tornado
from evalkit.economics.sensitivity.two_way import TwoWay, two_way
from evalkit.errors import CostError, nearest

__all__ = ["AskedSensitivity", "Sensitivity", "sensitivity_of"]

_KEYS = ("vary_certain", "two_way")


@dataclass(frozen=True, kw_only=True)
class AskedSensitivity:
    """What to vary besides what is uncertain.

    Attributes
    ----------
    vary_certain : share by which inputs without uncertainty are moved both ways; None leaves them out
    pair : names of two inputs to vary against each other; by default those with the widest swings
    """

    vary_certain: float | None = None
    pair: tuple[str, str] | None = None

    @classmethod
    def of(cls, value: Mapping[str, Any] | AskedSensitivity | None) -> AskedSensitivity:
        """Read a table such as `{vary_certain = 0.2, two_way = ["effect on burglary", "retention"]}`."""
        if isinstance(value, AskedSensitivity):
            return value
        given = dict(value or {})
        for key in given:
            if key not in _KEYS:
                raise CostError(f"sensitivity has no key {key!r}; {nearest(key, _KEYS)}")
        share, pair = given.get("vary_certain"), given.get("two_way")
        require_share(share)
        if pair is not None and (
            isinstance(pair, str) or len(pair) != 2 or not all(isinstance(name, str) for name in pair)
        ):
            raise CostError(f"two_way is a list of the names of two inputs; there is {pair!r}")
        return cls(vary_certain=share, pair=None if pair is None else (pair[0], pair[1]))

    def check(self, reckoning: Reckoning) -> None:
        """Refuse a name that is no input, before a long run."""
        known = [each.name for each in named_inputs(reckoning)]
        for name in self.pair or ():
            if name not in known:
                raise CostError(f"two_way: no input {name!r}; {nearest(name, known, 20)}")


@dataclass(frozen=True, kw_only=True)
class Sensitivity:
    """What the answer hangs on.

    Attributes
    ----------
    bars : one input at a time, the widest swing first
    two_way : two inputs at a time; None where there are fewer than two
    """

    bars: tuple[Bar, ...]
    two_way: TwoWay | None


def sensitivity_of(reckoning: Reckoning, asked: AskedSensitivity, *, level: float) -> Sensitivity:
    """Vary every input by itself, and two against each other.

    A pair of which the scenario knows only one (retention, where nothing is extrapolated) gives way to the two with
    the widest swings.
    """
    bars = tornado(reckoning, level=level, vary_certain=asked.vary_certain)
    known = {each.name for each in named_inputs(reckoning)}
    widest = tuple(bar.name for bar in bars[:2])
    pair = asked.pair if asked.pair is not None and known.issuperset(asked.pair) else widest
    if len(pair) < 2:
        return Sensitivity(bars=bars, two_way=None)
    return Sensitivity(bars=bars, two_way=two_way(reckoning, pair[0], pair[1], level=level))
