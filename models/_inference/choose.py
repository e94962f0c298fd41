"""Which errors to use, by the number of treated and comparison sites: one stated rule for all estimators."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["FEW", "LEVEL", "MANY", "Choice", "Kind", "choose"]

type Kind = Literal["CR1", "CR2", "randomisation"]

# See `choose` for the measurements behind these.
MANY = 50
FEW = 6
# The level at which the rule wants an answer: 95 % intervals.
LEVEL = 0.05


@dataclass(frozen=True, kw_only=True)
class Choice:
    """Errors, and the reason why.

    Attributes
    ----------
    kind : "CR1", "CR2" or "randomisation"
    known : can an effect be told from chance at 5 % without taking the few sites' noise to be like the others'?
    reason : which rule chose, in a sentence
    """

    kind: Kind
    known: bool
    reason: str


def choose(treated: int, comparison: int, smallest_p_value: float) -> Choice:
    """Choose errors from the number of sites on either side, and what the reference set could show.

    Parameters
    ----------
    treated, comparison : number of sites; with no comparison site (all started in the end) give 0
    smallest_p_value : of randomisation inference, however large the effect (one over the number of placements)
    """
    fewest = min(treated, comparison) if comparison else treated
    what = "treated" if treated <= comparison or not comparison else "comparison"
    if fewest >= MANY and comparison:
        return Choice(
            kind="CR1", known=True, reason=f"both kinds are {MANY} or more, so errors by site need no adjustment"
        )
    if fewest >= FEW:
        return Choice(kind="CR2", known=True, reason=f"both kinds are {FEW} or more, but not both {MANY}")
    few = f"there {'is' if fewest == 1 else 'are'} only {fewest} {what} site{'s' if fewest > 1 else ''}"
    if smallest_p_value <= LEVEL + 1e-9:
        return Choice(
            kind="randomisation",
            known=True,
            reason=f"{few}, and errors by site hold from {FEW}; the estimate is compared with other placements",
        )
    return Choice(
        kind="CR2",
        known=False,
        reason=f"{few}, and other placements of the treatment are too few to tell anything from chance at 5 %",
    )
