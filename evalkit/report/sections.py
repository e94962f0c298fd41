"""The technical part: what was asked, done, measured, compared and found, one section after the other."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from evalkit.domain import Card, Check, Design, Effect
from evalkit.draws import interval
from evalkit.report import formats, moneywords, wording
from evalkit.report.blocks import Block, Checks, Grid, Mark, Note, Paragraph, Picture, Section
from evalkit.report.drawing import Figure
from evalkit.report.reading import read
from evalkit.report.sections_close import closing_sections
from evalkit.report.sections_money import money_section

if TYPE_CHECKING:
    from evalkit.evaluation import Evaluation

__all__ = ["checks_block", "technical_sections"]

NOT_REPORTED = "not reported"

SCALES = {
    "log_rate_ratio": "log rate ratio",
    "rate_difference": "rate difference",
    "count_difference": "count difference",
    "log_odds_ratio": "log odds ratio",
    "log_hazard_ratio": "log hazard ratio",
    "mean_difference": "mean difference",
}
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
        _measure(evaluation),
        _question(evaluation),
        _data(evaluation),
        _design(evaluation),
        _methods(evaluation),
        _results(evaluation, drawn),
        _course(evaluation, drawn),
        _checks(evaluation),
        _displacement(evaluation, drawn),
        money_section(evaluation, drawn),
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
        ("Design", f"{wording.compared(design)} Scientific Methods Scale {design.methods_level.level} of 5."),
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
    return f"It cost about {cost}. {moneywords.net_sentence(appraisal)} {moneywords.break_even(appraisal)}"


def _measure(evaluation: Evaluation) -> Section:
    measure = evaluation.study.intervention
    starts = sorted(set(measure.began.values()))
    began = starts[0] if len(starts) == 1 else f"{starts[0]} to {starts[-1]}, {len(starts)} different starts"
    rows = [
        ("What", measure.name),
        ("Approach", measure.approach),
        ("Why it should work", measure.mechanism),
        ("Aimed at", f"a {measure.target}"),
        ("Where", measure.place),
        ("Began", f"{began}, in {formats.plural(len(measure.began), 'site', 'sites')}"),
        ("Sites", ", ".join(measure.began)),
        ("Dose delivered", measure.dose),
        ("Delivered by", ", ".join(measure.partners)),
        ("Evaluated by", measure.evaluated_by),
        ("Paid for by", measure.paid_by),
    ]
    grid = Grid(
        caption="The measure as it was delivered",
        columns=("Item", "Description"),
        rows=tuple((name, value or NOT_REPORTED) for name, value in rows),
    )
    return Section(key="measure", title="The measure", blocks=(grid,))


def _question(evaluation: Evaluation) -> Section:
    study = evaluation.study
    rows = []
    for name, design in study.designs.items():
        outcome = design.outcome
        worthwhile = outcome.minimum_worthwhile
        rows.append(
            (
                name,
                "primary, named in advance" if name == study.primary else "secondary",
                f"{outcome.kind} of {outcome.plural}" if outcome.counts_events else outcome.kind,
                outcome.source or NOT_REPORTED,
                outcome.good,
                formats.percent(worthwhile) if worthwhile is not None else "none named",
            )
        )
    blocks: tuple[Block, ...] = (
        Paragraph(head="Question", text=study.question or NOT_REPORTED),
        Paragraph(head="What was estimated", text=_sentence(evaluation.primary.estimand)),
        Grid(
            caption="Outcomes and their rank",
            columns=("Outcome", "Rank", "What", "Source", "Good is", "Smallest change that matters"),
            rows=tuple(rows),
        ),
    )
    return Section(key="question", title="Question and outcomes", blocks=blocks)


def _data(evaluation: Evaluation) -> Section:
    blocks: list[Block] = []
    for name, design in evaluation.study.designs.items():
        blocks.append(_table_counts(name, design) if design.table is not None else _panel_extent(name, design))
    hashes = evaluation.provenance.inputs
    if hashes:
        rows = tuple((path, digest) for path, digest in hashes.items())
        blocks.append(Grid(caption="Files that went in, by their SHA-256", columns=("File", "SHA-256"), rows=rows))
    else:
        blocks.append(Paragraph(text="No input file was named; the data came with the study itself."))
    return Section(key="data", title="Data", blocks=tuple(blocks))


def _panel_extent(name: str, design: Design) -> Block:
    panel = design.require_panel("a description of the data")
    labels = panel.periods.labels
    total = formats.count(float(panel.values.sum())) if panel.outcome.counts_events else "not a count"
    return Paragraph(
        head=name,
        text=f"{formats.plural(len(panel.sites), 'site', 'sites')} in "
        f"{formats.plural(len(labels), 'period', 'periods')}, "
        f"{labels[0]} to {labels[-1]}; no cell is missing. Events in all: {total}.",
    )


def _table_counts(name: str, design: Design) -> Block:
    table = design.table
    assert table is not None  # noqa: S101 - its caller asked
    areas = (
        ("treated area", table.treated),
        ("comparison area", table.comparison),
        ("nearby area", table.buffer),
        ("comparison of the nearby area", table.buffer_comparison),
    )
    rows = []
    for area, cells in areas:
        if isinstance(cells, tuple):
            rows.append((area, formats.count(cells[0]), formats.count(cells[1])))
        elif cells == "shared":
            rows.append((area, "shared", "shared"))
    before, after = (formats.number(length) for length in table.lengths)
    return Grid(
        caption=f"{name}: counts as given; the periods before and after have lengths {before} and {after}",
        columns=("Area", "Before", "After"),
        rows=tuple(rows),
        numeric=frozenset({1, 2}),
    )


def _design(evaluation: Evaluation) -> Section:
    design = evaluation.design(evaluation.study.primary)
    level = design.methods_level
    rows = [
        ("Level", f"Scientific Methods Scale {level.level} of 5"),
        ("Reason", _sentence(level.reason)),
        ("How sites came to be treated", "by lot" if design.assignment == "randomised" else "chosen, not by lot"),
    ]
    if design.panel is not None:
        rows += [
            ("Treated", formats.plural(len(design.treated_sites), "site", "sites")),
            ("Compared with", formats.plural(len(design.comparison_sites), "site", "sites")),
            (
                "Nearby, watched for displacement",
                formats.plural(len(design.buffer), "site", "sites") if design.buffer else "none",
            ),
            ("Periods before the first start", str(design.periods_before)),
            ("Starts", "at different times" if design.is_staggered else "all at once"),
        ]
    window = design.selection_window
    rows.append(("Chosen for being bad in", f"{window[0]} to {window[1]}" if window else NOT_REPORTED))
    grid = Grid(caption="The comparison that was made", columns=("Item", "Description"), rows=tuple(rows))
    blocks: list[Block] = [Paragraph(text=wording.compared(design)), grid]
    if design.checks:
        blocks.append(checks_block(design.checks))
    return Section(key="design", title="Design", blocks=tuple(blocks))


def _methods(evaluation: Evaluation) -> Section:
    blocks: list[Block] = []
    for card, names in _cards(evaluation):
        name = ", ".join(names)
        blocks.append(Paragraph(head=name, text=_sentence(card.title)))
        blocks.append(
            Grid(
                caption=f"What to know of {name}",
                columns=("Item", "Description"),
                rows=(
                    ("Needs", _sentence(card.needs)),
                    ("Assumes", _sentence(card.assumes)),
                    ("Source", card.source),
                    *(("Calibration", f"{what}, {against}: {result}") for what, against, result in card.calibration),
                ),
            )
        )
    level = f"{100 * evaluation.study.level:g}{formats.FIXED}%"
    blocks.append(
        Paragraph(
            head="Ranges and several outcomes",
            text=f"All ranges hold {level} and are read from draws. One outcome was named in advance as the "
            f"one the study is "
            "judged by; the others are shown without a correction for their number and are to be read as secondary.",
        )
    )
    return Section(key="methods", title="Methods", blocks=tuple(blocks))


def _cards(evaluation: Evaluation) -> list[tuple[Card, list[str]]]:
    """Give every card once, with all the estimates that it is of."""
    found: list[tuple[Card, list[str]]] = []
    for name, estimator in evaluation.study.estimators.items():
        same = next((names for card, names in found if card == estimator.card), None)
        if same is None:
            found.append((estimator.card, [name]))
        else:
            same.append(name)
    return found


def _results(evaluation: Evaluation, drawn: dict[str, Figure]) -> Section:
    blocks: list[Block] = [_own_scale(evaluation), _percent_and_events(evaluation)]
    if "forest" in drawn:
        blocks.append(Picture(figure=drawn["forest"]))
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
                f"{outcome}, {name} ({evaluation.role(outcome, name)})",
                SCALES[effect.scale],
                formats.number(effect.estimate),
                formats.number(effect.std_error),
                formats.full_range(effect.interval(level)),
                _p_value(p, effect.reference_set),
                formats.chance(effect.prob_reduction),
                _BASES[effect.basis],
            )
        )
    return Grid(
        caption=f"Every estimate on its own scale; a negative change is a fall; ranges hold "
        f"{100 * level:g}{formats.FIXED}%",
        columns=(
            "Outcome, estimator",
            "Scale",
            "Change",
            "Std. error",
            "Range",
            "p",
            "Chance of less",
            "Draws stand for",
        ),
        rows=tuple(rows),
        numeric=frozenset({2, 3, 4, 5}),
    )


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
                evaluation.role(outcome, name),
                *_in_percent(effect, level),
                *_in_events(effect, level),
            )
        )
    return Grid(
        caption="The same in percent of what was expected and in events prevented, nearby areas not counted; negative "
        "prevented is more than expected",
        columns=("Outcome, estimator", "Role", "Percent", "Range", "Prevented", "Range"),
        rows=tuple(rows),
        numeric=frozenset({2, 3, 4, 5}),
    )


def _in_percent(effect: Effect, level: float) -> tuple[str, str]:
    if effect.percent_draws is None:
        return formats.NOTHING, formats.NOTHING
    return formats.number(float(np.median(effect.percent_draws))), formats.full_range(
        interval(effect.percent_draws, level)
    )


def _in_events(effect: Effect, level: float) -> tuple[str, str]:
    if effect.total_prevented is None:
        return formats.NOTHING, formats.NOTHING
    return formats.number(float(np.median(effect.total_prevented))), formats.full_range(
        interval(effect.total_prevented, level)
    )


def _course(evaluation: Evaluation, drawn: dict[str, Figure]) -> Section:
    blocks: list[Block] = [Picture(figure=drawn[name]) for name in ("paths", "slope", "event-study") if name in drawn]
    # the first page already carries the first of them
    blocks = [block for block in blocks if isinstance(block, Picture) and block.figure is not _front_figure(drawn)]
    effect, level = evaluation.primary, evaluation.study.level
    if effect.prevented is not None and len(effect.periods) > 1:
        rows = [(label, *_period(effect, column, level)) for column, label in enumerate(effect.periods)]
        blocks.append(
            Grid(
                caption=f"{evaluation.study.primary}: recorded and prevented by period, with "
                f"{100 * level:g}{formats.FIXED}% ranges",
                columns=("Period", "Recorded", "Prevented", "Range"),
                rows=tuple(rows),
                numeric=frozenset({1, 2, 3}),
            )
        )
    if not blocks:
        blocks.append(
            Paragraph(text="There is one period before and one after, so nothing can be said of the course over time.")
        )
    return Section(key="course", title="Over time", blocks=tuple(blocks))


def _front_figure(drawn: dict[str, Figure]) -> Figure | None:
    return next((drawn[name] for name in ("paths", "slope", "event-study", "forest") if name in drawn), None)


def _period(effect: Effect, column: int, level: float) -> tuple[str, str, str]:
    assert effect.prevented is not None  # noqa: S101 - its caller asked
    recorded = formats.NOTHING if effect.recorded is None else formats.count(float(effect.recorded[column]))
    drawn = effect.prevented[:, column]
    return recorded, formats.number(float(np.median(drawn))), formats.full_range(interval(drawn, level))


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


_SIGNS = {True: ("✓", "passed"), False: ("✗", "failed"), None: ("i", "for information")}


def checks_block(checks: Iterable[Check], fold: str = "") -> Checks:
    """Give checks with a sign and a word each."""
    marks = [
        Mark(sign=_SIGNS[check.passed][0], word=_SIGNS[check.passed][1], name=check.name, detail=check.detail)
        for check in checks
    ]
    return Checks(marks=tuple(marks), fold=fold)


def _displacement(evaluation: Evaluation, drawn: dict[str, Figure]) -> Section:
    blocks: list[Block] = [Paragraph(text=wording.displacement(evaluation))]
    if "displacement" in drawn:
        blocks.append(Picture(figure=drawn["displacement"]))
    moved = evaluation.primary.displacement
    if moved is not None:
        quotient = formats.number(moved.wdq) if moved.wdq is not None else "none"
        rows = [("weighted displacement quotient", quotient, _sentence(moved.wdq_reason))]
        rows += [(name, formats.number(value), "") for name, value in moved.details]
        blocks.append(
            Grid(
                caption="Figures of displacement",
                columns=("Figure", "Value", "How to read it"),
                rows=tuple(rows),
                numeric=frozenset({1}),
            )
        )
    return Section(key="displacement", title="Displacement", blocks=tuple(blocks))


def _sentence(text: str) -> str:
    text = text.strip()
    if not text:
        return ""
    capital = text[:1].upper() + text[1:]
    return capital if capital.endswith((".", "!", "?")) else f"{capital}."
