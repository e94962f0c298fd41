"""The new place: what would happen there, what it would cost, and whether a pilot pays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from evalkit.draws import interval
from evalkit.judgement import probability_in_words
from evalkit.report import evidence_words as words
from evalkit.report import formats
from evalkit.report.blocks import Block, Grid, Paragraph, Section
from evalkit.report.front import who_pays
from evalkit.report.sections_study import checks_block

if TYPE_CHECKING:
    from evalkit.economics import Appraisal
    from evalkit.pooling import Synthesis

__all__ = ["place_rows", "place_sections"]


def place_rows(synthesis: Synthesis) -> tuple[tuple[str, str], ...]:
    """Give what the new place comes to, a sentence a row with its name."""
    rows = [("What is expected there", _expected(synthesis)), ("What would be prevented", _prevented(synthesis))]
    appraisal = synthesis.appraisal
    if appraisal is None:
        return (*(row for row in rows if row[1]), ("Money", synthesis.appraisal_reason))
    rows += [("Cost of preventing one", _cost_of_one(appraisal)), ("Does it pay?", _pays(appraisal))]
    rows.append(("Would a pilot pay?", _pilot(synthesis)))
    return tuple(row for row in rows if row[1])


def _expected(synthesis: Synthesis) -> str:
    place, predicted = synthesis.evidence.place, synthesis.predicted
    if place is None or predicted is None or not place.has_counts:
        return ""
    total = sum(each.mean for each in place.expected)
    span = f"in {place.periods[0]}" if len(place.periods) == 1 else f"from {place.periods[0]} to {place.periods[-1]}"
    return f"{formats.events(total)} {predicted.outcome.plural} without the measure, {span}."


def _prevented(synthesis: Synthesis) -> str:
    predicted, level = synthesis.predicted, synthesis.body.level
    if predicted is None or predicted.total_prevented is None:
        return ""
    total = predicted.total_prevented
    held = interval(total, level)
    if not synthesis.body.has_mean_ratio:
        return f"Anything from {_side(held.lower)} to {_side(held.upper)} ({formats.level(level)} range)."
    mean = float(np.mean(total))
    if mean >= 0:
        lead = f"On average {formats.events(mean)} {predicted.outcome.plural} fewer"
    else:
        lead = f"None: on average {formats.events(mean)} {predicted.outcome.plural} more"
    return (
        f"{lead}, anything from {_side(held.lower)} to {_side(held.upper)} ({formats.level(level)} range). That is the "
        "mean over all that may be; money rests on it."
    )


def _side(prevented: float) -> str:
    return f"{formats.events(prevented)} {'fewer' if prevented > 0 else 'more'}"


def _cost_of_one(appraisal: Appraisal) -> str:
    one = appraisal.cost_per_crime_prevented
    chance = f"The chance that any is prevented is {formats.chance(one.prob_prevents)}."
    if one.estimate is None:
        return f"No figure: {one.reason}. {chance}"
    if appraisal.prevented.lower <= 0:
        even = appraisal.break_even.events
        pays = "" if even is None else f" It pays for itself from {formats.events(even)} prevented on."
        return f"No figure is quoted, as none may be prevented. {chance}{pays}"
    return f"{formats.money(one.estimate, appraisal.currency)}, mean cost over mean prevented. {chance}"


def _pays(appraisal: Appraisal) -> str:
    net, chance, currency = appraisal.net_benefit, appraisal.prob_net_benefit, appraisal.currency
    if net is None or chance is None:
        return formats.sentence(appraisal.benefit_reason)
    side = "more" if net.mean >= 0 else "less"
    return (
        f"The chance that benefits exceed costs is {formats.chance(chance)} ({probability_in_words(chance)}). On "
        f"average benefits are {formats.money(abs(net.mean), currency)} {side} than costs, with a range from "
        f"{formats.money(net.lower, currency)} to {formats.money(net.upper, currency)}."
    )


def _pilot(synthesis: Synthesis) -> str:
    found = synthesis.pilot
    if found is None:
        return synthesis.pilot_reason
    verdict = "worth it" if found.is_worth_it else "not worth it"
    best = "to adopt it at once" if found.best_now == "adopt" else "to do without"
    waiting = f", and {formats.money(found.forgone, found.currency)} are lost by waiting" if found.forgone else ""
    return (
        f"{formats.capital(found.pilot.name)} would show the effect there with a standard error of "
        f"{formats.number(found.pilot.standard_error, 2)} on the log scale, which takes away "
        f"{formats.percent(100 * found.resolved)} of the variance of what to expect. That is worth "
        f"{formats.money(found.sample, found.currency)} to the decision; it costs "
        f"{formats.money(found.cost, found.currency)}{waiting}: {verdict}. Without it, it is best on average {best}. "
        f"No study can be worth more than {formats.money(found.perfect, found.currency)}."
    )


def place_sections(synthesis: Synthesis) -> tuple[Section, ...]:
    """Give the sections on the new place and its money; none where no place was named."""
    place, predicted = synthesis.evidence.place, synthesis.predicted
    if place is None or predicted is None:
        return ()
    blocks: list[Block] = [
        Paragraph(head="The effect to expect", text=words.in_a_new_place(synthesis)),
        *(Paragraph(head=head, text=text) for head, text in place_rows(synthesis)),
    ]
    if predicted.prevented is not None:
        blocks.append(_by_period(synthesis))
    blocks.append(Paragraph(head="What this takes for granted", text=predicted.assumption))
    if place.at:
        told = ", ".join(f"{name} {value}" for name, value in place.at.items())
        blocks.append(Paragraph(head="Read at", text=f"{told}."))
    blocks.append(checks_block(predicted.checks))
    found = [Section(key="place", title=f"A new place: {place.name}", blocks=tuple(blocks))]
    if synthesis.appraisal is not None:
        found.append(_money(synthesis.appraisal))
    return tuple(found)


def _by_period(synthesis: Synthesis) -> Grid:
    place, predicted, level = synthesis.evidence.place, synthesis.predicted, synthesis.body.level
    rows = []
    if place is not None and predicted is not None and predicted.prevented is not None:
        for column, label in enumerate(place.periods):
            draws = predicted.prevented[:, column]
            rows.append(
                (
                    label,
                    formats.number(place.expected[column].mean),
                    formats.number(float(draws.mean())),
                    formats.full_range(interval(draws, level)),
                )
            )
    return Grid(
        caption=f"Events by period; prevented is a mean with its {formats.level(level)} range, negative where there "
        "would be more",
        columns=("Period", "Expected without", "Prevented", "Range"),
        rows=tuple(rows),
        numeric=frozenset({1, 2, 3}),
    )


def _money(appraisal: Appraisal) -> Section:
    rows = tuple((each.what, each.value, each.source or formats.NOTHING) for each in appraisal.assumptions)
    return Section(
        key="money",
        title="Costs and benefits there",
        blocks=(
            Paragraph(head="Does it pay?", text=_pays(appraisal)),
            Paragraph(head="Cost of preventing one", text=_cost_of_one(appraisal)),
            who_pays(appraisal, rough=False),
            Paragraph(
                head="Terms",
                text=f"Perspective: {appraisal.perspective}. Prices of {appraisal.price_year} in "
                f"{formats.currency_name(appraisal.currency)}. Discounting: {appraisal.discounting}. Prices: "
                f"{appraisal.schedule or 'none'}.",
            ),
            Grid(
                caption="What the money rests on",
                columns=("Assumption", "Value", "Source"),
                rows=rows,
                fold=formats.plural(len(rows), "assumption", "assumptions"),
            ),
            *(Paragraph(head="Note", text=text) for text in appraisal.warnings),
        ),
    )
