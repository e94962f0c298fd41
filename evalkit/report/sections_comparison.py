"""The sections that hold estimates against each other: what each is of, how it was made, where they part."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from evalkit.comparison import Comparison
from evalkit.domain import Effect
from evalkit.domain.text import listed
from evalkit.report import formats
from evalkit.report.blocks import Block, Grid, Note, Paragraph, Picture, Section
from evalkit.report.drawing import Figure

if TYPE_CHECKING:
    from evalkit.evaluation import Evaluation

__all__ = ["comparison_sections", "how_they_compare"]

# Items that most estimators tell, in the order of reading; what only some tell follows.
_ORDER = (
    "estimator",
    "averages over",
    "outcome",
    "compared with",
    "sites",
    "periods",
    "effects removed",
    "matched on",
    "covariates",
    "weights",
    "errors",
)
# Beyond these many comparison sites a table of weights is for a file, not for a page.
_MOST_WEIGHTS = 10


def comparison_sections(evaluation: Evaluation, drawn: Mapping[str, Figure]) -> tuple[Section, ...]:
    """Give the section on methods side by side, and what each comparison was made of, where there is something."""
    return tuple(section for section in (_methods(evaluation, drawn), _made_of(evaluation)) if section is not None)


def _methods(evaluation: Evaluation, drawn: Mapping[str, Figure]) -> Section | None:
    blocks: list[Block] = []
    if "forest" in drawn:
        blocks.append(Picture(figure=drawn["forest"]))
    for outcome, compared in evaluation.comparisons.items():
        told = how_they_compare(compared)
        head = outcome if len(evaluation.effects) > 1 else ""
        agrees = compared.agreement == "agree"
        blocks.append(Paragraph(head=head, text=told) if agrees else Note(text=f"{head}: {told}".lstrip(": ")))
    effects = evaluation.effects[evaluation.study.primary]
    if any(effect.specification for effect in effects.values()):
        blocks.append(_specifications(effects, evaluation.study.primary))
    if len(effects) > 1:
        blocks += [
            Paragraph(
                head=name,
                text=f"Of what: {_lower(effect.estimand)}. Assumes: {formats.sentence(effect.assumption)}",
            )
            for name, effect in effects.items()
        ]
    return Section(key="comparison", title="Methods side by side", blocks=tuple(blocks)) if blocks else None


def how_they_compare(compared: Comparison) -> str:
    """Say in a sentence whether several estimates agree in sign and in size, and which do not.

    One sentence for each of the three cases, with the ends by name.
    """
    low, high = compared.lowest, compared.highest
    percent = compared.unit == "percent"

    def shown(value: float) -> str:
        return formats.percent(value, signed=True) if percent else formats.number(value)

    ends = f"from {shown(low.middle)} ({low.name}) to {shown(high.middle)} ({high.name})"
    primary, names = compared.estimates[0].name, listed(compared.apart)
    if compared.agreement == "sign":
        return f"The methods do not agree on the direction of the change: {ends}. Against {primary} stands {names}."
    if compared.agreement == "size":
        return (
            f"The methods agree on the direction but not on the size of the change: {ends}. Apart from {primary}, with "
            f"neither range holding the other's estimate, is {names}."
        )
    return f"The methods do not part: their estimates lie {ends}, no further apart than their ranges allow."


def _lower(sentence: str) -> str:
    text = sentence.strip().removesuffix(".")
    return text[:1].lower() + text[1:] if text[1:2].islower() else text


def _specifications(effects: Mapping[str, Effect], outcome: str) -> Grid:
    """Give a table of how each estimate was made: a row an item, a column an estimate."""
    told_by_any = dict.fromkeys(item for effect in effects.values() for item, _ in effect.specification)
    items = [*(item for item in _ORDER if item in told_by_any), *(item for item in told_by_any if item not in _ORDER)]
    told = {name: dict(effect.specification) for name, effect in effects.items()}
    rows = [
        ("change, percent", *(_percent(effect) for effect in effects.values())),
        *((item, *(told[name].get(item, formats.NOTHING) for name in effects)) for item in items),
    ]
    return Grid(
        caption=f"{outcome}: how each estimate was made",
        columns=("Item", *effects),
        rows=tuple(rows),
    )


def _percent(effect: Effect) -> str:
    draws = effect.percent_draws
    return formats.NOTHING if draws is None else formats.number(float(np.median(draws)))


def _made_of(evaluation: Evaluation) -> Section | None:
    """Show the cohorts of an effect and the weights of a comparison, by estimate."""
    blocks: list[Block] = []
    for name, effect in evaluation.effects[evaluation.study.primary].items():
        if effect.cohorts is not None and len(effect.cohorts.labels) > 1:
            if effect.cohorts.shared:
                blocks.append(Paragraph(text=effect.cohorts.shared))
            blocks.append(_cohorts(name, effect, evaluation.study.level))
        if effect.comparison_weights:
            blocks.append(_weights(name, effect))
    return Section(key="parts", title="By start, and by comparison site", blocks=tuple(blocks)) if blocks else None


def _cohorts(name: str, effect: Effect, level: float) -> Grid:
    cohorts = effect.cohorts
    assert cohorts is not None  # noqa: S101 - its caller asked
    rows = [
        (
            label,
            *formats.middle_and_range(cohorts.change, column, level),
            *formats.middle_and_range(effect.percent_by_cohort, column, level),
            *formats.middle_and_range(cohorts.prevented, column, level),
        )
        for column, label in enumerate(cohorts.labels)
    ]
    return Grid(
        caption=f"{name}: by first treated period; change as a {formats.SCALES[effect.scale]}, with "
        f"{formats.level(level)} ranges",
        columns=("Start", "Change", "Range", "Percent", "Range", "Fewer than expected", "Range"),
        rows=tuple(rows),
        numeric=frozenset(range(1, 7)),
    )


def _weights(name: str, effect: Effect) -> Grid:
    shown = effect.comparison_weights[:_MOST_WEIGHTS]
    rest = effect.comparison_weights[_MOST_WEIGHTS:]
    rows = [(site, formats.number(weight)) for site, weight in shown]
    if rest:
        rows.append(
            (f"{formats.plural(len(rest), 'more site', 'more sites')}", formats.number(sum(w for _, w in rest)))
        )
    return Grid(
        caption=f"{name}: what the comparison is made of",
        columns=("Comparison site", "Weight"),
        rows=tuple(rows),
        numeric=frozenset({1}),
    )
