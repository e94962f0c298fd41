"""Whose money it is, in the document that other programs read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from evalkit.result_amounts import amount_document

if TYPE_CHECKING:
    from evalkit.economics import Appraisal, CityAccount, PublicSaving

__all__ = ["purses_document"]


def purses_document(appraisal: Appraisal) -> dict[str, Any]:
    """Give what the measure costs the city, what falls on others, what is cashable, and every perspective."""
    return {
        "city": _city(appraisal.city),
        "public_saving": _public_saving(appraisal.public_saving),
        "perspectives": [
            {
                "perspective": line.perspective,
                "cost": amount_document(line.cost),
                "benefit": amount_document(line.benefit),
                "net": amount_document(line.net),
                "prob_net_benefit": line.prob_net_benefit,
                "reason": line.reason or None,
            }
            for line in appraisal.perspectives
        ],
    }


def _city(city: CityAccount | None) -> dict[str, Any] | None:
    if city is None:
        return None
    return {
        "net_cost": amount_document(city.net_cost),
        "share_of_benefit_on_others": city.share_on_others,
        "share_reason": city.share_reason or None,
        "cost": amount_document(city.cost),
        "in_kind": amount_document(city.in_kind),
        "cashable_saving": amount_document(city.cashable_saving),
        "remark": city.remark or None,
    }


def _public_saving(saving: PublicSaving | None) -> dict[str, Any] | None:
    if saving is None:
        return None
    return {
        "bearers": list(saving.bearers),
        "total": amount_document(saving.total),
        "total_reason": saving.total_reason or None,
        "cashable": amount_document(saving.cashable),
        "cashable_share": saving.cashable_share,
        "share_reason": saving.share_reason or None,
    }
