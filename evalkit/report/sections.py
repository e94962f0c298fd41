"""The technical part: what was asked, done, measured, compared and found, one section after the other."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from evalkit.domain import Check, Effect
from evalkit.draws import FloatArray, middle_and_interval
from evalkit.report import formats, moneywords, wording
from evalkit.report.blocks import Block, Grid, Note, Paragraph, Picture, Section
from evalkit.report.drawing import Figure
from evalkit.report.figures import front_figure
from evalkit.report.reading import counted_as, estimated, read
from evalkit.report.sections_close import closing_sections
from evalkit.report.sections_comparison import comparison_sections
from evalkit.report.sections_harm import harm_sections
from evalkit.report.sections_incidence import incidence_sections
from evalkit.report.sections_information import information_sections
from evalkit.report.sections_money import money_section
from evalkit.report.sections_money_tables import money_table_sections
from evalkit.report.sections_options import options_sections
from evalkit.report.sections_sensitivity import sensitivity_sections
from evalkit.report.sections_study import checks_block, study_sections
from evalkit.report.sections_trends import trends_sections
from evalkit.report.sections_unpriced import unpriced_sections

if TYPE_CHECKING:
    from evalkit.economics import Appraisal
    from evalkit.evaluation import Evaluation

__all__ = ["technical_sections"]

_BASES = {
    "sampling": "sampling distribution",
    "posterior": "posterior",
    "bootstrap": "bootstrap",
    "randomisation": "randomisation",
}


def technical_sections(evaluation: Evaluation, figures: tuple[Figure, ...]) -> tuple[Section, ...]:
    """Give every section of the technical part, in order."""
    drawn = {figure.name: figure for figure in figures}
    sections = [
        _summary(evaluation),
        *study_sections(evaluation),
        _results(evaluation, drawn),
        *comparison_sections(evaluation, drawn),
        _course(evaluation, drawn),
        *trends_sections(evaluation, drawn),
        _checks(evaluation),
        _displacement(evaluation, drawn),
        *harm_sections(evaluation, drawn),
        money_section(evaluation, drawn),
        *sensitivity_sections(evaluation, drawn),
        *incidence_sections(evaluation, drawn),
        *unpriced_sections(evaluation),
        *information_sections(evaluation, drawn),
        *options_sections(evaluation, drawn),
        *money_table_sections(evaluation),
        *closing_sections(evaluation),
    ]
    return tuple(sections)


def _summary(evaluation: Evaluation) -> Section:
    study, design = evaluation.study, evaluation.design(evaluation.study.primary)
    parts = [
        (
            "Question",
            study.question or f"Did {study.intervention.name} change {read(evaluation, study.primary).things}?",
        ),
        ("Design", f"{wording.compared(evaluation)} Scientific Methods Scale {design.methods_level.level} of 5."),
        ("Result", wording.headline(evaluation)),
        ("Displacement", wording.displacement(evaluation)),
        ("Money", _money_in_short(evaluation)),
        ("Certainty", f"{evaluation.finding.certainty.capitalize()}. {' '.join(wording.certainty(evaluation))}"),
    ]
    return Section(
        key="summary", title="Summary", blocks=tuple(Paragraph(head=head, text=text) for head, text in parts)
    )


def _money_in_short(evaluation: Evaluation) -> str:
    appraisal = evaluation.appraisal
    if appraisal is None:
        return moneywords.why_no_money(evaluation)
    cost = formats.money(appraisal.cost.mean, appraisal.currency)
    return (
        f"It cost about {cost}. {_net(evaluation, appraisal)} {moneywords.break_even(evaluation, appraisal)}".rstrip()
    )


def _net(evaluation: Evaluation, appraisal: Appraisal) -> str:
    """Give what is left, on its condition where the design does not show the measure to be the reason."""
    rests_on = moneywords.condition(evaluation) if appraisal.net_benefit is not None else ""
    told = moneywords.net_sentence(appraisal)
    return f"{told.removesuffix('.')}, {rests_on}." if rests_on else told


def _results(evaluation: Evaluation, drawn: dict[str, Figure]) -> Section:
    blocks: list[Block] = [_own_scale(evaluation), _percent_and_events(evaluation)]
    if without := wording.why_no_percentage(read(evaluation, evaluation.study.primary)):
        blocks.append(Paragraph(text=without))
    if "outcomes" in drawn:
        blocks.append(Picture(figure=drawn["outcomes"]))
    others = [name for name in evaluation.effects if name != evaluation.study.primary]
    blocks += [Paragraph(head=name, text=wording.answer(evaluation, name)) for name in others]
    return Section(key="results", title="Results", blocks=tuple(blocks))


def _effects(evaluation: Evaluation) -> Iterable[tuple[str, str, Effect]]:
    return ((outcome, name, effect) for outcome, named in evaluation.effects.items() for name, effect in named.items())


def _own_scale(evaluation: Evaluation) -> Grid:
    level = evaluation.study.level
    rows = []
    for outcome, name, effect in _effects(evaluation):
        p = effect.p_value
        rows.append(
            (
                f"{outcome}, {name}",
                _role(evaluation, outcome, name),
                formats.SCALES[effect.scale],
                formats.number(effect.estimate),
                formats.number(effect.std_error),
                formats.full_range(effect.interval(level)),
                _p_value(p, effect.reference_set),
                formats.chance(effect.prob_reduction),
                _BASES[effect.basis],
            )
        )
    return Grid(
        caption=f"Every estimate on its own scale; a negative change is a fall; ranges hold {formats.level(level)}",
        columns=(
            "Outcome, estimator",
            "Role",
            "Scale",
            "Change",
            "Std. error",
            "Range",
            "p",
            "Chance of less",
            "Draws stand for",
        ),
        rows=tuple(rows),
        numeric=frozenset({3, 4, 5, 6}),
    )


def _role(evaluation: Evaluation, outcome: str, name: str) -> str:
    """Say what part an estimate plays: what the study is judged by, what is beside it, what it is held against."""
    if evaluation.role(outcome, name) != "primary":
        return "sensitivity"
    return "primary outcome" if outcome == evaluation.study.primary else "secondary outcome"


def _p_value(p: float | None, reference_set: str) -> str:
    if p is None:
        return formats.NOTHING
    shown = f"{p:.3f}" if p >= 0.001 else "< 0.001"
    return f"{shown} ({reference_set})" if reference_set else shown


def _percent_and_events(evaluation: Evaluation) -> Grid:
    level = evaluation.study.level
    rows = []
    for outcome, name, effect in _effects(evaluation):
        rows.append(
            (
                f"{outcome}, {name}",
                _role(evaluation, outcome, name),
                *_in_percent(effect, level),
                *_in_events(effect, level),
            )
        )
    return Grid(
        caption="The same in percent of what was expected and in events, nearby areas not counted; a minus sign "
        "means more than expected",
        columns=("Outcome, estimator", "Role", "Percent", "Range", "Fewer than expected", "Range"),
        rows=tuple(rows),
        numeric=frozenset({2, 3, 4, 5}),
    )


def _in_percent(effect: Effect, level: float) -> tuple[str, str]:
    if effect.percent_draws is None:
        return formats.NOTHING, formats.NOTHING
    middle, held = middle_and_interval(effect.percent_draws, level)
    return formats.number(middle), formats.full_range(held)


def _in_events(effect: Effect, level: float) -> tuple[str, str]:
    if effect.total_prevented is None:
        return formats.NOTHING, formats.NOTHING
    middle, held = estimated(effect.total_prevented, level)
    good = " (more, which is good)" if effect.outcome.good == "more" and middle < 0 else ""
    return f"{formats.number(middle)}{good}", formats.full_range(held)


def _course(evaluation: Evaluation, drawn: dict[str, Figure]) -> Section:
    blocks: list[Block] = [Picture(figure=drawn[name]) for name in ("paths", "slope", "event-study") if name in drawn]
    # the first page already carries the first of them
    blocks = [
        block for block in blocks if isinstance(block, Picture) and block.figure is not front_figure(drawn.values())
    ]
    effect, level = evaluation.primary, evaluation.study.level
    if effect.prevented is not None and len(effect.periods) > 1:
        told, sign = counted_as(effect.outcome)
        percent = _percent_of_its_own(effect)
        rows = [
            (
                label,
                *_period(effect, column, level, sign),
                *(() if percent is None else formats.middle_and_range(percent, column, level)),
            )
            for column, label in enumerate(effect.periods)
        ]
        blocks.append(
            Grid(
                caption=f"{evaluation.study.primary}: recorded and {told} by period, with "
                f"{formats.level(level)} ranges",
                columns=(
                    "Period",
                    "Recorded",
                    f"{told[:1].upper()}{told[1:]}",
                    "Range",
                    *(() if percent is None else ("Change, percent", "Range")),
                ),
                rows=tuple(rows),
                numeric=frozenset(range(1, 4 if percent is None else 6)),
            )
        )
    if not blocks:
        blocks.append(
            Paragraph(text="There is one period before and one after, so nothing can be said of the course over time.")
        )
    return Section(key="course", title="Over time", blocks=tuple(blocks))


def _percent_of_its_own(effect: Effect) -> FloatArray | None:
    """Give the change in percent by period, where periods have changes of their own.

    One change for all would read, row after row, as if it had been found in every period.
    """
    percent = effect.percent_by_period
    if percent is None:
        return None
    told = percent[:, np.isfinite(percent).all(axis=0)]
    return None if np.allclose(told, told[:, :1]) else percent


def _period(effect: Effect, column: int, level: float, sign: int) -> tuple[str, str, str]:
    assert effect.prevented is not None  # noqa: S101 - its caller asked
    recorded = formats.NOTHING if effect.recorded is None else formats.count(float(effect.recorded[column]))
    drawn = sign * effect.prevented[:, column]
    middle, held = middle_and_interval(drawn, level)
    return recorded, formats.number(middle), formats.full_range(held)


def _checks(evaluation: Evaluation) -> Section:
    blocks: list[Block] = []
    for outcome, name, effect in _effects(evaluation):
        if effect.checks:
            blocks.append(Paragraph(head=f"{outcome}, {name}", text=""))
            blocks += [checks_block(effect.checks)] if effect is evaluation.primary else _failed_first(effect.checks)
    if not blocks:
        blocks.append(Note(text="The estimators reported no checks of their own."))
    return Section(key="checks", title="Checks", blocks=tuple(blocks))


def _failed_first(checks: tuple[Check, ...]) -> list[Block]:
    """Show what failed, and fold the rest away: beside the primary effect it would bury what matters."""
    failed = [check for check in checks if check.passed is False]
    rest = [check for check in checks if check.passed is not False]
    blocks: list[Block] = [checks_block(failed)] if failed else []
    if rest:
        name = formats.plural(len(rest), "check that did not fail", "checks that did not fail")
        blocks.append(checks_block(rest, fold=name))
    return blocks


_DETAILS = {
    "dispersion": ("dispersion", "how many times as much as chance alone the counts vary"),
    "wdd": ("weighted displacement difference", "change in both areas beyond their comparisons; negative is fewer"),
    "wdd_local": ("the same, treated area alone", ""),
    "wdd_buffer": ("the same, nearby area alone", ""),
    "total_change": ("change in both areas, in events", "over the period after, beyond their comparisons"),
    "total_net_effect": ("total net effect", "events fewer than if both areas had gone as the comparison did"),
    "gross_effect": ("gross effect", "events before less events after, treated area alone"),
    "net_effect": ("net effect", "fall of the treated area's count as a share of the comparison's"),
    "wdq_success": ("change of the treated area's share", "of the comparison's count; negative is a fall"),
    "wdq_buffer": ("change of the nearby area's share", "of the comparison's count; negative is a fall"),
}
_ERROR = "_std_error"


def _detail(name: str, value: float) -> tuple[str, str, str]:
    """Name a figure of the literature for people, whatever its key."""
    label, how = _DETAILS.get(name.removesuffix(_ERROR), (name.removesuffix(_ERROR).replace("_", " "), ""))
    if name.endswith(_ERROR):
        return f"{label}, standard error", formats.number(value), ""
    return label, formats.number(value), formats.sentence(how)


def _displacement(evaluation: Evaluation, drawn: dict[str, Figure]) -> Section:
    blocks: list[Block] = [Paragraph(text=wording.displacement(evaluation))]
    if "displacement" in drawn:
        blocks.append(Picture(figure=drawn["displacement"]))
    moved = evaluation.primary.displacement
    if moved is not None:
        rows = [("weighted displacement quotient", *wording.quotient(evaluation))]
        rows += [(*_detail(name, value),) for name, value in moved.details]
        blocks.append(
            Grid(
                caption="Figures of displacement",
                columns=("Figure", "Value", "How to read it"),
                rows=tuple(rows),
                numeric=frozenset({1}),
            )
        )
    return Section(key="displacement", title="Displacement", blocks=tuple(blocks))
