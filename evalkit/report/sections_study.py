"""The sections on the study itself: what was done, asked, measured and compared, and by which methods."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

from evalkit.domain import Card, Check, Design, Intervention
from evalkit.judgement import standing_checks
from evalkit.report import formats, wording
from evalkit.report.blocks import Block, Checks, Grid, Mark, Paragraph, Section
from evalkit.report.sections_quality import quality_blocks

if TYPE_CHECKING:
    from evalkit.evaluation import Evaluation

__all__ = ["checks_block", "study_sections"]

NOT_REPORTED = "not reported"


def study_sections(evaluation: Evaluation) -> tuple[Section, ...]:
    """Give the sections that were settled before anything was estimated."""
    return (
        _measure(evaluation),
        _question(evaluation),
        _data(evaluation),
        _design(evaluation),
        _methods(evaluation),
    )


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
        *_ended(measure),
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


def _ended(measure: Intervention) -> list[tuple[str, str]]:
    """Say when it ended, and where it came back; nothing of a measure that goes on."""
    if not measure.ended:
        return []
    ends = sorted({end for times in measure.ended.values() for end in times})
    span = ends[0] if len(ends) == 1 else f"{ends[0]} to {ends[-1]}, {len(ends)} different ends"
    back = f"; came back in {formats.plural(len(measure.resumed), 'site', 'sites')}" if measure.resumed else ""
    where = formats.plural(len(measure.ended), "site", "sites")
    return [("Ended", f"{span} (first period without it), in {where}{back}")]


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
        Paragraph(head="What was estimated", text=formats.sentence(evaluation.primary.estimand)),
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
    blocks += quality_blocks(evaluation)
    hashes = evaluation.provenance.inputs
    if hashes:
        rows = tuple((path, digest) for path, digest in hashes.items())
        blocks.append(Grid(caption="Files that went in, by their SHA-256", columns=("File", "SHA-256"), rows=rows))
    else:
        blocks.append(Paragraph(text="No input file was named; the data came with the study itself."))
    return Section(key="data", title="Data", blocks=tuple(blocks))


def _panel_extent(name: str, design: Design) -> Block:
    panel = design.require_panel("a description of the data", may_end=True)
    labels = panel.periods.labels
    there = panel.values if panel.weights is None else panel.values[panel.weights > 0]
    total = formats.count(float(there.sum())) if panel.outcome.counts_events else "not a count"
    gone = panel.values.size - there.size
    missing = f"{formats.plural(gone, 'cell has', 'cells have')} weight 0" if gone else "no cell is missing"
    return Paragraph(
        head=name,
        text=f"{formats.plural(len(panel.sites), 'site', 'sites')} in "
        f"{formats.plural(len(labels), 'period', 'periods')}, "
        f"{labels[0]} to {labels[-1]}; {missing}. Events in all: {total}.",
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
        ("Reason", formats.sentence(level.reason)),
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
    blocks: list[Block] = [Paragraph(text=wording.compared(evaluation)), grid]
    checks = standing_checks(design, evaluation.primary)
    if checks:
        blocks.append(checks_block(checks))
    return Section(key="design", title="Design", blocks=tuple(blocks))


def _methods(evaluation: Evaluation) -> Section:
    blocks: list[Block] = []
    for card, names in _cards(evaluation):
        name = ", ".join(names)
        blocks.append(Paragraph(head=name, text=formats.sentence(card.title)))
        blocks.append(
            Grid(
                caption=f"What to know of {name}",
                columns=("Item", "Description"),
                rows=(
                    ("Needs", formats.sentence(card.needs)),
                    ("Assumes", formats.sentence(card.assumes)),
                    ("Source", card.source),
                    *(("Calibration", f"{what}, {against}: {result}") for what, against, result in card.calibration),
                    *_simulated(card),
                ),
            )
        )
    level = formats.level(evaluation.study.level)
    blocks.append(
        Paragraph(
            head="Ranges and several outcomes",
            text=f"Every range is a {level} range, read from draws. One outcome was named in advance as the "
            f"one the study is "
            "judged by; the others are shown without a correction for their number and are to be read as secondary.",
        )
    )
    return Section(key="methods", title="Methods", blocks=tuple(blocks))


def _simulated(card: Card) -> tuple[tuple[str, str], ...]:
    """Sum up the grid of simulated designs: how many hold their level, and what became of the others."""
    if not card.simulations:
        return ()
    standings = Counter[str](each.standing for each in card.simulations)
    told = [
        f"{standings[standing]} {words}"
        for standing, words in (
            ("holds", "with ranges that hold what they say"),
            ("conservative", "with ranges that are wider than they need be"),
            ("warns", "with ranges that do not, and a check that says so"),
            ("cannot tell", "where it says that nothing can be told at 95 %"),
            ("refuses", "where it gives no answer"),
            ("assumption broken", "where an assumption is broken unseen"),
        )
        if standings[standing]
    ]
    return (("Simulated", f"{len(card.simulations)} designs: {', '.join(told)}."),)


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


_SIGNS = {True: ("✓", "passed"), False: ("✗", "failed"), None: ("i", "for information")}


def checks_block(checks: Iterable[Check], fold: str = "") -> Checks:
    """Give checks with a sign and a word each."""
    marks = [
        Mark(sign=_SIGNS[check.passed][0], word=_SIGNS[check.passed][1], name=check.name, detail=check.detail)
        for check in checks
    ]
    return Checks(marks=tuple(marks), fold=fold)
