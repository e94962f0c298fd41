"""The section on knowing more: what it is worth before the measure is adopted or done without."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evalkit.report import formats
from evalkit.report.blocks import Block, Grid, Listing, Note, Paragraph, Picture, Section
from evalkit.report.drawing import Figure

if TYPE_CHECKING:
    from evalkit.economics import Information, PartialInformation, PlanValue
    from evalkit.evaluation import Evaluation

__all__ = ["information_sections"]

_TITLE = "What is it worth to know more?"


def information_sections(evaluation: Evaluation, drawn: dict[str, Figure]) -> tuple[Section, ...]:
    """Give the section, or why nothing can be said; none where nothing was appraised, as the money says why."""
    found = evaluation.information
    if evaluation.appraisal is None or (found is None and not evaluation.information_reason):
        return ()
    if found is None:
        return (_section(Paragraph(text=formats.sentence(evaluation.information_reason))),)
    return (
        _section(
            Paragraph(head="The decision", text=_decision(found)),
            Paragraph(head="Knowing everything", text=_perfect(found)),
            _inputs(found),
            *(Picture(figure=drawn[name]) for name in ("known-inputs",) if name in drawn),
            *_learning(found),
        ),
    )


def _section(*blocks: Block) -> Section:
    return Section(key="information", title=_TITLE, blocks=blocks)


def _decision(found: Information) -> str:
    seen = "in the years that were observed" if found.scenario == "observed window" else "with the years extrapolated"
    best = "to adopt it" if found.best == "adopt" else "to do without it"
    return (
        f"To adopt the measure as it was appraised {seen}, or to do without it, at the worth of a crime in the prices "
        f"“{found.schedule or 'own'}”. On average it is best {best}. Knowing more has a worth where it could show that "
        "the other choice is right."
    )


def _perfect(found: Information) -> str:
    pilot = formats.money(found.perfect, found.currency)
    if not found.perfect:
        return "It would be worth nothing: all possibilities that fit the data lead to the same choice."
    rolled, learning = found.perfect_for_roll_out, found.learning
    if rolled is None or learning is None:
        return (
            f"It would be worth {pilot}, on the scale of what was appraised. A study that costs more cannot pay for "
            "this decision alone; for a larger roll-out it is worth more in proportion."
        )
    sites = formats.plural(round(learning.roll_out.sites), "site", "sites")
    return (
        f"It would be worth {pilot} on the scale of what was appraised, and "
        f"{formats.money(rolled, found.currency)} for the roll-out to {sites} over "
        f"{formats.number(learning.roll_out.years)} years. No study can be worth more."
    )


def _inputs(found: Information) -> Grid:
    rows = [_row(each, found) for each in found.inputs]
    if found.effects is not None and len(found.inputs) > 1 and found.effects not in found.inputs:
        rows.append(_row(found.effects, found))
    return Grid(
        caption=f"Worth of knowing one input before deciding (EVPPI), {formats.currency_name(found.currency)}, on the "
        "scale of what was appraised; the parts do not add up to the worth of knowing everything",
        columns=("Input", "Worth of knowing it", "Reached by chance alone"),
        rows=tuple(rows) or (("no input is uncertain", formats.NOTHING, formats.NOTHING),),
        numeric=frozenset({1, 2}),
    )


def _row(each: PartialInformation, found: Information) -> tuple[str, str, str]:
    value = formats.amount(each.value, found.currency) if each.is_distinguishable else each.words
    return each.name, value, formats.money(each.noise_floor, found.currency)


def _learning(found: Information) -> list[Block]:
    observed = found.observed
    if observed is None or not found.plans:
        return []
    return [
        Grid(
            caption=f"Ways to learn more before the roll-out, {formats.currency_name(found.currency)}, present value",
            columns=(
                "Plan",
                "Variance it resolves",
                "Worth (EVSI)",
                "Cost",
                "Lost by waiting",
                "Left (ENBS)",
                "Worth it?",
            ),
            rows=tuple(_plan_row(plan) for plan in found.plans),
            numeric=frozenset({1, 2, 3, 4, 5}),
        ),
        Listing(items=tuple(_plan_sentence(plan, found.currency) for plan in found.plans)),
        Paragraph(head="What to do", text=_advice(found)),
        Note(text=_rests_on(found)),
    ]


def _plan_row(each: PlanValue) -> tuple[str, ...]:
    return (
        each.plan.name,
        formats.percent(100 * each.resolved),
        formats.full_money(each.value) if each.is_distinguishable else "not distinguishable from 0",
        formats.full_money(each.plan.cost),
        formats.full_money(each.forgone),
        formats.full_money(each.net),
        "yes" if each.is_worth_it else "no",
    )


def _plan_sentence(each: PlanValue, currency: str) -> str:
    plan, name = each.plan, formats.capital(each.plan.name)
    cost = formats.money(plan.cost, currency)
    verdict = "worth it" if each.is_worth_it else "not worth it"
    if not each.is_distinguishable:
        return f"{name}: what it would teach is not distinguishable from 0; its cost is {cost}: not worth it."
    waiting = f", and {formats.money(each.forgone, currency)} are lost while the roll-out waits" if each.forgone else ""
    worth = formats.money(each.value, currency)
    return f"{name}: {_more(each)} is worth {worth} at most; its cost is {cost}{waiting}: {verdict}."


def _more(each: PlanValue) -> str:
    parts = []
    if each.plan.months:
        parts.append(f"{formats.number(each.plan.months)} months more")
    if each.plan.sites:
        parts.append(f"at {formats.number(each.plan.sites)} further sites")
    return f"learning {' and '.join(parts)}"


def _advice(found: Information) -> str:
    best = found.best_plan
    if best is not None:
        left = formats.money(best.net, found.currency)
        return f"Of the plans listed, “{best.plan.name}” is worth most beyond its cost: {left}."
    now = "to adopt the measure" if found.best == "adopt" else "to do without the measure"
    return (
        "None of the plans listed is worth its cost to this decision. By expected net benefit alone, which weighs "
        f"neither how sure the effect is nor what the design can show, it is best {now} on what is known."
    )


def _rests_on(found: Information) -> str:
    observed = found.observed
    if observed is None:
        return ""
    share = observed.share_lasting
    error = (
        "all of the present error is taken to shrink with the months observed; shifts that last at a site would make "
        "a longer pilot worth less"
        if not share
        else f"{formats.percent(100 * share)} of the variance of the present error is taken to last at a site, and so "
        "to shrink with sites only"
    )
    return (
        f"The effect was seen at {formats.plural(round(observed.sites), 'treated site', 'treated sites')} for "
        f"{formats.number(observed.months, 3)} months: {error}. Each further site comes with as many comparison "
        "sites as now. Costs and benefits of a site and year of the roll-out are taken to be those of the pilot, and "
        f"{_waiting(found)}."
    )


def _waiting(found: Information) -> str:
    if found.learning is None or found.learning.waits:
        return "the roll-out waits until the answer is there"
    return "what is best at present is done until the answer is there, and can be undone then without loss"
