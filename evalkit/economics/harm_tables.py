"""Several tables of harm weights side by side, and whether they say the same.

Sentencing guidelines and sentences passed weigh crimes so differently that the answer can hang on the table
(Ashby 2017, Comparing methods for measuring crime harm/severity, doi:10.1093/police/pax049), so that one is
never shown where two can be.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from evalkit.domain import Effect
from evalkit.domain.text import listed
from evalkit.economics.harm import HarmLine, HarmPrevented, harm_prevented, weighed
from evalkit.economics.harm_weights import HarmWeights, harm_tables

__all__ = ["Harm", "default_weights", "weigh_harm"]

# Twice as much by one table as by another is more than a reader would call a difference of detail.
_MUCH = 2.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Harm:
    """Harm prevented by every table that was asked.

    Attributes
    ----------
    tables : in the order in which they were asked for
    disagreements : sentences, one for each two tables that differ in sign or by much over the outcomes both weigh
    """

    tables: tuple[HarmPrevented, ...]
    disagreements: tuple[str, ...]


def default_weights(effects: Mapping[str, Effect]) -> tuple[HarmWeights, ...]:
    """Give the shipped tables, all of them or none: where each holds two or more of the outcomes.

    One crime by one weight says nothing that its count does not, and one table alone would hide the choice.
    """
    tables = tuple(HarmWeights.load(name) for name in harm_tables())
    return tables if all(len(weighed(effects, table)[0]) >= 2 for table in tables) else ()


def weigh_harm(effects: Mapping[str, Effect], tables: Sequence[HarmWeights], **options: Any) -> Harm:
    """Weigh the same effects by several tables; `options` are those of `harm_prevented`."""
    found = tuple(harm_prevented(effects, table, **options) for table in tables)
    told = (_disagreement(one, other) for one, other in combinations(found, 2))
    return Harm(tables=found, disagreements=tuple(text for text in told if text))


def _disagreement(one: HarmPrevented, other: HarmPrevented) -> str:
    """Compare two tables over the outcomes that both weigh; their units differ, so only without a unit."""
    both = [line.outcome for line in one.lines if line.outcome in {each.outcome for each in other.lines}]
    first, second = ([line for line in each.lines if line.outcome in both] for each in (one, other))
    sums = [_mean(first), _mean(second)]
    if None in sums or not both:
        return ""
    names = f"{one.weights.name} and {other.weights.name}"
    over = f"over the outcomes that both weigh ({listed(both)})"
    low, high = (value or 0.0 for value in sums)
    if low * high < 0:
        gains, loses = (one, other) if low > 0 else (other, one)
        return (
            f"The tables {names} disagree on the sign {over}: by {gains.weights.name} harm was prevented on average, "
            f"by {loses.weights.name} there was more of it. The answer depends on how crimes are weighed."
        )
    shares = [_percent(first), _percent(second)]
    if None in shares:
        return ""
    small, large = sorted(abs(share or 0.0) for share in shares)
    if large <= _MUCH * small:
        return ""
    return (
        f"The tables {names} differ by much {over}: the change in harm is {_points(shares[0])} of what was expected "
        f"by the one and {_points(shares[1])} by the other. The answer depends on how crimes are weighed."
    )


def _mean(lines: Sequence[HarmLine]) -> float | None:
    if any(line.harm is None for line in lines):
        return None
    return sum(line.harm.mean for line in lines if line.harm is not None)


def _percent(lines: Sequence[HarmLine]) -> float | None:
    prevented, bases = _mean(lines), [line.expected for line in lines]
    base = sum(each for each in bases if each is not None)
    return None if prevented is None or None in bases or base <= 0 else -100 * prevented / base


def _points(percent: float | None) -> str:
    value = percent or 0.0
    return f"{'−' if value < 0 else '+'}{abs(value):.2g} %"
