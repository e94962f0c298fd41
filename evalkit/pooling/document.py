"""Pooled evidence for other programs: pool.json, checked against its schema whenever it is written."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from evalkit.checked_json import checked_json
from evalkit.draws import Interval, interval
from evalkit.evidence.priors import before_any_study
from evalkit.result_amounts import amount_document
from evalkit.result_effects import check_document, range_document

if TYPE_CHECKING:
    from evalkit.economics import Appraisal
    from evalkit.evidence.body import BodyOfEvidence
    from evalkit.evidence.methods import MethodLine
    from evalkit.hierarchy import NormalMixture
    from evalkit.pooling.evidence import Synthesis
    from evalkit.pooling.pilot import PilotValue

__all__ = ["SCHEMA", "pool_document", "pool_text"]

SCHEMA = "evalkit.pool/1"


def pool_text(synthesis: Synthesis) -> str:
    """Check the document against the shipped schema and give it as JSON text, without NaN or infinity.

    Raises
    ------
    ReportError
        The document is not in the form that the schema promises; nothing has been written then.
    """
    return checked_json(pool_document(synthesis), "pool", "pool.json")


def pool_document(synthesis: Synthesis) -> dict[str, Any]:
    """Give everything that was found as plain values; what does not exist is None, with a reason beside it."""
    body, evidence, made = synthesis.body, synthesis.evidence, synthesis.provenance
    middle, held = body.between
    return {
        "schema": SCHEMA,
        "evidence": {"title": evidence.title, "question": evidence.question, "measure": evidence.measure},
        "provenance": {
            "evalkit": made.versions["evalkit"],
            "versions": {name: each for name, each in made.versions.items() if name != "evalkit"},
            "seed": made.seed,
            "draws": made.draws,
            "inputs": dict(made.inputs),
        },
        "scale": body.scale,
        "unit": body.unit or None,
        "level": body.level,
        "read": list(evidence.sources.told),
        "prior": _prior(body),
        "studies": _studies(body),
        "mean": {**_mixture(body.mean, body.level), "prob_harm": body.prob_mean_harm},
        "new_programme": {**_mixture(body.new_programme, body.level), "prob_harm": body.prob_new_harm},
        "between": {"median": middle, "lower": held.lower, "upper": held.upper},
        "methods": [_method(line) for line in body.methods],
        "moderators": _moderators(body),
        "without_each": [
            {
                "study": each.study,
                "mean": each.mean,
                **_ends(each.held),
                "prob_mean_harm": each.prob_mean_harm,
                "prob_new_harm": each.prob_new_harm,
            }
            for each in body.without_each
        ],
        "small_studies": _small_studies(body),
        "checks": [check_document(check) for check in body.checks],
        "settled": body.is_settled,
        "prediction": _prediction(synthesis),
        "appraisal": _appraisal(synthesis.appraisal),
        "appraisal_reason": synthesis.appraisal_reason or None,
        "pilot": _pilot(synthesis.pilot),
        "pilot_reason": synthesis.pilot_reason or None,
        "warnings": list(synthesis.warnings),
    }


def _ends(held: Interval | None) -> dict[str, float | None]:
    return {"lower": None, "upper": None} if held is None else {"lower": held.lower, "upper": held.upper}


def _mixture(known: NormalMixture, level: float) -> dict[str, Any]:
    return {"estimate": known.mean, "median": known.median, "sd": known.deviation, **_ends(known.interval(level))}


def _prior(body: BodyOfEvidence) -> dict[str, Any]:
    prior, expects = body.prior, before_any_study(body.prior)
    mean = prior.mean
    return {
        "name": prior.name,
        "mean": mean.mean,
        "deviation": None if mean.is_flat else mean.deviation,
        "between": repr(prior.between),
        "reason": prior.reason,
        "source": prior.source,
        "new_programme": None if expects is None else _ends(expects.interval(body.level)),
        "under_others": [
            {
                "prior": line.name,
                "mean": line.mean,
                **_ends(line.mean_interval),
                "new_programme": _ends(line.new_interval),
                "prob_new_harm": 1 - line.new_below,
            }
            for line in body.by_prior
        ],
    }


def _studies(body: BodyOfEvidence) -> list[dict[str, Any]]:
    return [
        {
            "study": each.study,
            "outcome": each.outcome or None,
            "country": each.country or None,
            "year": each.year,
            "estimate": each.estimate,
            "std_error": each.error,
            **_ends(each.interval(body.level)),
            "made_from": each.made_from,
            "moderators": dict(each.moderators),
            "notes": list(each.notes),
            "shrunk": _mixture(shrunk, body.level),
            "pooling": float(pooling),
        }
        for each, shrunk, pooling in zip(body.studies, body.overall.sites, body.overall.pooling, strict=True)
    ]


def _method(line: MethodLine) -> dict[str, Any]:
    return {
        "method": line.name,
        "mean": line.mean,
        **_ends(line.held),
        "new_programme": None if line.new is None else _ends(line.new),
        "tau": line.tau,
        "prob_new_harm": line.prob_new_harm,
        "reason": line.reason or None,
    }


def _moderators(body: BodyOfEvidence) -> list[dict[str, Any]]:
    fit = body.by_moderators
    if fit is None:
        return []
    known = [(name, fit.coefficient(name)) for name in fit.names[1:]]
    return [
        {"name": name, **_mixture(each, body.level), "prob_above_zero": float(each.above(0.0))} for name, each in known
    ]


def _small_studies(body: BodyOfEvidence) -> dict[str, Any]:
    found = body.asymmetry
    slant, fit = found.slant, found.selection
    return {
        "slope": None if slant is None else slant.slope,
        "p_value": None if slant is None else slant.p_value,
        "reason": found.slant_reason or None,
        "selection": None
        if fit is None
        else {
            "mean": fit.estimate,
            "std_error": fit.error,
            **_ends(fit.interval(body.level)),
            "tau": math.sqrt(fit.tau2),
            "seen": float(fit.weights[1]),
            "p_value": fit.p_value,
        },
        "selection_reason": found.selection_reason or None,
    }


def _prediction(synthesis: Synthesis) -> dict[str, Any] | None:
    place, predicted = synthesis.evidence.place, synthesis.predicted
    if place is None or predicted is None:
        return None
    level = synthesis.body.level
    mean, new = synthesis.body.expected(place.at or None)
    total = predicted.total_prevented
    return {
        "place": place.name,
        "at": dict(place.at),
        "mean": _mixture(mean, level),
        "effect": {**_mixture(new, level), "prob_harm": float(new.above(0.0))},
        "events": predicted.outcome.plural,
        "periods": list(predicted.periods),
        "expected": [each.mean for each in place.expected],
        "prevented": None
        if total is None
        else {**range_document(total, level), "mean": float(total.mean()) if synthesis.body.has_mean_ratio else None},
        "prevented_by_period": predicted.prevented.mean(axis=0).tolist()
        if predicted.prevented is not None and synthesis.body.has_mean_ratio
        else None,
        "ratio": _ratio(synthesis),
        "checks": [check_document(check) for check in predicted.checks],
        "assumption": predicted.assumption,
    }


def _ratio(synthesis: Synthesis) -> dict[str, float | None] | None:
    """Give how many times as many events there would be; without a mean under priors that leave none."""
    import numpy as np

    if synthesis.predicted is None:
        return None
    ratio = np.exp(synthesis.predicted.change)
    held = interval(ratio, synthesis.body.level)
    mean = float(ratio.mean()) if synthesis.body.has_mean_ratio else None
    return {"mean": mean, "median": float(np.median(ratio)), "lower": held.lower, "upper": held.upper}


def _appraisal(appraisal: Appraisal | None) -> dict[str, Any] | None:
    if appraisal is None:
        return None
    one, even = appraisal.cost_per_crime_prevented, appraisal.break_even
    return {
        "currency": appraisal.currency,
        "price_year": appraisal.price_year,
        "perspective": appraisal.perspective,
        "horizon": appraisal.horizon,
        "discounting": appraisal.discounting,
        "schedule": appraisal.schedule,
        "cost": amount_document(appraisal.cost),
        "benefit": amount_document(appraisal.benefit),
        "benefit_reason": appraisal.benefit_reason or None,
        "net_benefit": amount_document(appraisal.net_benefit),
        "benefit_cost_ratio": appraisal.benefit_cost_ratio,
        "benefit_cost_reason": appraisal.benefit_cost_reason or None,
        "prob_net_benefit": appraisal.prob_net_benefit,
        "cost_per_crime_prevented": {
            "estimate": one.estimate,
            "reason": one.reason or None,
            "prob_prevents": one.prob_prevents,
            "lower": one.lower,
            "upper": one.upper,
            "acceptable_at": {f"{share:g}": value for share, value in one.acceptable_at.items()},
        },
        "break_even": {"events": even.events, "reason": even.reason or None},
        "by_bearer": [
            {
                "bearer": line.bearer,
                "cost": amount_document(line.cost),
                "benefit": amount_document(line.benefit),
                "net": amount_document(line.net),
            }
            for line in appraisal.by_bearer
        ],
        "assumptions": [asdict(each) for each in appraisal.assumptions],
    }


def _pilot(found: PilotValue | None) -> dict[str, Any] | None:
    if found is None:
        return None
    own: Mapping[str, Any] = {
        name: getattr(found, name)
        for name in (
            "currency", "price_year", "best_now", "perfect", "resolved", "left", "sample", "cost", "forgone", "net",
        )
    }  # fmt: skip
    return {"name": found.pilot.name, "std_error": found.pilot.standard_error, **own, "worth_it": found.is_worth_it}
