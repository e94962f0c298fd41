"""The end of the technical part: how sure, what limits it, how to make it again, and what words mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evalkit.judgement import standing_checks
from evalkit.report.blocks import Block, Grid, Listing, Note, Paragraph, Section
from evalkit.report.reading import is_recorded_crime
from evalkit.report.support import RULE, supports

if TYPE_CHECKING:
    from evalkit.evaluation import Evaluation

__all__ = ["closing_sections"]


def closing_sections(evaluation: Evaluation) -> tuple[Section, ...]:
    """Give the sections that close a report."""
    return (
        _certainty(evaluation),
        _limits(evaluation),
        _refusals(evaluation),
        _missing(evaluation),
        _reproduce(evaluation),
        _glossary(),
    )


def _certainty(evaluation: Evaluation) -> Section:
    finding, support = evaluation.finding, supports(evaluation)
    blocks: list[Block] = [
        Paragraph(head=f"Certainty: {finding.certainty}", text=f"{finding.dots} of 4."),
        Listing(items=finding.reasons),
        Paragraph(head="Rule for certainty", text=_CERTAINTY_RULE),
        Paragraph(head="Rule for the advice", text=RULE),
        Paragraph(head="What the rule comes to", text=f"{support.action.capitalize()}."),
    ]
    if support.is_own:
        blocks.append(Note(text="The advice on the first page was written by the evaluator in place of the rule's."))
    return Section(key="certainty", title="Certainty and advice", blocks=tuple(blocks))


_CERTAINTY_RULE = (
    "A lottery starts at high, a comparison of several sites over several periods at moderate, one of two areas before "
    "and after at low, anything else at very low; a method that adds sites up to two areas starts where those do. "
    "Each failed check that speaks against a causal reading takes one step down, and so does another estimator that "
    "comes to another answer; at most two. Without a lottery, moderate is left only where a test of the time before "
    "the start, with the power to see a difference, saw none."
)


def _limits(evaluation: Evaluation) -> Section:
    outcome, design = evaluation.primary.outcome, evaluation.design(evaluation.study.primary)
    items = [evaluation.primary.assumption]
    if is_recorded_crime(outcome):
        items.append(
            "Recorded crime is not all crime: a measure that makes people report more looks worse than it is, one that "
            "makes them report less looks better."
        )
    if evaluation.primary.displacement is None:
        items.append("No nearby area was measured: crime may have moved, or a benefit may have spread.")
    items.append(
        "The result belongs to these places and this time; elsewhere the effect may be larger, smaller or none."
    )
    items += [
        check.detail
        for check in (*standing_checks(design, evaluation.primary), *evaluation.primary.checks)
        if check.passed is False
    ]
    money = () if evaluation.appraisal is None else evaluation.appraisal.warnings
    # what is said where it belongs is not said again
    told = {*money, *evaluation.unpriced.warnings}
    notes = tuple(Note(text=text) for text in dict.fromkeys(evaluation.warnings) if text not in told)
    return Section(key="limits", title="Limits", blocks=(Listing(items=tuple(dict.fromkeys(items))), *notes))


def _refusals(evaluation: Evaluation) -> Section:
    if not evaluation.refusals:
        text = "Every estimator that was asked gave an answer."
        return Section(key="refusals", title="Estimators without an answer", blocks=(Paragraph(text=text),))
    grid = Grid(
        caption="Asked for in the study, and why there is no answer",
        columns=("Outcome", "Estimator", "Reason"),
        rows=tuple((each.outcome, each.estimator, each.reason) for each in evaluation.refusals),
    )
    return Section(key="refusals", title="Estimators without an answer", blocks=(grid,))


def _missing(evaluation: Evaluation) -> Section:
    """Say where the study is silent, after the items of TREND (doi:10.2105/AJPH.94.3.361)."""
    measure, design = evaluation.study.intervention, evaluation.design(evaluation.study.primary)
    outcomes = [each.outcome for each in evaluation.study.designs.values()]
    items = [
        ("question", evaluation.study.question),
        ("mechanism, why it should work", measure.mechanism),
        ("dose delivered", measure.dose),
        ("who delivered it", measure.partners),
        ("place", measure.place),
        ("who evaluated", measure.evaluated_by),
        ("who paid", measure.paid_by),
        ("source of every outcome", all(outcome.source for outcome in outcomes)),
        ("smallest change that matters, named in advance", evaluation.primary.outcome.minimum_worthwhile),
        ("how the treated sites were selected", design.selection_window or design.assignment == "randomised"),
        ("displacement", evaluation.primary.displacement),
        ("costs", evaluation.appraisal),
    ]
    silent = [name for name, value in items if not value]
    if not silent:
        blocks: tuple[Block, ...] = (Paragraph(text="The study reports everything on this list."),)
    else:
        blocks = (
            Grid(
                caption="Items that a full report has (after TREND) and this study does not give",
                columns=("Item", "State"),
                rows=tuple((name, "not reported") for name in silent),
            ),
        )
    return Section(key="missing", title="What is not reported", blocks=blocks)


def _reproduce(evaluation: Evaluation) -> Section:
    made = evaluation.provenance
    rows = [("seed", str(made.seed)), ("draws", f"{made.draws:,}"), *made.versions.items()]
    return Section(
        key="reproduce",
        title="How to make this again",
        blocks=(
            Paragraph(text="The same study, seed and versions give the same numbers to the last digit:"),
            Paragraph(
                text=f"evalkit run STUDY --seed {made.seed} --draws {made.draws}", head="Command", is_command=True
            ),
            Grid(caption="What made the numbers", columns=("Item", "Value"), rows=tuple(rows)),
        ),
    )


def _glossary() -> Section:
    verbs = (
        ("high", "reduced, increased, made little or no difference"),
        ("moderate", "probably reduced, probably increased, probably made little or no difference"),
        ("low", "may have reduced, may have increased, may have made little or no difference"),
        ("very low", "we do not know whether it reduced, increased or made a difference"),
        ("very low, with nothing to compare with", "a fall, a rise, or little or no change went together with it"),
        ("any, where the range holds benefit and harm", "this study cannot tell"),
    )
    words = (
        ("virtually certain", "more than 99 in 100"),
        ("very likely", "more than 90 in 100"),
        ("likely", "more than 66 in 100"),
        ("about as likely as not", "33 to 66 in 100"),
        ("unlikely", "10 to 33 in 100"),
        ("very unlikely", "1 to 10 in 100"),
        ("exceptionally unlikely", "at most 1 in 100"),
    )
    terms = (
        ("expected", "what would have been recorded without the measure, as the estimate gives it"),
        (
            "range",
            (
                "a 95 % range, where draws stand for a sampling distribution: of many studies made in the same way, 95 "
                "in 100 such ranges would hold the true value, if what the estimator assumes is true; where they stand "
                "for a posterior: the true value lies in it with a chance of 95 in 100, given the data and the model"
            ).replace(" %", "\N{NO-BREAK SPACE}%"),
        ),
        ("nearby area", "where crime could have moved to, or a benefit could have spread; also called buffer"),
        ("displacement", "crime that moved from the treated sites to nearby areas instead of ending"),
        ("break-even", "the number of crimes that must be prevented for the measure to pay for itself"),
    )
    return Section(
        key="glossary",
        title="Words",
        blocks=(
            Grid(
                caption="Certainty of the evidence picks the verb", columns=("Certainty", "How it is said"), rows=verbs
            ),
            Grid(caption="Words for probability (scale of the IPCC)", columns=("Word", "Chance"), rows=words),
            Grid(caption="Terms", columns=("Term", "Meaning"), rows=terms),
        ),
    )
