"""The prices of an evaluation as a document: which schedule, from where, how sure, and what another would give."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from evalkit.money_by_estimator import spread_of_choices
from evalkit.result_amounts import amount_document

if TYPE_CHECKING:
    from evalkit.economics import Appraisal, Beside
    from evalkit.evaluation import Evaluation

__all__ = ["schedules_document"]


def schedules_document(evaluation: Evaluation, appraisal: Appraisal) -> dict[str, Any] | None:
    """Give the schedules of an appraisal, or None without prices."""
    from evalkit.economics.price_words import certainty_words

    prices = evaluation.study.prices
    if prices is None:
        return None
    # another estimator was tried over the observed window only
    others = evaluation.money_by_estimator if appraisal.scenario == "observed window" else ()
    spread = spread_of_choices(appraisal, others)
    return {
        "chosen": {
            "schedule": prices.name,
            "country": prices.country,
            "region": prices.region,
            "source": prices.source,
            "link": prices.link,
            "price_year": str(prices.price_year),
            "basis": prices.basis,
            "certainty": certainty_words(prices.unit_costs),
            "justice": prices.justice,
            "transfer": None if prices.transfer is None else prices.transfer.words,
        },
        "beside": [_beside(each) for each in appraisal.beside],
        "by_estimator": [asdict(each) | {"reason": each.reason or None} for each in others],
        "moved_by_schedule": spread.by_schedule,
        "moved_by_estimator": spread.by_estimator,
    }


def _beside(line: Beside) -> dict[str, Any]:
    return {
        "schedule": line.schedule,
        "region": line.region,
        "source": line.source,
        "price_year": line.price_year,
        "basis": line.basis,
        "certainty": line.certainty,
        "benefit": amount_document(line.benefit),
        "net_benefit": amount_document(line.net_benefit),
        "prob_net_benefit": line.prob_net_benefit,
        "net_benefit_moves": line.net_benefit_moves,
        "unpriced": list(line.unpriced),
        "reason": line.reason or None,
    }
