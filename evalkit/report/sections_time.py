"""The parts on money over time: rates, short and long horizon, payback, and what stopping would cost later."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from evalkit.report import formats
from evalkit.report.amounts import mean_cell
from evalkit.report.blocks import Block, Grid, Note, Paragraph, Picture
from evalkit.report.drawing import Figure
from evalkit.report.figures_time import payback_sentence
from evalkit.report.front import unit_of

if TYPE_CHECKING:
    from evalkit.economics import Appraisal, Stopped
    from evalkit.economics.appraisal import Amount

__all__ = ["rate_blocks", "time_blocks"]

_CERTAINTIES = {
    "primary": "read in the source itself",
    "secondary": "read in a source that quotes it",
    "memory": "UNVERIFIED, not looked up",
    "own": "the study's own",
    "assumed": "ASSUMED, without a source",
}


def time_blocks(appraisal: Appraisal, drawn: dict[str, Figure]) -> list[Block]:
    """Give payback, both horizons side by side, and stopping where that was asked."""
    return [*_payback(appraisal, drawn), *_horizons(appraisal), *_stopping(appraisal)]


def rate_blocks(appraisal: Appraisal) -> list[Block]:
    """Give the rates that amounts of later years were discounted by, and where they are from."""
    rates = appraisal.rates
    if rates is None:
        return []
    rows = [
        (
            f"{first} to {last}" if last is not None else f"{first} and later",
            f"{formats.number(100 * rate)} %",
        )
        for first, last, rate in rates.spans
    ]
    edition = f", edition {rates.edition}" if rates.edition else ""
    source = f"{rates.source} ({_CERTAINTIES.get(rates.certainty, rates.certainty)})" if rates.source else "no source"
    note = f" {formats.sentence(rates.note)}" if rates.note else ""
    return [
        Grid(
            caption=f"Discount rates: {rates.name}{edition}",
            columns=("Years after the first", "Rate a year"),
            rows=(("0, the first year of the measure", "not discounted"), *rows),
            numeric=frozenset({1}),
        ),
        Paragraph(head="Where the rates are from", text=f"{formats.sentence(source)}{note}"),
    ]


def _horizons(appraisal: Appraisal) -> list[Block]:
    longer = appraisal.extrapolation
    if longer is None:
        return []
    unit = unit_of(longer)
    columns = [_horizon(each, unit) for each in (appraisal, longer)]
    names = [name for name, _ in columns[0]]
    grid = Grid(
        caption=f"Short and long horizon side by side, {formats.currency_name(appraisal.currency, unit)}, present "
        f"value, with {formats.level(appraisal.level)} ranges",
        columns=("Figure", "Observed window", "Extrapolated, not seen"),
        rows=tuple((name, columns[0][row][1], columns[1][row][1]) for row, name in enumerate(names)),
        numeric=frozenset({1, 2}),
    )
    return [grid]


def _horizon(appraisal: Appraisal, unit: float) -> list[tuple[str, str]]:
    ratio, chance, flow = (
        appraisal.benefit_cost_ratio,
        appraisal.prob_net_benefit,
        next(iter(appraisal.cash_flows), None),
    )
    prevented = appraisal.prevented
    return [
        ("Years counted", str(appraisal.horizon)),
        *_of_the_city(appraisal, unit),
        (
            f"{formats.capital(appraisal.events_are)} prevented",
            f"{formats.number(prevented.mean)} ({_events(prevented)})",
        ),
        ("Cost", _amount(appraisal.cost, unit)),
        ("Benefit", _amount(appraisal.benefit, unit)),
        ("Net benefit", _amount(appraisal.net_benefit, unit)),
        ("Benefit for each unit of cost", formats.NOTHING if ratio is None else formats.number(ratio)),
        ("Chance that benefits exceed costs", formats.NOTHING if chance is None else formats.chance(chance)),
        ("Paid back by half of the possibilities", _year(flow.payback_year) if flow else formats.NOTHING),
    ]


def _of_the_city(appraisal: Appraisal, unit: float) -> list[tuple[str, str]]:
    city = appraisal.city
    if city is None:
        return []
    share = city.share_on_others
    return [
        ("Net cost to the city", _amount(city.net_cost, unit)),
        (
            "Share of the benefit that falls on others",
            formats.NOTHING if share is None else formats.percent(100 * share),
        ),
    ]


def _events(part: Amount) -> str:
    return f"{formats.number(part.lower)} to {formats.number(part.upper)}"


def _year(year: int | None) -> str:
    return "not within these years" if year is None else f"year {year}"


def _amount(part: Amount | None, unit: float) -> str:
    if part is None:
        return formats.NOTHING
    if part.lower == part.upper:
        return formats.full_money(part.mean, unit)
    ends = f"{formats.full_money(part.lower, unit)} to {formats.full_money(part.upper, unit)}"
    return f"{formats.full_money(part.mean, unit)} ({ends})"


def _payback(appraisal: Appraisal, drawn: dict[str, Figure]) -> list[Block]:
    counted = appraisal.extrapolation or appraisal
    blocks: list[Block] = []
    for flow, name in zip(counted.cash_flows, _FANS, strict=False):
        # the caption of the picture says when
        blocks.append(
            Picture(figure=drawn[name])
            if name in drawn
            else Paragraph(head=f"Payback, {flow.whose}", text=payback_sentence(flow))
        )
    return blocks


_FANS = ("cash-flow", "cash-flow-public")


def _stopping(appraisal: Appraisal) -> list[Block]:
    stopped = appraisal.stopping
    if stopped is None:
        return []
    unit = unit_of(appraisal.extrapolation or appraisal)
    money = formats.currency_name(appraisal.currency, unit)
    return [
        Paragraph(head="Stopping: extrapolation, not seen", text=_stop_text(appraisal, stopped)),
        Grid(
            caption=f"Stopping after year {stopped.year} against going on, year by year, {money}, present value; an "
            "extrapolation",
            columns=("Year", "Saved", "Lost", "Since the stop", "Range"),
            rows=tuple(
                (
                    str(line.year),
                    formats.full_money(line.saved.mean, unit),
                    mean_cell(line.lost, unit),
                    mean_cell(line.total, unit),
                    _ends(line.total, unit),
                )
                for line in stopped.by_year
            ),
            numeric=frozenset({1, 2, 3, 4}),
            fold="Stopping, year by year",
        ),
        Grid(
            caption=f"Who saves and who loses by stopping, {money}, present value; an extrapolation",
            columns=("Bearer", "Saved", "Lost", "Net", "Range"),
            rows=tuple(
                (
                    formats.capital(line.bearer),
                    formats.full_money(line.saved.mean, unit),
                    mean_cell(line.lost, unit),
                    mean_cell(line.net, unit),
                    _ends(line.net, unit),
                )
                for line in stopped.by_bearer
            ),
            numeric=frozenset({1, 2, 3, 4}),
            fold="Stopping, by bearer",
        ),
        Note(text="What stopping saves and loses was not observed: it follows from the shares assumed to be kept."),
    ]


def _stop_text(appraisal: Appraisal, stopped: Stopped) -> str:
    currency, events = appraisal.currency, stopped.events
    first = (
        f"If the measure runs until the end of year {stopped.year} and the share of its effect that is kept from "
        f"each year to the next is then {stopped.retention}: by year {stopped.horizon} "
        f"{_events_of_stopping(events, appraisal.events_are)}; "
        f"{formats.money(stopped.saved.mean, currency)} of running costs saved."
    )
    told = [first]
    if stopped.lost is not None and stopped.net is not None and stopped.prob_saves is not None:
        is_gain = stopped.lost.mean < 0
        told.append(
            f"{'What is gained' if is_gain else 'What is lost'} by it is worth "
            f"{formats.money(abs(stopped.lost.mean), currency)}. "
            f"The chance that stopping saves more than it loses is {formats.chance(stopped.prob_saves)}."
        )
    if stopped.loses_from is not None:
        told.append(f"From year {stopped.loses_from} on, more has been lost since the stop than was saved.")
    else:
        told.append(formats.sentence(stopped.loses_reason))
    if stopped.stays:
        told.append(f"Paid all the same, as no running cost: {', '.join(stopped.stays)}.")
    return " ".join(told)


def _events_of_stopping(events: Amount, events_are: str) -> str:
    """Say which way stopping moves crime: of a measure that did harm there is less by stopping than by going on."""
    held = events if events.mean >= 0 else replace(events, mean=-events.mean, lower=-events.upper, upper=-events.lower)
    way = "more" if events.mean >= 0 else "fewer"
    return f"about {formats.events(held.mean)} {events_are} {way} than by going on ({_events(held)})"


def _ends(part: Amount | None, unit: float) -> str:
    if part is None or part.lower == part.upper:
        return formats.NOTHING
    return f"{formats.full_money(part.lower, unit)} to {formats.full_money(part.upper, unit)}"
