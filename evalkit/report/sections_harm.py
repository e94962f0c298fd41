"""The section on harm: what was prevented, each crime weighed by how much harm it does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evalkit.domain.text import listed
from evalkit.report import formats, moneywords
from evalkit.report.blocks import Block, Grid, Note, Paragraph, Picture, Section
from evalkit.report.drawing import Figure

if TYPE_CHECKING:
    from evalkit.economics import Amount, Harm, HarmPrevented, HarmTotal
    from evalkit.evaluation import Evaluation

__all__ = ["harm_sections"]


def harm_sections(evaluation: Evaluation, drawn: dict[str, Figure]) -> tuple[Section, ...]:
    """Give the section on harm, where something was weighed."""
    harm = evaluation.harm
    if harm is None:
        return ()
    blocks: list[Block] = [
        Paragraph(text=_MEANING),
        *(Paragraph(head=each.weights.name, text=_in_words(evaluation, each)) for each in harm.tables),
        *(Note(text=text) for text in harm.disagreements),
        _totals(harm),
    ]
    if "harm" in drawn:
        blocks.append(Picture(figure=drawn["harm"]))
    if evaluation.appraisal is not None:
        blocks.append(_costs(evaluation, harm, evaluation.appraisal.currency))
    blocks += [_by_crime(each) for each in harm.tables]
    blocks += [Note(text=text) for text in dict.fromkeys(text for each in harm.tables for text in each.warnings)]
    blocks += _left_out(harm)
    return (Section(key="harm", title="Harm", blocks=tuple(blocks)),)


_MEANING = (
    "A count takes a homicide and a stolen bicycle for one crime each. Here every crime prevented, net of what moved "
    "to or spread to nearby areas, stands with the weight that a table gives it. Outcomes are added up possibility by "
    "possibility, so that what varies together stays together. Tables differ, and so two are shown where there are two."
)


def _in_words(evaluation: Evaluation, found: HarmPrevented) -> str:
    parts = [_told(found.total, found.weights.unit, "")]
    if found.without_homicide is not None:
        parts.append(_told(found.without_homicide, found.weights.unit, "Without homicide, "))
    elif found.has_homicide:
        parts.append("Nothing but homicide is weighed.")
    else:
        parts.append("Homicide is not among the outcomes, so that the total is one without it.")
    if found.owner is not None:
        share = formats.percent(100 * (found.owner.share_of_variance or 0.0))
        parts.append(f"{formats.capital(found.owner.outcome)} owns {share} of the total’s variance.")
    if rests_on := moneywords.condition(evaluation):
        parts.append(f"This counts as prevented {rests_on}.")
    return " ".join(parts)


def _told(total: HarmTotal, unit: str, begin: str) -> str:
    amount = total.prevented
    if amount is None:
        return formats.sentence(f"{begin}there is no total: {total.reason}")
    key = "less" if amount.lower > 0 else "more" if amount.upper < 0 else "open"
    text = _TOLD[key].format(
        mean=formats.unsigned(amount.mean),
        lower=formats.rough(amount.lower),
        upper=formats.rough(amount.upper),
        unit=unit,
        chance=formats.chance(total.prob_prevented),
    )
    return f"{begin}{text}" if begin else formats.capital(text)


_TOLD = {
    "less": "about {mean} {unit} were prevented (between {lower} and {upper}); the chance that any harm was "
    "prevented is {chance}.",
    "more": "no harm is shown to have been prevented: there were about {mean} {unit} more than expected (prevented: "
    "between {lower} and {upper}).",
    "open": "the figures fit anything from {lower} to {upper} {unit} prevented, where a minus sign means more harm; "
    "the chance that any was prevented is {chance}.",
}


def _totals(harm: Harm) -> Grid:
    rows = []
    for found in harm.tables:
        for label, total in _labelled(found):
            rows.append(
                (
                    f"{found.weights.name}: {label}",
                    found.weights.unit,
                    _mean(total.prevented),
                    _range(total.prevented, total.reason),
                    formats.NOTHING if total.percent is None else formats.number(total.percent, 3),
                    formats.chance(total.prob_prevented),
                )
            )
    level = formats.level(harm.tables[0].total.prevented.level) if harm.tables[0].total.prevented else ""
    return Grid(
        caption=f"Harm prevented, with and without homicide; means{f', with {level} ranges' if level else ''}; a minus "
        "sign means more harm than expected",
        columns=("Table", "Unit", "Prevented", "Range", "Percent of expected", "Chance of less harm"),
        rows=tuple(rows),
        numeric=frozenset({2, 3, 4}),
    )


def _labelled(found: HarmPrevented) -> list[tuple[str, HarmTotal]]:
    if found.without_homicide is None:
        return [("homicide only" if found.has_homicide else "all (no homicide measured)", found.total)]
    return [("with homicide", found.total), ("without homicide", found.without_homicide)]


def _costs(evaluation: Evaluation, harm: Harm, currency: str) -> Grid:
    rows = []
    for found in harm.tables:
        for label, total in _labelled(found):
            value, detail = _cost(evaluation, total, currency)
            at = {} if total.cost is None else total.cost.acceptable_at
            worth = [
                formats.amount(at[p], currency) if at.get(p) is not None else "none"  # type: ignore[arg-type]
                for p in (0.5, 0.8, 0.95)
            ]
            rows.append((f"{found.weights.name}: {label}", value, detail, *worth))
    return Grid(
        caption="Cost of one unit of harm prevented (a ratio of means, in present value), and what a unit must be "
        "worth for the measure to pay with a chance of 50, 80 and 95 in 100",
        columns=("Table", "Cost of a unit", "Remark", "50 in 100", "80 in 100", "95 in 100"),
        rows=tuple(rows),
        numeric=frozenset({1, 3, 4, 5}),
    )


def _cost(evaluation: Evaluation, total: HarmTotal, currency: str) -> tuple[str, str]:
    """Give the cost of a unit only where harm is shown to have been prevented, and the reason otherwise."""
    cost = total.cost
    if cost is None:
        return "no figure", formats.sentence(total.reason)
    if cost.prob_prevents < 0.5:
        return "no figure", "It is not shown to prevent harm."
    if cost.estimate is None:
        return "no figure", formats.sentence(cost.reason)
    if total.prevented is None or total.prevented.lower <= 0:
        return "no figure", "It may have prevented none."
    return formats.amount(cost.estimate, currency), formats.sentence(moneywords.condition(evaluation))


def _by_crime(found: HarmPrevented) -> Grid:
    rows = [
        (
            line.outcome,
            f"{line.weight.label} ({_SURE[line.weight.certainty]})",
            formats.number(line.weight.weight),
            _mean(line.harm),
            _range(line.harm, line.reason),
            _share(line.share_of_mean),
            _share(line.share_of_variance),
        )
        for line in found.lines
    ]
    return Grid(
        caption=f"By crime, by {found.weights.name} ({found.weights.unit}); shares of the total with everything in it",
        columns=("Outcome", "Weighed as", "Weight", "Prevented", "Range", "Of mean", "Of variance"),
        rows=tuple(rows),
        numeric=frozenset({2, 3, 4, 5, 6}),
    )


_SURE = {"primary": "read in the source", "secondary": "quoted", "memory": "FROM MEMORY", "own": "the study’s own"}


def _share(value: float | None) -> str:
    return formats.NOTHING if value is None else formats.percent(100 * value, signed=value < 0)


def _mean(amount: Amount | None) -> str:
    return formats.NOTHING if amount is None else formats.number(amount.mean)


def _range(amount: Amount | None, reason: str) -> str:
    return (
        reason or formats.NOTHING
        if amount is None
        else f"{formats.number(amount.lower)} to {formats.number(amount.upper)}"
    )


def _left_out(harm: Harm) -> list[Block]:
    told = []
    for found in harm.tables:
        reasons: dict[str, list[str]] = {}
        for name, reason in found.left_out.items():
            reasons.setdefault(reason, []).append(name)
        told += [
            f"Not in the harm by {found.weights.name}: {listed(names)} ({reason})." for reason, names in reasons.items()
        ]
    return [Note(text=text) for text in told]
