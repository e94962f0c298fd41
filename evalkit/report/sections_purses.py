"""Whose money it is: what the city pays, what falls on others, what is cash, and every perspective side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evalkit.domain.text import listed
from evalkit.report import formats
from evalkit.report.amounts import mean_cell
from evalkit.report.blocks import Block, Grid, Paragraph
from evalkit.report.front import unit_of

if TYPE_CHECKING:
    from evalkit.economics import Amount, Appraisal, CityAccount, PerspectiveLine, PublicSaving

__all__ = ["perspective_blocks", "perspective_grid", "purse_blocks"]


def purse_blocks(appraisal: Appraisal) -> tuple[Block, ...]:
    """Give what stands first about money; nothing where it was not reckoned."""
    city, currency = appraisal.city, appraisal.currency
    if city is None:
        return ()
    return (
        Paragraph(head="Net cost to the city", text=_net_cost(city, currency)),
        Paragraph(head="Share of the benefit that falls on others", text=_share(city)),
    )


def perspective_blocks(appraisal: Appraisal) -> tuple[Block, ...]:
    """Give every perspective side by side, and what of the public saving is cash."""
    saving = appraisal.public_saving
    if appraisal.city is None or saving is None:
        return ()
    if appraisal.benefit is None and appraisal.by_crime and not any(line.priced_as for line in appraisal.by_crime):
        # nothing has a price, which is said once, above
        return (perspective_grid(appraisal),)
    return (
        *_perspectives(appraisal),
        Paragraph(head="How much of the public saving is cash", text=_cash(saving, appraisal.currency)),
    )


def _net_cost(city: CityAccount, currency: str) -> str:
    """Say what the city pays, what of it is in kind, and what its own budget can be cut by."""
    net = city.net_cost
    saves = ": the city saves more than it pays" if net.mean < 0 else ""
    parts = [f"{formats.money(net.mean, currency)}{_range(net, currency)}, in present value{saves}."]
    if city.remark:
        parts.append(f"{formats.sentence(city.remark)}")
    elif city.in_kind.mean > 0:
        parts.append(
            f"Of the {formats.money(city.cost.mean, currency)} that the city bears, "
            f"{formats.money(city.in_kind.mean, currency)} is in kind: time and things that it cannot use for anything "
            "else, and no bill."
        )
    if city.cashable_saving.mean > 0:
        parts.append(
            f"{formats.money(city.cashable_saving.mean, currency)} that it saves or receives in cash is taken off."
        )
    elif city.cashable_saving.mean < 0:
        parts.append(f"{formats.money(-city.cashable_saving.mean, currency)} that it has to spend more is added.")
    else:
        parts.append("Nothing that the city saves is known to be cash, so nothing is taken off.")
    return " ".join(parts)


def _range(part: Amount, currency: str) -> str:
    if part.lower == part.upper:
        return ""
    return f" (between {formats.money(part.lower, currency)} and {formats.money(part.upper, currency)})"


def _share(city: CityAccount) -> str:
    if city.share_on_others is None:
        return f"No figure: {city.share_reason}."
    return (
        f"{formats.percent(100 * city.share_on_others)} on average: what the prevented events are worth to others than "
        "the city, over what they are worth to everybody."
    )


def _cash(saving: PublicSaving, currency: str) -> str:
    cash = formats.money(saving.cashable.mean, currency)
    is_known = saving.cashable.mean != 0
    if saving.total is None:
        known = f"{cash} is cashable" if is_known else "nothing is known to be cashable"
        return f"{formats.capital(known)}. What public bearers save in all has no figure: {saving.total_reason}."
    if saving.cashable_share is None:
        return f"No figure: {saving.share_reason}."
    what = f"{formats.money(saving.total.mean, currency)}{_range(saving.total, currency)}"
    head = f"{formats.percent(100 * saving.cashable_share)} on average. For {listed(saving.bearers)} a saving of {what}"
    if not is_known:
        return f"{head}, of which nothing is known to be cashable: {_NOTIONAL}."
    rest = f"; the rest is notional: {_NOTIONAL}" if saving.cashable_share < 1 else ""
    return f"{head}, of which {cash} is cashable, so that budgets can be cut by it{rest}."


_NOTIONAL = "time and room for other work, which pays no bill"


def _perspectives(appraisal: Appraisal) -> list[Block]:
    return [perspective_grid(appraisal), *_reasons(appraisal.perspectives)]


def perspective_grid(appraisal: Appraisal) -> Grid:
    """Give costs, benefits and net benefit as society, the public purse and each bearer see them."""
    unit = unit_of(appraisal)
    seen = "" if appraisal.scenario == "observed window" else "; an extrapolation"
    rows = [
        (
            formats.capital(line.perspective),
            mean_cell(line.cost, unit),
            mean_cell(line.benefit, unit),
            mean_cell(line.net, unit),
            _ends(line.net, unit),
            formats.NOTHING if line.prob_net_benefit is None else formats.chance(line.prob_net_benefit),
        )
        for line in appraisal.perspectives
    ]
    name = formats.currency_name(appraisal.currency, unit)
    return Grid(
        caption=f"The same draws from every perspective ({name}, prices of {appraisal.price_year}{seen}); means in "
        f"present value, with {formats.level(appraisal.level)} ranges. What only moves from one to another counts for "
        "who pays or receives it, and not for society",
        columns=("Perspective", "Cost", "Benefit", "Net", "Range of net", "Chance of a gain"),
        rows=tuple(rows),
        numeric=frozenset({1, 2, 3, 5}),
    )


def _ends(part: Amount | None, unit: float) -> str:
    """Give both ends of a range; a sum that is certain has none."""
    if part is None or part.lower == part.upper:
        return formats.NOTHING
    return f"{formats.full_money(part.lower, unit)} to {formats.full_money(part.upper, unit)}"


def _reasons(lines: tuple[PerspectiveLine, ...]) -> list[Block]:
    """Say once why perspectives have no benefit."""
    found: dict[str, list[str]] = {}
    for line in lines:
        if line.reason:
            found.setdefault(line.reason, []).append(line.perspective)
    return [
        Paragraph(text=f"No benefit is given for {listed(names)}: {reason}.")
        for reason, names in found.items()
    ]  # fmt: skip
