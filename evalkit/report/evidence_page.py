"""The first page of pooled evidence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from evalkit.judgement import probability_in_words
from evalkit.report import evidence_words as words
from evalkit.report import formats
from evalkit.report.blocks import Grid
from evalkit.report.drawing import Figure
from evalkit.report.evidence_money import place_rows
from evalkit.report.evidence_support import EvidenceSupport, prob_harm, supported
from evalkit.report.front import Fact, Strip, who_pays

if TYPE_CHECKING:
    from evalkit.hierarchy import NormalMixture
    from evalkit.pooling import Synthesis

__all__ = ["EvidencePage", "evidence_page"]


@dataclass(frozen=True, kw_only=True)
class EvidencePage:
    """Everything on the first page, in the order of reading."""

    title: str
    meta: str
    headline: str
    compared: str
    facts: tuple[Fact, ...]
    figure: Figure
    differ: str
    reasons: tuple[str, ...]
    place: str
    place_rows: tuple[tuple[str, str], ...]
    bearers: Grid | None
    notes: tuple[str, ...]
    support: EvidenceSupport
    level: str


# More would push the advice off the page; the rest stands in the technical part.
_NOTES = 2


def evidence_page(synthesis: Synthesis, figures: tuple[Figure, ...]) -> EvidencePage:
    """Put the first page together."""
    body, evidence = synthesis.body, synthesis.evidence
    money = () if synthesis.appraisal is None else synthesis.appraisal.warnings
    place = evidence.place
    return EvidencePage(
        title=evidence.title,
        meta=_meta(synthesis),
        headline=words.headline(synthesis),
        compared=words.method_sentence(body),
        facts=_facts(synthesis),
        figure=figures[0],
        differ=words.differ(body),
        reasons=words.how_sure(body),
        place="" if place is None else place.name,
        place_rows=() if place is None else place_rows(synthesis),
        bearers=None if synthesis.appraisal is None else who_pays(synthesis.appraisal, rough=True),
        notes=tuple(dict.fromkeys((*_outside(synthesis), *money)))[:_NOTES],
        support=supported(synthesis),
        level=formats.level(body.level),
    )


def _outside(synthesis: Synthesis) -> tuple[str, ...]:
    checks = () if synthesis.predicted is None else synthesis.predicted.checks
    return tuple(check.detail for check in checks if check.passed is False)


def _meta(synthesis: Synthesis) -> str:
    body = synthesis.body
    years = [each.year for each in body.studies if each.year is not None]
    countries = sorted({each.country for each in body.studies if each.country})
    parts = [
        formats.plural(len(body.studies), "study", "studies"),
        f"{min(years)} to {max(years)}" if years else "",
        ", ".join(countries[:4]) + (" and others" if len(countries) > 4 else ""),
    ]
    return " · ".join(part for part in parts if part)


def _facts(synthesis: Synthesis) -> tuple[Fact, ...]:
    body = synthesis.body
    chance = prob_harm(synthesis)
    place = synthesis.evidence.place
    new = body.expected(place.at or None if place else None)[1]
    what = words.quantity(body)
    return (
        _mean_fact(synthesis, what),
        Fact(
            label="In a new place" if place is None else f"In {place.name}",
            value=words.change(body, new.median),
            detail=f"middle of what to expect; anything from {words.change_range(body, new.interval(body.level))}",
            strip=_strip(synthesis, new),
        ),
        Fact(
            label="Chance that it does harm",
            value=formats.chance(chance),
            detail=f"{probability_in_words(chance)}; for the mean of all programmes "
            f"{formats.chance(body.prob_mean_harm)}",
        ),
    )


def _mean_fact(synthesis: Synthesis, what: str) -> Fact:
    body = synthesis.body
    if not body.is_settled:
        return Fact(label="Mean change", value="not settled", detail=f"in {what}; see what failed below")
    held = body.mean.interval(body.level)
    return Fact(
        label="Mean change",
        value=words.change(body, body.mean.median),
        detail=f"in {what}; between {words.change(body, held.lower)} and {words.change(body, held.upper)}",
        strip=_strip(synthesis, body.mean),
    )


def _strip(synthesis: Synthesis, known: NormalMixture) -> Strip:
    """Lay a range along the line that both facts share, zero on it."""
    body = synthesis.body
    held = known.interval(body.level)
    low, high = min(held.lower, 0.0), max(held.upper, 0.0)
    width = (high - low) or 1.0
    lower, upper = words.change(body, held.lower), words.change(body, held.upper)
    inside = "no change is outside the range" if held.excludes(0) else "no change is inside the range"
    return Strip(
        zero=-low / width,
        lower=(held.lower - low) / width,
        middle=(known.median - low) / width,
        upper=(held.upper - low) / width,
        lower_text=lower,
        upper_text=upper,
        alt=f"range {lower} to {upper}; {inside}",
    )
