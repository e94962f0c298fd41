"""Sentences about choices: always one option compared with another, and no price where nothing is prevented."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evalkit.domain.text import listed
from evalkit.report import formats

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evalkit.draws import FloatArray
    from evalkit.economics import Appraisal, OptionsCompared
    from evalkit.economics.appraisal import Quadrants
    from evalkit.economics.decisions import Acceptability, IncrementalLine, Plane, Portfolio

__all__ = ["answer", "how_chosen", "of_a_pair", "of_the_measure", "portfolio", "ratio", "turns"]


def of_the_measure(appraisal: Appraisal) -> tuple[str, ...]:
    """Give a sentence for each quarter of the plane of a measure compared with doing without."""
    return _quarters(
        appraisal.quadrants,
        (
            "Prevents crime and costs money",
            "Prevents crime and saves money",
            "Does not prevent crime and costs money",
            "Does not prevent crime and saves money",
        ),
    )


def of_a_pair(plane: Plane) -> str:
    """Say in one sentence how one option lies to another on the plane; quarters without a draw are left out."""
    told = [
        f"{what} in {formats.chance(share)}"
        for what, share in zip(
            (
                "prevents more and costs more",
                "prevents more and costs less",
                "does not prevent more and costs more",
                "does not prevent more and costs less",
            ),
            _shares(plane.quadrants),
            strict=True,
        )
        if share
    ]
    return f"{formats.capital(plane.label)}: {listed(told)} of the possibilities."


def _shares(shares: Quadrants) -> tuple[float, float, float, float]:
    return (
        shares.prevents_and_costs,
        shares.prevents_and_saves,
        shares.does_not_prevent_and_costs,
        shares.does_not_prevent_and_saves,
    )


# What follows for a decision in each quarter, in the order of `_shares`.
_FOLLOWS = (
    "there it depends on what a prevented crime is worth",
    "there it pays at any value",
    "there it pays at no value, however much a crime is worth",
    "there it pays only if a crime is worth little enough",
)


def _quarters(shares: Quadrants, words: tuple[str, ...]) -> tuple[str, ...]:
    told = tuple(
        f"{what}: {formats.chance(share)} of the possibilities; {follows}."
        for what, share, follows in zip(words, _shares(shares), _FOLLOWS, strict=True)
        if share
    )
    empty = len(words) - len(told)
    left = {1: "the fourth quarter", 2: "the other two quarters", 3: "the other three quarters"}
    return (*told, f"No possibility lies in {left[empty]}.") if empty in left else told


def ratio(line: IncrementalLine, currency: str) -> tuple[str, str]:
    """Give what one more prevented crime costs, and the remark beside it; no figure where none may be prevented."""
    if line.comparator is None:
        because = f" ({listed(line.because)})" if line.because else ""
        return formats.NOTHING, f"{formats.capital(line.reason)}{because}."
    more = line.prob_prevents_more or 0.0
    if more < 0.5 or line.ratio is None:
        return "no figure", f"Not shown to prevent crime beyond {line.comparator}."
    return formats.amount(line.ratio, currency), f"Chance that it prevents more: {formats.chance(more)}."


def answer(options: OptionsCompared) -> str:
    """Say which option is best on average in the study's prices, and how sure that is."""
    if options.net_benefit is None or options.prob_best is None:
        return "Nothing has a price here, so which option is best depends on what a prevented crime is worth."
    means = options.net_benefit.mean(axis=0)
    best = int(means.argmax())
    name, money = options.names[best], formats.money(float(means[best]), options.currency)
    told = f"with an expected net benefit of {money} against doing without" if best else "no option is worth its cost"
    sure = f"The chance that it is the best of all is {formats.chance(float(options.prob_best[best]))}."
    return f"In the study’s prices {name} is best on average, {told}. {sure}{_shut_out(options, means)}"


def _shut_out(options: OptionsCompared, means: FloatArray) -> str:
    """Say which options may not be taken, whatever they are worth, and which is best of the others."""
    if not options.barred:
        return ""
    does, they_are = ("does", "it is") if len(options.barred) == 1 else ("do", "they are")
    told = (
        f" But {listed(options.barred)} {does} not pass every gate, and what {they_are} worth does not make up for it"
    )
    open_to = [place for place, name in enumerate(options.names) if name not in options.barred]
    best = max(open_to, key=lambda place: means[place])
    worth = f", at {formats.money(float(means[best]), options.currency)}" if best else ""
    return f"{told}: of what may be done, {options.names[best]} is best on average{worth}."


def turns(options: OptionsCompared) -> str:
    """Say from which value of a prevented crime which option is best on average."""
    (_, first), *rest = options.acceptability.switches
    if not rest:
        return f"At every value that was looked at, {first} is best on average."
    told = [f"from about {formats.money(value, options.currency)} {name}" for value, name in rest]
    return f"If a prevented crime is worth little, {first} is best on average; {listed(told)}."


def how_chosen(found: Acceptability) -> str:
    """Say how the values on the axis were chosen."""
    return f"The values were chosen by the data: {found.chosen_by}." if found.chosen_by != "given" else ""


def portfolio(found: Portfolio, currency: str, barred: Sequence[str] = ()) -> str:
    """Say which options to take under the budget, how sure that is, and what more budget would bring.

    Parameters
    ----------
    barred : options that may not be taken, as they do not pass a gate
    """
    chosen = listed(found.chosen) if found.chosen else "none of the options"
    sums = (
        f"expected cost {formats.amount(found.cost, currency)}, expected net benefit "
        f"{formats.money(found.net_benefit, currency)}"
    )
    told = [f"With a budget of {formats.amount(found.budget, currency)} the best set is {chosen}: {sums}."]
    if found.prob_best is not None:
        told.append(f"The chance that no other set within the budget is better is {formats.chance(found.prob_best)}.")
    elif found.reason:
        told.append(f"How sure that is was not worked out: {found.reason}.")
    if found.next_budget is not None and found.next_gain is not None:
        told.append(
            f"The first larger budget that changes the choice is {formats.amount(found.next_budget, currency)}: then "
            f"{listed(found.next_chosen)}, worth {formats.money(found.next_gain, currency)} more."
        )
    elif not found.reason:
        told.append("No larger budget would change the choice.")
    if barred:
        told.append(f"Not looked at, as not every gate is passed: {listed(barred)}.")
    told.append("Costs and net benefits are added up, as if the options did not act on each other.")
    return " ".join(told)
