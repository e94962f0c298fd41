"""Which errors to use, by the number of treated and comparison sites: one stated rule for all estimators."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["FEW", "LEVEL", "MANY", "Choice", "Kind", "Named", "choose"]

type Kind = Literal["CR1", "CR2", "randomisation"]
# What a user may ask for.
type Named = Literal["auto", "CR1", "CR2", "CR3", "wild", "wild unrestricted", "randomisation"]

# See `choose` for the measurements behind these.
MANY = 50
FEW = 10
_FEW_AND_EVEN = 4
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

    CR1 where both kinds are 50 or more, CR2 where both are 10 or more, or 4 or more and each a third of all (6 of
    12 treated, ten times larger: CR2 4.5 %, randomisation 11.1 %); with fewer of one kind randomisation
    inference, where its placements are enough for a p-value of 5 %; where they are not, CR2 with the
    statement that it takes the few sites' noise to be like that of the others.

    True nulls rejected at 5 % in 1,000 simulated panels a row, CR2 in 2,000 (`benchmarks/few_treated.py`; chance:
    2.9 to 7.1), treated sites as large as the others / ten times larger / ten times smaller:

    ====================  =====================  =====================  ===================
    Poisson               CR1                    CR2                    randomisation
    ====================  =====================  =====================  ===================
    20 of 40              5.8                    4.6 / 5.4 / 4.8        5.3
    10 of 40              7.9 / 6.5              4.6 / 3.9 / 4.4        4.6 / 6.5
    8 of 40               9.5 / 9.8              4.9 / 5.0 / 4.4        5.2 / 6.6
    3 of 40               22.8 / 21.6            2.3 / 2.7 / 1.6        5.9 / 2.3
    1 of 40               75.3 / 68.6 / 82.6     5.0 / 11.8 / 1.2       6.3 / 6.2 / 3.6
    6 of 12                                      4.8 / 4.5 / 4.8        / 11.1
    1 of 12               47.5 / 40.9 / 64.1     3.7 / 13.1 / 1.0       no answer
    ====================  =====================  =====================  ===================

    For logs by least squares with 1 of 40: CR1 74.8 / 74.6 / 79.1, CR2 5.5 / 5.4 / 10.2, randomisation
    5.3 / 5.4 / 5.4; with 1 of 12 CR2 3.8 / 3.7 / 7.3. The wild bootstrap goes from 0 % (restricted) to as much
    as CR1 (unrestricted) with one treated site, so it is never chosen. Without measuring each placement by its
    own noise, randomisation rejected 18.4 % (Poisson) and 9.7 % (logs) where the one site was ten times smaller.

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
    if FEW > fewest >= _FEW_AND_EVEN and comparison and 3 * fewest >= treated + comparison:
        return Choice(
            kind="CR2",
            known=True,
            reason=f"both kinds are {_FEW_AND_EVEN} or more and at least a third of all sites",
        )
    if fewest >= FEW:
        return Choice(kind="CR2", known=True, reason=f"both kinds are {FEW} or more, but not both {MANY}")
    few = f"there {'is' if fewest == 1 else 'are'} only {fewest} {what} site{'s' if fewest > 1 else ''}"
    if smallest_p_value <= LEVEL + 1e-9:
        return Choice(
            kind="randomisation",
            known=True,
            reason=f"{few}, and errors by site hold from {FEW}, or with even numbers; "
            "the estimate is compared with other placements",
        )
    return Choice(
        kind="CR2",
        known=False,
        reason=f"{few}, and other placements of the treatment are too few to tell anything from chance at 5 %",
    )
