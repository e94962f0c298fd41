"""The technical part of pooled evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evalkit.report import evidence_words as words
from evalkit.report import formats
from evalkit.report.blocks import Block, Grid, Listing, Paragraph, Picture, Section
from evalkit.report.drawing import Figure
from evalkit.report.evidence_money import place_sections
from evalkit.report.evidence_support import RULE
from evalkit.report.sections_study import checks_block

if TYPE_CHECKING:
    from evalkit.evidence.body import BodyOfEvidence
    from evalkit.evidence.methods import MethodLine
    from evalkit.pooling import Synthesis

__all__ = ["evidence_sections"]


def evidence_sections(synthesis: Synthesis, figures: tuple[Figure, ...]) -> tuple[Section, ...]:
    """Give every section in order."""
    body = synthesis.body
    drawn = {each.name: each for each in figures}
    return (
        _summary(synthesis),
        _studies(synthesis),
        _spread(body),
        _methods(body),
        _prior(body),
        _without_each(body, drawn),
        _small_studies(body, drawn),
        *_moderators(body, drawn),
        *place_sections(synthesis),
        Section(key="checks", title="Checks", blocks=(checks_block(body.checks),)),
        _limits(synthesis),
    )


def _summary(synthesis: Synthesis) -> Section:
    parts = (
        ("Question", synthesis.evidence.question),
        ("Result", words.headline(synthesis)),
        ("How it was found", words.method_sentence(synthesis.body)),
        ("How sure", " ".join(words.how_sure(synthesis.body))),
    )
    blocks = tuple(Paragraph(head=head, text=text) for head, text in parts if text)
    return Section(key="summary", title="Summary", blocks=blocks)


def _studies(synthesis: Synthesis) -> Section:
    body = synthesis.body
    name = words.ratio_name(body)
    rows = tuple(
        (
            each.study,
            "" if each.year is None else str(each.year),
            words.as_ratio(body, each.estimate),
            words.ratio_range(body, each.interval(body.level)),
            words.as_ratio(body, shrunk.median),
            formats.percent(100 * float(pooled)),
        )
        for each, shrunk, pooled in zip(body.studies, body.overall.sites, body.overall.pooling, strict=True)
    )
    grid = Grid(
        caption=f"Every study: its {name} with its {formats.level(body.level)} range, the same drawn towards the "
        "others, and by how much it is drawn",
        columns=("Study", "Year", formats.capital(name), "Range", "Drawn", "Pooling"),
        rows=rows,
        numeric=frozenset({1, 2, 3, 4, 5}),
    )
    notes = words.notes_of_studies(body)
    blocks: list[Block] = [grid, Paragraph(head="How effects were made", text=_made_from(body))]
    if notes:
        blocks += [Paragraph(head="What must be known of single studies", text=""), Listing(items=notes)]
    if synthesis.evidence.sources.told:
        told = tuple(f"{each}." for each in synthesis.evidence.sources.told)
        blocks += [Paragraph(head="How files were read", text=""), Listing(items=told)]
    return Section(key="studies", title="The studies", blocks=tuple(blocks))


def _made_from(body: BodyOfEvidence) -> str:
    ways = list(dict.fromkeys(each.made_from for each in body.effects))
    return f"{'; '.join(formats.capital(way) for way in ways)}. Below no change is less crime or harm in every study."


def _spread(body: BodyOfEvidence) -> Section:
    spread = body.spread
    told = (
        f"By the classical measures Cochran's Q is {formats.number(spread.q, 3)} on {spread.degrees_of_freedom} "
        f"degrees of freedom (p = {formats.number(spread.p_value, 2)}), and {formats.percent(spread.i2)} of the spread "
        "of estimates is more than chance (I²). I² says how exact the studies are as much as how programmes differ; "
        "the standard deviation above says the latter."
    )
    return Section(
        key="spread",
        title="Do programmes differ?",
        blocks=(Paragraph(text=words.differ(body)), Paragraph(head="In other words", text=told)),
    )


def _methods(body: BodyOfEvidence) -> Section:
    name = words.ratio_name(body)
    means = [line.mean for line in body.methods if line.mean is not None]
    grid = Grid(
        caption=f"The mean by every method, as {name}, with {formats.level(body.level)} ranges",
        columns=("Method", "Mean", "Range", "One more programme", "Spread", "Chance of harm"),
        rows=tuple(_method_row(body, line) for line in body.methods),
        numeric=frozenset({1, 2, 3, 4, 5}),
    )
    reasons = tuple(dict.fromkeys(f"{line.name}: {line.reason}." for line in body.methods if line.reason))
    told = (
        f"The choice of method moves the mean from {words.change(body, min(means))} to "
        f"{words.change(body, max(means))}. The first line is the answer; the others stand beside it because readers "
        "of reviews know them. Those with 'normal' take the spread between programmes as known, which few studies do "
        "not tell."
    )
    blocks: list[Block] = [Paragraph(text=told), grid]
    if reasons:
        blocks.append(Listing(items=reasons))
    return Section(key="methods", title="What the choice of method moves", blocks=tuple(blocks))


def _method_row(body: BodyOfEvidence, line: MethodLine) -> tuple[str, ...]:
    if line.mean is None:
        return (line.name, *[formats.NOTHING] * 5)
    return (
        line.name,
        words.as_ratio(body, line.mean),
        words.ratio_range(body, line.held),
        words.ratio_range(body, line.new),
        formats.NOTHING if line.tau is None else formats.number(line.tau, 2),
        formats.NOTHING if line.prob_new_harm is None else formats.chance(line.prob_new_harm),
    )


def _prior(body: BodyOfEvidence) -> Section:
    check = next(each for each in body.checks if each.name == "prior")
    blocks: list[Block] = [Paragraph(text=words.prior_sentence(body))]
    if body.prior.source:
        blocks.append(Paragraph(head="Where it comes from", text=f"{body.prior.source}."))
    blocks.append(Paragraph(head="How much it decides", text=check.detail))
    if body.by_prior:
        blocks.append(_by_prior(body))
    return Section(key="prior", title="What was believed beforehand", blocks=tuple(blocks))


def _by_prior(body: BodyOfEvidence) -> Grid:
    rows = tuple(
        (
            line.name,
            words.as_ratio(body, line.mean),
            words.ratio_range(body, line.mean_interval),
            words.ratio_range(body, line.new_interval),
            formats.chance(1 - line.new_below),
        )
        for line in body.by_prior
    )
    return Grid(
        caption=f"The same studies under other priors, as {words.ratio_name(body)}, with {formats.level(body.level)} "
        "ranges",
        columns=("Prior", "Mean", "Range", "One more programme", "Chance of harm"),
        rows=rows,
        numeric=frozenset({1, 2, 3, 4}),
    )


def _without_each(body: BodyOfEvidence, drawn: dict[str, Figure]) -> Section:
    check = next(each for each in body.checks if each.name == "one study decides")
    pictures = tuple(Picture(figure=drawn[name]) for name in ("without-each",) if name in drawn)
    return Section(key="without", title="Does one study decide?", blocks=(Paragraph(text=check.detail), *pictures))


def _small_studies(body: BodyOfEvidence, drawn: dict[str, Figure]) -> Section:
    check = next(each for each in body.checks if each.name == "small studies")
    found = body.asymmetry
    pictures = tuple(Picture(figure=drawn[name]) for name in ("funnel",) if name in drawn)
    if found.selection is None:
        told = f"No model of selective publication was fitted: {found.selection_reason}."
    else:
        fit = found.selection
        told = (
            f"If studies that show no benefit at 5 % are seen {formats.number(float(fit.weights[1]), 2)} times as "
            f"often as those that do, which fits best, the mean is {words.change(body, fit.estimate)} "
            f"({formats.level(body.level)} range {words.change_range(body, fit.interval(body.level))}; p of no "
            f"selection {formats.number(fit.p_value, 2)}). It rests on one kind of selection, by significance alone, "
            "and on normal effects: a check of how far the answer could move, and no better answer."
        )
    return Section(
        key="small-studies",
        title="Do small studies find something else?",
        blocks=(
            Paragraph(text=check.detail),
            *pictures,
            Paragraph(head="Selection", text=told),
        ),
    )


def _moderators(body: BodyOfEvidence, drawn: dict[str, Figure]) -> tuple[Section, ...]:
    fit = body.by_moderators
    if fit is None:
        return ()
    rows = []
    for name in fit.names[1:]:
        known = fit.coefficient(name)
        rows.append(
            (
                name,
                formats.number(known.mean, 3),
                formats.full_range(known.interval(body.level)),
                formats.chance(float(known.above(0.0))),
            )
        )
    grid = Grid(
        caption="By how much the effect changes with each: on the scale of the effects (logs of ratios), per unit of a "
        f"number, and against the first level of a text; {formats.level(body.level)} ranges",
        columns=("What effects differ by", "Change", "Range", "Chance that it is above 0"),
        rows=tuple(rows),
        numeric=frozenset({1, 2, 3}),
    )
    left = float(fit.between.ppf(0.5))
    told = (
        f"Once these are known, a standard deviation of {formats.number(left, 2)} is left between programmes, against "
        f"{formats.number(body.between[0], 2)} without them. Programmes were not given these by lot: what goes along "
        "with them may be the reason."
    )
    pictures = tuple(Picture(figure=drawn[name]) for name in ("moderator",) if name in drawn)
    return (Section(key="moderators", title="What effects differ by", blocks=(grid, Paragraph(text=told), *pictures)),)


def _limits(synthesis: Synthesis) -> Section:
    made = synthesis.provenance
    items = (
        "Errors of the studies are taken as known and as normal on the scale of the effects: rough with few events.",
        "A study counts by how exact it is and not by how good it is; what failed in it stands beside it.",
        "True effects are taken to be spread normally around their mean.",
        f"Rule of the advice: {RULE}",
    )
    rows = tuple((name, digest) for name, digest in made.inputs.items())
    blocks: list[Block] = [Listing(items=items)]
    if rows:
        blocks.append(
            Grid(caption="Files that were read", columns=("File", "SHA-256"), rows=rows, fold="Files that were read")
        )
    return Section(key="limits", title="What this rests on", blocks=tuple(blocks))
