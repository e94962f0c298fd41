"""The section on who gains and who pays: bearers, areas, groups, and what follows elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from evalkit.domain.text import listed
from evalkit.report import formats
from evalkit.report.blocks import Block, Grid, Note, Paragraph, Picture, Section
from evalkit.report.drawing import Figure
from evalkit.report.front import unit_of

if TYPE_CHECKING:
    from evalkit.economics import Amount, Appraisal, AreaLine, GroupTable, Incidence, PayersAndGainers, Weighing
    from evalkit.evaluation import Evaluation

__all__ = ["incidence_sections", "who_is_who"]

# Beyond these many sites a table is for a file, not for a page.
_MOST_AREAS = 15


def incidence_sections(evaluation: Evaluation, drawn: Mapping[str, Figure]) -> tuple[Section, ...]:
    """Give the section where there is an appraisal that tells it."""
    appraisal = evaluation.appraisal
    if appraisal is None or appraisal.incidence is None:
        return ()
    found = appraisal.incidence
    blocks: list[Block] = [
        *_bearers(found.payers_and_gainers),
        _direct(appraisal, found),
        *_areas(evaluation, appraisal, found, drawn),
        *_groups(appraisal, found),
        *_later(appraisal),
    ]
    return (Section(key="incidence", title="Who gains, who pays", blocks=tuple(blocks)),)


def who_is_who(both: PayersAndGainers) -> str:
    """Say in sentences who pays 100 of cost and who gains 100 of benefit."""
    if both.reason and not (both.payers and both.gainers):
        return f"Who pays cannot be set against who gains: {both.reason}."
    told = (
        f"Of every 100 of cost, {_shared(both.payers, 'paid by')}. Of every 100 gained, "
        f"{_shared(both.gainers, 'gained by')}."
    )
    if both.to_others is not None and not both.reason:
        told += f" {_TO_OTHERS.get(round(both.to_others, 6), _SOME.format(_hundred(both.to_others)))}"
    if both.losers:
        told += f" Losses on average, which these shares leave out: {listed(list(both.losers))}."
    if both.reason:
        told += f" {formats.sentence(both.reason)}"
    return told


_TO_OTHERS = {
    0.0: "All of it comes to those who pay.",
    1.0: "The payer is not the gainer: all of it comes to those who pay nothing.",
}
_SOME = "The payer is not always the gainer: {} of 100 come to those who pay nothing."


def _shared(shares: Mapping[str, float], verb: str) -> str:
    """Say who has which share; the verb stands once."""
    first, *others = [(_hundred(share), bearer) for bearer, share in shares.items()]
    told = [f"{first[0]} {'is' if first[0] == '1' else 'are'} {verb} {first[1]}"]
    return listed(told + [f"{share} by {bearer}" for share, bearer in others])


def _hundred(share: float) -> str:
    shown = formats.number(100 * share, 2)
    return shown if shown != "0" else "less than 1"


def _bearers(both: PayersAndGainers) -> list[Block]:
    blocks: list[Block] = [Paragraph(head="Payers and gainers", text=who_is_who(both))]
    if both.matrix and not both.reason:
        rows = [
            (formats.capital(payer), *(_hundred(share) for share in row))
            for payer, row in zip(both.payers, both.matrix, strict=True)
        ]
        rows.append(("Together", *(_hundred(share) for share in both.gainers.values())))
        blocks.append(
            Grid(
                caption="Of every 100 gained: who pays for it (rows) and who gains it (columns), at means; every "
                "payer’s money is taken to buy the same mixture",
                columns=("Paid by", *(formats.capital(bearer) for bearer in both.gainers)),
                rows=tuple(rows),
                numeric=frozenset(range(1, 1 + len(both.gainers))),
                totals=True,
            )
        )
    return blocks


def _direct(appraisal: Appraisal, found: Incidence) -> Grid:
    unit = unit_of(appraisal)
    rows = [
        (
            formats.capital(line.what),
            "direct" if line.direct else "indirect",
            *(_money(line.amount, unit) if line.amount else (formats.NOTHING, formats.capital(line.reason))),
        )
        for line in found.direct
    ]
    if appraisal.net_benefit is not None:
        rows.append(("Net benefit", "together", *_money(appraisal.net_benefit, unit)))
    return Grid(
        caption=f"What is direct and what follows elsewhere ({formats.currency_name(appraisal.currency, unit)})",
        columns=("Part", "Direct or indirect", "Mean", f"{formats.level(appraisal.level)} range, or remark"),
        rows=tuple(rows),
        numeric=frozenset({2}),
        totals=appraisal.net_benefit is not None,
    )


def _money(part: Amount | None, unit: float) -> tuple[str, str]:
    if part is None:
        return formats.NOTHING, formats.NOTHING
    ends = f"{formats.full_money(part.lower, unit)} to {formats.full_money(part.upper, unit)}"
    return formats.full_money(part.mean, unit), ends


def _areas(evaluation: Evaluation, appraisal: Appraisal, found: Incidence, drawn: Mapping[str, Figure]) -> list[Block]:
    blocks: list[Block] = [Picture(figure=drawn["areas"])] if "areas" in drawn else []
    if found.by_area:
        blocks.append(Paragraph(head="By area", text=_about_areas(evaluation, found)))
        blocks.append(_area_grid(appraisal, found))
    return blocks


def _about_areas(evaluation: Evaluation, found: Incidence) -> str:
    design = evaluation.design(evaluation.study.primary)
    told = []
    if any(line.known == "estimate" for line in found.by_area):
        told.append(
            "By site only the effect at its estimate is known, so a site has no range, and what one site recorded "
            "varies by chance besides. Where a method finds one change for all, sites differ only by how much crime "
            "they had."
        )
    losing = [line for line in found.by_area if (line.events if line.total is None else line.total) < 0]
    if losing:
        told.append(f"Where there was more crime than expected, areas lose: {_few(losing)}.")
    if design.buffer:
        told.append(f"Nearby areas are {_few_names(design.buffer)}.")
    if design.has_comparison:
        told.append("Comparison areas are taken not to change by the measure, so they neither gain nor lose.")
    told.append("Costs are not shared out by area.")
    return " ".join(told)


def _few(lines: list[AreaLine]) -> str:
    return _few_names(tuple(line.area for line in lines))


def _few_names(names: tuple[str, ...]) -> str:
    return listed(list(names)) if len(names) <= 5 else f"{', '.join(names[:4])} and {len(names) - 4} more"


def _area_grid(appraisal: Appraisal, found: Incidence) -> Grid:
    unit = unit_of(appraisal)
    lines = found.by_area if len(found.by_area) <= _MOST_AREAS else _ends(found.by_area)
    rows: list[tuple[str, ...]] = [
        (
            line.area,
            line.kind,
            formats.number(line.events),
            formats.NOTHING if line.total is None else formats.full_money(line.total, unit),
            formats.NOTHING if line.local is None else formats.full_money(line.local, unit),
            _money(line.gain, unit)[1] if line.known == "draws" else "no range",
        )
        for line in lines
    ]
    rows.append(_all_areas(found, unit))
    left_out = len(found.by_area) - len(lines)
    more = f"; {left_out} sites between the ends are in the file by-area.csv" if left_out else ""
    return Grid(
        caption="Events prevented by area and what they are worth, to all, and of it to victims, residents and "
        "businesses there "
        f"({formats.currency_name(appraisal.currency, unit)}){more}",
        columns=(
            "Area",
            "Kind",
            f"{formats.capital(appraisal.events_are)} prevented",
            "Worth to all",
            "Of it there",
            "Range",
        ),
        rows=tuple(rows),
        numeric=frozenset({2, 3, 4}),
        totals=True,
    )


def _all_areas(found: Incidence, unit: float) -> tuple[str, ...]:
    """Give the sums over all areas: the benefits, without what taxing loses or saves."""
    totals = [line.total for line in found.by_area if line.total is not None]
    local = [line.local for line in found.by_area if line.local is not None]
    return (
        "All areas",
        formats.NOTHING,
        formats.number(sum(line.events for line in found.by_area)),
        formats.full_money(sum(totals), unit) if totals else formats.NOTHING,
        formats.full_money(sum(local), unit) if local else formats.NOTHING,
        formats.NOTHING,
    )


def _ends(lines: tuple[AreaLine, ...]) -> tuple[AreaLine, ...]:
    """Keep the sites that gain most and least, and the areas that stand for several."""
    sites = sorted(
        (line for line in lines if line.kind == "treated site"), key=lambda line: -(line.total or line.events)
    )
    others = tuple(line for line in lines if line.kind != "treated site")
    return (*sites[:7], *sites[-6:], *others) if len(sites) > 13 else (*sites, *others)


def _groups(appraisal: Appraisal, found: Incidence) -> list[Block]:
    if found.groups is None:
        text = f"What groups of people pay and gain is not told: {found.groups_reason}."
        return [Paragraph(head="By group", text=text)]
    table = found.groups
    blocks: list[Block] = [_group_grid(appraisal, table)]
    if table.left_over:
        who = listed(list(table.left_over))
        blocks.append(
            Note(
                text=f"No group was given a share in what {who} pay and gain; where money is weighed, "
                "theirs keeps weight 1."
            )
        )
    blocks.append(Paragraph(head="Weighed by income", text=_weighed(appraisal, table)))
    return blocks


def _group_grid(appraisal: Appraisal, table: GroupTable) -> Grid:
    unit = unit_of(appraisal)
    rows = [
        (
            line.group,
            formats.NOTHING if line.population is None else f"{formats.number(100 * line.population, 3)} %",
            _money(line.cost, unit)[0],
            _money(line.benefit, unit)[0],
            *_money(line.net, unit),
            formats.NOTHING if line.weight is None else formats.number(line.weight, 3),
            _money(line.weighted, unit)[0],
        )
        for line in table.lines
    ]
    if appraisal.net_benefit is not None:
        weighing = table.weighing
        cost, benefit = _money(appraisal.cost, unit)[0], _money(appraisal.benefit, unit)[0]
        weighted = formats.NOTHING if weighing is None else _money(weighing.weighted, unit)[0]
        net = _money(appraisal.net_benefit, unit)
        rows.append(("Together", formats.NOTHING, cost, benefit, *net, formats.NOTHING, weighted))
    return Grid(
        caption=f"By group ({formats.currency_name(appraisal.currency, unit)}); unweighted, and weighed beside it",
        columns=("Group", "Of people", "Cost", "Benefit", "Net", "Range of net", "Weight", "Net, weighed"),
        rows=tuple(rows),
        numeric=frozenset({1, 2, 3, 4, 6, 7}),
        totals=True,
    )


def _weighed(appraisal: Appraisal, table: GroupTable) -> str:
    found = table.weighing
    if found is None:
        return f"Nothing is weighed: {table.weighing_reason}."
    plain, weighted = (_in_words(part, appraisal.currency) for part in (found.unweighted, found.weighted))
    return (
        f"Without weights the net benefit is {plain}, and {formats.chance(found.prob_unweighted)} "
        f"of the possibilities are a gain; weighed it is {weighted}, and "
        f"{formats.chance(found.prob_weighted)}. A weight is (median income / income of the group) to the power of "
        f"{formats.number(found.exponent)} ({found.source or 'ASSUMED, without a source'}). {_switch(found)}"
    )


def _in_words(part: Amount, currency: str) -> str:
    ends = f"between {formats.money(part.lower, currency)} and {formats.money(part.upper, currency)}"
    return f"{formats.money(part.mean, currency)} ({ends})"


def _switch(found: Weighing) -> str:
    value = found.switching.value
    if value is None:
        return f"No exponent turns the answer: {found.switching.reason}."
    return f"The answer turns at an exponent of {formats.number(value, 3)}."


def _later(appraisal: Appraisal) -> list[Block]:
    later = appraisal.extrapolation
    if later is None or later.incidence is None:
        return []
    years = formats.plural(later.horizon, "year", "years")
    blocks: list[Block] = [
        Paragraph(
            head="Extrapolation, not seen",
            text=f"Over {years}: {who_is_who(later.incidence.payers_and_gainers)} By area nothing is told: "
            f"{later.incidence.areas_reason}.",
        ),
        _folded(_direct(later, later.incidence), "Direct and indirect parts, an extrapolation"),
    ]
    if later.incidence.groups is not None:
        blocks.append(_folded(_group_grid(later, later.incidence.groups), "By group, an extrapolation"))
        blocks.append(Paragraph(head="Weighed by income", text=_weighed(later, later.incidence.groups)))
    return blocks


def _folded(grid: Grid, name: str) -> Grid:
    return replace(grid, caption=f"{grid.caption}; an extrapolation", fold=name)
