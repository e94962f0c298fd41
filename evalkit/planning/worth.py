"""What it is worth to run the planned study before a roll-out is decided."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from evalkit.planning.chances import Chances
from evalkit.study_plan import PlanSettings

if TYPE_CHECKING:
    from evalkit.economics import Appraisal, Learning

__all__ = ["StudyWorth", "share_resolved", "worth_of_study"]


@dataclass(frozen=True, kw_only=True)
class StudyWorth:
    """What the study is worth to the decision whether to adopt the measure or to do without; in present value.

    Without a roll-out, amounts are on the scale of the study itself, and the three last are None.

    Attributes
    ----------
    best_now : "adopt" or "do without", which is better on average before the study
    net_benefit : that the measure is expected to have on the scale of the study
    resolved : share of the variance of the prior that the study takes away
    perfect : value of knowing everything (EVPI); no study is worth more
    sample : value of what the study shows (EVSI)
    price : of learning: `study_cost`, and what the measure is expected to lose in the study's own sites where doing
        without is better now (where adopting is, they would have the measure anyhow)
    forgone : net benefit lost because the roll-out waits; 0 where doing without is better now, or it does not wait
    net : expected net benefit of sampling: `sample` less `price` less `forgone`
    """

    currency: str
    price_year: str
    best_now: str
    net_benefit: float
    resolved: float
    perfect: float
    sample: float
    price: float | None = None
    forgone: float | None = None
    net: float | None = None


def share_resolved(chances: Chances, mean: float, sd: float) -> float:
    """Give the share of a normal prior's variance that a study with the chances' error takes away."""
    if sd == 0:
        return 0.0
    error = chances.error(mean)
    return sd**2 / (sd**2 + error**2) if error > 0 else 1.0


def worth_of_study(
    appraisal: Appraisal | None,
    reason: str,
    *,
    chances: Chances,
    settings: PlanSettings,
    learning: Learning | None,
    treated: int,
) -> tuple[StudyWorth | None, str]:
    """Give what the study is worth; None with a reason where there is no decision in money.

    Costs and benefits of a site and year of the roll-out are taken to be those of the study. What the study shows is
    found by moment matching (see `evalkit.economics.information.sample`).
    """
    from evalkit.economics.information import (
        effects_among,
        expected_value_of_perfect_information,
        expected_value_of_sample_information,
        why_no_information,
    )

    prior = settings.prior
    if prior is None:
        return None, "no prior effect is given, so there is nothing that the study could change"
    if appraisal is None:
        return None, reason
    net = appraisal.net_benefit_draws
    if net is None or (why := why_no_information(appraisal)):
        return None, appraisal.benefit_reason if net is None else why
    effects = effects_among(appraisal.named_inputs)
    resolved = share_resolved(chances, prior.mean, prior.sd)
    sample = 0.0
    if effects:
        sample = expected_value_of_sample_information(net, np.column_stack([*effects.values()]), [resolved])[0]
    mean = float(net.mean())
    worth = StudyWorth(
        currency=appraisal.currency,
        price_year=appraisal.price_year,
        best_now="adopt" if mean > 0 else "do without",
        net_benefit=mean,
        resolved=resolved,
        perfect=expected_value_of_perfect_information(net),
        sample=sample,
    )
    if learning is None or appraisal.rates is None:
        return worth, ""
    return _for_roll_out(worth, appraisal, learning, settings.study_cost, treated), ""


def _for_roll_out(
    worth: StudyWorth, appraisal: Appraisal, learning: Learning, study_cost: float, treated: int
) -> StudyWorth:
    from evalkit.economics.information.roll_out import Scale

    scale = Scale(roll_out=learning.roll_out, sites=treated, years=appraisal.window, rates=appraisal.rates)  # type: ignore[arg-type]
    whole, left = scale.after(), scale.after(appraisal.window)
    # where the roll-out does not wait, what is best now is done until the study has its answer
    forgone = max(worth.net_benefit, 0.0) * (whole - left) if learning.waits else 0.0
    price = study_cost + max(-worth.net_benefit, 0.0)
    sample = worth.sample * left
    return replace(
        worth, perfect=worth.perfect * whole, sample=sample, price=price, forgone=forgone, net=sample - price - forgone
    )
