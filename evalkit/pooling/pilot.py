"""Whether a pilot in the new place pays before it is decided there."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from evalkit.domain.text import one_line
from evalkit.draws import FloatArray, Quantity
from evalkit.errors import EvidenceError

if TYPE_CHECKING:
    from evalkit.economics import Appraisal

__all__ = ["Pilot", "PilotValue", "value_of_pilot"]


@dataclass(frozen=True, kw_only=True)
class Pilot:
    """A trial of the measure in the new place.

    Attributes
    ----------
    name : of it
    error : standard error of the log rate ratio that it would show; or None, and it follows from the counts
    events, comparison_events : expected in the pilot area and in its comparison area, each before and again during the
        pilot, without the measure
    dispersion : variance of a count over its mean, 1 or more
    periods : of those of the place that pass until the answer is there; the measure then runs in what is left
    cost : of all that is done only to learn, in the currency and price year of the appraisal
    """

    name: str = "a pilot"
    error: float | None = None
    events: float | None = None
    comparison_events: float | None = None
    dispersion: float | None = None
    periods: int = 0
    cost: Quantity

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", one_line(self.name))

    @property
    def standard_error(self) -> float:
        """Standard error of the log rate ratio that the pilot would show."""
        if self.error is not None:
            return self.error
        if self.events is None or self.comparison_events is None or self.dispersion is None:
            raise EvidenceError(
                f"{self.name}: say what error its estimate would have, or events, comparison_events and dispersion "
                "from which it follows"
            )
        return math.sqrt(2 * self.dispersion * (1 / self.events + 1 / self.comparison_events))


@dataclass(frozen=True, kw_only=True)
class PilotValue:
    """What a pilot is worth to the decision in the new place; amounts in present value.

    Attributes
    ----------
    pilot : what it is
    currency, price_year : of the amounts
    best_now : "adopt" or "do without", which is better on average on the evidence of elsewhere
    perfect : value of knowing the true effect and all else before deciding; no pilot is worth more
    resolved : share of the variance of the effect to expect that the pilot takes away
    left : share of the benefits that are still to be had when the answer is there
    sample : value of what it shows, for what is left
    cost : of the pilot
    forgone : net benefit lost because the measure waits
    net : sample less cost less forgone
    """

    pilot: Pilot
    currency: str
    price_year: str
    best_now: str
    perfect: float
    resolved: float
    left: float
    sample: float
    cost: float
    forgone: float
    net: float

    @property
    def is_worth_it(self) -> bool:
        """Is it worth more than it costs and than what is lost by waiting?"""
        return self.net > 0


def value_of_pilot(
    appraisal: Appraisal, pilot: Pilot, change: FloatArray, left: float
) -> tuple[PilotValue | None, str]:
    """Give what a pilot is worth, or None with a reason where there is no decision in money.

    What the pilot shows is found by moment matching (see `evalkit.economics.information.sample`), which is exact where
    net benefit is linear in a normal effect.

    Parameters
    ----------
    change : draws of the log rate ratio to expect, shape (draws,)
    left : share of what was appraised that is still to be had when the answer is there
    """
    from evalkit.economics.information import (
        expected_value_of_perfect_information,
        expected_value_of_sample_information,
        why_no_information,
    )

    net = appraisal.net_benefit_draws
    if net is None or (why := why_no_information(appraisal)):
        return None, appraisal.benefit_reason if net is None else why
    variance = float(np.var(change))
    resolved = variance / (variance + pilot.standard_error**2)
    # of the effect alone: a pilot does not show how many events the other years will bring
    worth = expected_value_of_sample_information(net, change, [resolved])[0]
    mean, cost = float(net.mean()), pilot.cost.mean
    forgone = max(mean, 0.0) * (1 - left)
    return (
        PilotValue(
            pilot=pilot,
            currency=appraisal.currency,
            price_year=appraisal.price_year,
            best_now="adopt" if mean > 0 else "do without",
            perfect=expected_value_of_perfect_information(net),
            resolved=resolved,
            left=left,
            sample=worth * left,
            cost=cost,
            forgone=forgone,
            net=worth * left - cost - forgone,
        ),
        "",
    )
