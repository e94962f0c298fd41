"""Eight integers and a cost, as a study."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from evalkit.domain import Design, Intervention, Outcome, Table
from evalkit.errors import StudyError
from evalkit.study import Study

if TYPE_CHECKING:
    from evalkit.economics import Costs, Prices

__all__ = ["quick_study"]

# ISO 4217 keeps this code for amounts whose currency is not said.
_NO_CURRENCY = "XXX"


def quick_study(
    *,
    treated: Sequence[float],
    comparison: Sequence[float] | None = None,
    buffer: Sequence[float] | None = None,
    buffer_comparison: Sequence[float] | None = None,
    periods: Sequence[float] = (1.0, 1.0),
    cost: float | None = None,
    currency: str | None = None,
    year: int | None = None,
    financial_year_as: str | None = None,
    crime: str | None = None,
    prices: str | None = None,
    multiplier: float | str | None = None,
    level: float = 0.95,
) -> Study:
    """Make a study of a before/after table; see `evalkit quick --help` for what each argument is.

    A buffer without a comparison of its own, or with the same counts as the comparison area, shares that
    area: the same crimes must not be counted as evidence twice. A cost without a year is in prices of the
    schedule, or of this year where there is none.
    """
    counts: dict[str, Any] = {"treated": tuple(treated)}
    if comparison is not None:
        counts["comparison"] = tuple(comparison)
    if buffer is not None:
        counts["buffer"] = tuple(buffer)
        own = buffer_comparison is not None and (comparison is None or tuple(buffer_comparison) != tuple(comparison))
        counts["buffer_comparison"] = tuple(buffer_comparison) if own and buffer_comparison else "shared"
    outcome = Outcome(name=crime or "crimes", crime=crime or "crime", source="police")
    table = Table(outcome=outcome, lengths=(periods[0], periods[1]), **counts)
    design = Design(table=table, intervention=Intervention(name="the measure", began={"treated": "after"}))
    costs, book = _money(cost=cost, currency=currency, year=year, crime=crime, prices=prices, multiplier=multiplier)
    return Study(
        title="Before and after, treated and comparison",
        primary=outcome.name,
        designs={outcome.name: design},
        estimator="table",
        costs=costs,
        prices=book,
        appraisal={} if financial_year_as is None else {"financial_year_as": financial_year_as},
        level=level,
    )


def _money(
    *,
    cost: float | None,
    currency: str | None,
    year: int | None,
    crime: str | None,
    prices: str | None,
    multiplier: float | str | None,
) -> tuple[Costs | None, Prices | None]:
    """Make a ledger of one line, and a book of prices; the price year of the cost is that of the prices if not said."""
    if cost is None:
        if prices is not None:
            msg = "--prices without --cost: say what the measure cost"
            raise StudyError(msg)
        return None, None
    from evalkit.economics import Costs, Flow, Prices

    if prices is not None and crime is None:
        msg = "--prices without --crime: say which class of crime was counted"
        raise StudyError(msg)
    book = None
    if prices is not None and crime is not None:
        book = Prices.load(prices)
        if book.basis == "actual" and multiplier is None:
            msg = (
                f"the prices of {prices!r} are those of a crime that happened, recorded or not: say --multiplier X for "
                "X crimes that happen for each one recorded, or --multiplier none to count recorded ones only"
            )
            raise StudyError(msg)
        if multiplier is not None:
            chosen = multiplier if isinstance(multiplier, str) else {crime: multiplier}
            book = Prices.from_mapping({"schedule": prices, "multipliers": chosen})
    price_year = year or (book.price_year if book else dt.date.today().year)  # noqa: DTZ011 - the year of the reader's purse
    flow = Flow(what="the measure", amount=cost, years=(1,), bearer="city", kind="one-off", source="as given")
    ledger = Costs(currency=currency or (book.currency if book else _NO_CURRENCY), price_year=price_year, flows=(flow,))
    return ledger, book
