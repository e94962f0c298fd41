"""A plan in words, for a terminal: `evalkit plan`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from textwrap import wrap
from typing import TYPE_CHECKING

import numpy as np

from evalkit.planning.expected import ExpectedPanel
from evalkit.report import formats

if TYPE_CHECKING:
    from evalkit.planning import StudyPlan
    from evalkit.planning.worth import StudyWorth

__all__ = ["render_plan"]

_WIDTH = 80
# In percent.
_NO_CHANGE = 0.05
# What a title could otherwise do to a terminal.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def render_plan(plan: StudyPlan, *, bold: bool) -> str:
    """Give what can be said before the study, 80 columns wide.

    Parameters
    ----------
    bold : may headings be bold? The caller knows whether anybody looks, and of NO_COLOR
    """
    parts = (
        ("What is planned", _planned(plan)),
        ("What it can detect", _detectable(plan)),
        ("Will it be conclusive?", _conclusive(plan)),
        ("What it takes to break even", _break_even(plan)),
        ("What it is worth to learn", _worth(plan)),
        ("What this rests on", _rests(plan)),
    )
    lines = [*_wrapped(plan.planned.title, bold=bold, indent=""), ""]
    for head, sentences in parts:
        lines += [*_wrapped(head, bold=bold, indent=""), *_wrapped(" ".join(sentences)), ""]
    return "\n".join(lines)


def _wrapped(text: str, *, bold: bool = False, indent: str = "  ") -> list[str]:
    lines = wrap(_CONTROL.sub("", text), _WIDTH, initial_indent=indent, subsequent_indent=indent)
    lines = [line.replace(formats.FIXED, " ") for line in lines]
    return [f"\x1b[1m{line}\x1b[0m" for line in lines] if bold else lines


def _planned(plan: StudyPlan) -> Iterator[str]:
    planned, expected = plan.planned, plan.planned.expected
    without = formats.events(float(expected.by_period.sum()))
    if isinstance(expected, ExpectedPanel):
        others = len(expected.starts) - expected.treated
        yield (
            f"{formats.plural(expected.treated, 'treated site', 'treated sites')} and {others:,} to compare with, "
            f"{formats.plural(expected.before, 'period', 'periods')} before the start and "
            f"{len(expected.labels_after):,} after, estimated by {planned.estimator_name}."
        )
        where = "sites"
    else:
        beside = "a comparison area" if expected.comparison is not None else "nothing to compare it with"
        yield f"A before/after table of a treated area and {beside}, estimated by {planned.estimator_name}."
        where = "area"
    yield f"Without the measure about {without} {planned.outcome.plural} are expected in the treated {where} after it."


def _detectable(plan: StudyPlan) -> Iterator[str]:
    settings, found = plan.planned.settings, plan.detectable
    if found.percent is None:
        yield formats.sentence(found.reason)
    else:
        error = ""
        if plan.trials is not None and found.percent_error is not None:
            error = f" (give or take {2 * found.percent_error:.1f} points, from the number of simulated panels)"
        yield (
            f"A fall of {formats.percent(found.percent)}{error} would be told from nothing in "
            f"{formats.level(settings.power)} of such studies (two-sided test at {formats.level(settings.alpha)}); "
            "a smaller one more seldom."
        )
    if plan.trials is not None:
        trials = plan.trials
        yield (
            f"Without any effect {100 * trials.size:.1f}{formats.FIXED}% of simulated studies conclude that there is "
            f"one (give or take {200 * trials.size_error:.1f} points; {formats.level(settings.alpha)} is promised)."
        )
    worthwhile = plan.planned.outcome.minimum_worthwhile
    if worthwhile:
        share = float(plan.chances.prevents(np.asarray(np.log1p(-min(worthwhile, 99.0) / 100))))
        yield (
            f"A fall of {formats.percent(worthwhile)}, the smallest that is called worthwhile, would be found in "
            f"{formats.chance(share)} studies."
        )


def _conclusive(plan: StudyPlan) -> Iterator[str]:
    found, prior = plan.conclusive, plan.planned.settings.prior
    if found is None or prior is None:
        yield formats.sentence(plan.no_prior)
        return
    middle = 100 * float(np.expm1(prior.mean))
    ends = [100 * float(np.expm1(end)) for end in prior.ends]
    source = f" ({prior.source})" if prior.source else ""
    origin = "Evidence" if prior.origin == "evidence" else "The user"
    yield (f"{origin} says{source}: {_change(middle)}, 95 % between {_change(ends[0])} and {_change(ends[1])}.")
    yield (
        f"If so, the study will conclude that the measure prevents with a probability of "
        f"{formats.chance(found.prevents)}, that it harms with {formats.chance(found.harms)}, and will not be able to "
        f"tell with {formats.chance(found.inconclusive)}."
    )


def _change(value: float) -> str:
    if abs(value) < _NO_CHANGE:
        return "no change"
    return f"a {'fall' if value < 0 else 'rise'} of {formats.percent(value)}"


def _break_even(plan: StudyPlan) -> Iterator[str]:
    found, outcome = plan.break_even, plan.planned.outcome
    if found.percent is None or found.events is None:
        yield formats.sentence(found.reason)
    else:
        yield (
            f"The measure pays if it prevents {formats.events(found.events)} {outcome.plural}, a fall of "
            f"{formats.percent(found.percent)}."
        )
        if found.probability is not None:
            likely = formats.chance(found.probability)
            yield f"On what is believed the fall is that large with a probability of {likely}."
        if plan.detectable.change is not None and found.change is not None and found.change > plan.detectable.change:
            yield "That is less than the study detects reliably: it may pay and not be seen to prevent."
    made = plan.appraisal
    if made is not None and made.net_benefit is not None:
        net = made.net_benefit
        yield (
            f"Expected benefit less cost: {formats.money(net.mean, made.currency)} "
            f"({formats.level(net.level)} between {formats.money(net.lower, made.currency)} and "
            f"{formats.money(net.upper, made.currency)}), in prices of {made.price_year}."
        )


def _worth(plan: StudyPlan) -> Iterator[str]:
    found = plan.worth
    if found is None:
        yield formats.sentence(plan.no_worth)
        return
    best = "to adopt the measure" if found.best_now == "adopt" else "to do without the measure"
    yield (
        f"On what is believed it is best on average {best}. The study takes away "
        f"{formats.percent(100 * found.resolved)} of the doubt (variance) about the effect."
    )
    learning = plan.planned.learning
    if learning is None or found.net is None:
        yield (
            f"That is worth {formats.money(found.sample, found.currency)} to a decision on the scale of the study "
            f"itself (knowing everything: {formats.money(found.perfect, found.currency)}); what it is worth before a "
            "roll-out is told where [learning] roll_out says how large that is."
        )
        return
    sites = formats.plural(round(learning.roll_out.sites), "site", "sites")
    yield (
        f"Before a roll-out to {sites} over {formats.number(learning.roll_out.years)} years that is worth "
        f"{formats.money(found.sample, found.currency)} (knowing everything now: "
        f"{formats.money(found.perfect, found.currency)})."
    )
    yield from _verdict(found)


def _verdict(found: StudyWorth) -> Iterator[str]:
    price, forgone, net = found.price or 0.0, found.forgone or 0.0, found.net or 0.0
    money = found.currency
    if price:
        yield f"Learning it costs {formats.money(price, money)}."
    if forgone:
        yield f"Waiting for it forgoes {formats.money(forgone, money)} of expected net benefit."
    left = formats.money(net, money)
    if net > 0:
        yield f"To study first is worth {left} more than to decide now."
    else:
        now = "adopt the measure" if found.best_now == "adopt" else "do without it"
        less = formats.money(-net, money)
        yield f"To study first is worth {less} less than to {now} now, by expected net benefit alone."


def _rests(plan: StudyPlan) -> Iterator[str]:
    expected, trials = plan.planned.expected, plan.trials
    yield (
        f"Counts vary {formats.number(expected.dispersion, 3)} times as much as chance makes them; sites drift of "
        f"their own by {formats.number(expected.site_shift, 2)} (standard deviation of the log rate)."
    )
    if trials is None:
        yield "Chances are reckoned in closed form from the four counts, with the dispersion taken as known."
    else:
        yield (
            f"Chances come from {int(trials.runs.sum()):,} simulated panels (seed {plan.seed}) that the study's own "
            "estimator was run on."
        )
    yield "No crime is taken to move elsewhere. Nothing counted after the start was read."
    yield from plan.notes
