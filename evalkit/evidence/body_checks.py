"""What must be known of a body of evidence before its answer is believed."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from evalkit.domain import Check
from evalkit.domain.text import listed
from evalkit.errors import first_of
from evalkit.evidence.asymmetry import FEWEST
from evalkit.evidence.effect_size import opposite_studies
from evalkit.evidence.methods import EXACT_COUNTS

if TYPE_CHECKING:
    from evalkit.evidence.body import BodyOfEvidence, Dropped

__all__ = ["checks_of"]

_FEWEST = 3
_FAILED = "failed in the study"
# A cell below it is where the log of an odds ratio is no longer near to normal.
_SMALL_CELL = 10
# In standard deviations of the mean; beyond, which likelihood is taken is part of the answer.
_FAR_APART = 0.5
# As usual for a test that sees little (Egger and others 1997).
_SLANTED = 0.1
# Where more of a mean's probability lies on one side, the evidence points that way.
_POINTS = 0.9
# Fewer studies are less sure; below three in four without one of them, that one decided.
_HOLDS = 0.75


def checks_of(body: BodyOfEvidence) -> tuple[Check, ...]:
    """Give every check of a body of evidence."""
    return tuple(_checks(body))


def _checks(body: BodyOfEvidence) -> Iterator[Check]:
    yield _number(body)
    yield _one_decides(body)
    yield _prior(body)
    yield _of_the_studies(body)
    yield _direction(body)
    yield _funnel(body)
    yield from _few_events(body)
    if len(body.effects) > len(body.studies):
        yield Check(
            name="several effects of a study",
            passed=None,
            detail=f"{len(body.effects)} effects of {len(body.studies)} studies were made into one a study, taking "
            f"their errors to correlate by {body.correlation:g}.",
        )


def _number(body: BodyOfEvidence) -> Check:
    count = len(body.studies)
    enough = count >= _FEWEST
    detail = f"{count} studies"
    if count < 5:
        detail += ": how much programmes differ is told by the prior more than by the studies"
    return Check(name="number of studies", passed=enough, detail=f"{detail}.")


def _points(probability: float) -> int:
    """Say which way a probability of harm points: -1 less, 1 more, 0 neither."""
    return (probability > _POINTS) - (probability < 1 - _POINTS)


def _one_decides(body: BodyOfEvidence) -> Check:
    name, dropped = "one study decides", body.without_each
    if not dropped:
        return Check(name=name, passed=None, detail="With two studies nothing is left to compare with.")
    whole = _points(body.prob_mean_harm)
    turned = [each for each in dropped if whole * (each.prob_mean_harm - 0.5) < _HOLDS - 0.5]
    low, high = min(dropped, key=lambda each: each.mean), max(dropped, key=lambda each: each.mean)
    if whole == 0 or not turned:
        return Check(
            name=name, passed=True, detail=f"{_range_of(body, low, high)}; no single study decides where it points."
        )
    names = first_of([each.study for each in turned])
    return Check(
        name=name,
        passed=False,
        detail=f"Without {names} the evidence no longer points the same way. {_range_of(body, low, high)}.",
    )


def _range_of(body: BodyOfEvidence, low: Dropped, high: Dropped) -> str:
    shown, what = (math.exp, "mean ratio") if body.is_ratio else (float, "mean")
    return (
        f"Leaving out one study at a time, the {what} lies between {shown(low.mean):.3g} (without {low.study!r}) and "
        f"{shown(high.mean):.3g} (without {high.study!r})"
    )


def _prior(body: BodyOfEvidence) -> Check:
    """Hold the fit against ones in which the prior counts half and twice."""
    name = "prior"
    if body.power is None:
        return Check(name=name, passed=None, detail="The prior is flat and favours nothing.")
    half, twice = (body.overall.with_power(prior=power) for power in (0.5, 2.0))
    moved = abs(half.mean.mean - twice.mean.mean) / body.mean.deviation
    sides = {_points(float(fit.mean.above(0.0))) for fit in (half, body.overall, twice)}
    chances = sorted(float(fit.new_site().above(0.0)) for fit in (half, twice))
    detail = (
        f"Were the prior half as sure or twice as sure, the mean would move by {moved:.2g} of its standard deviations, "
        f"and the probability that a new programme does harm would lie between {chances[0]:.2f} and {chances[1]:.2f}. "
        f"{body.power.sentence}"
    )
    return Check(name=name, passed=len(sides) == 1, detail=detail)


def _few_events(body: BodyOfEvidence) -> Iterator[Check]:
    """Where cells are small, hold the normal fit against that of the counts themselves."""
    counted = next((line for line in body.methods if line.name == EXACT_COUNTS and line.mean is not None), None)
    if counted is None or counted.mean is None or body.counts is None:
        return
    cells = np.column_stack([body.counts, body.counts[:, 1] - body.counts[:, 0], body.counts[:, 3] - body.counts[:, 2]])
    fewest = float(cells.min())
    apart = abs(counted.mean - body.mean.median) / body.mean.deviation
    harm = counted.prob_new_harm or 0.0
    yield Check(
        name="few events",
        passed=apart <= _FAR_APART if fewest < _SMALL_CELL else None,
        detail=f"The smallest cell of a table is {fewest:.0f}. From the counts themselves, without taking their logs "
        f"for normal, the mean ratio is {math.exp(counted.mean):.3g} in place of {math.exp(body.mean.median):.3g}, and "
        f"the probability that a new programme does harm {harm:.2f} in place of {body.prob_new_harm:.2f}.",
    )


def _of_the_studies(body: BodyOfEvidence) -> Check:
    name = "checks of the studies"
    failed = [each.study for each in body.studies if any(note.startswith(_FAILED) for note in each.notes)]
    if not failed:
        return Check(name=name, passed=True, detail="No study is known to have failed a check of its own.")
    told = f"{len(failed)} of {len(body.studies)} studies failed a check of their own: {first_of(failed)}"
    detail = f"{told}. They are kept, and what failed stands beside each in the table of studies."
    return Check(name=name, passed=False if 2 * len(failed) > len(body.studies) else None, detail=detail)


def _direction(body: BodyOfEvidence) -> Check:
    name = "direction"
    against = opposite_studies(body.studies, body.level)
    if not against:
        return Check(name=name, passed=True, detail="No study lies on the other side beyond chance.")
    verb = "lies" if len(against) == 1 else "lie"
    return Check(
        name=name,
        passed=None,
        detail=f"{listed([repr(each) for each in against])} {verb} on the other side of no effect beyond chance. "
        "Either the measure did something else there, or the direction was entered the wrong way round: see the "
        "source.",
    )


def _funnel(body: BodyOfEvidence) -> Check:
    name, found = "small studies", body.asymmetry.slant
    if found is None:
        return Check(name=name, passed=None, detail=f"The funnel was not tested: {body.asymmetry.slant_reason}.")
    side = "less" if found.slope < 0 else "more"
    told = (
        f"Smaller studies find {side} crime or harm than larger ones (slope {found.slope:.2g}, p = "
        f"{found.p_value:.2g}). {' '.join(found.limits)}"
    )
    enough = len(body.studies) >= FEWEST
    return Check(name=name, passed=found.p_value > _SLANTED if enough else None, detail=told)
