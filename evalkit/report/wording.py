"""Whole sentences, one for each thing that can be found; placeholders are names, never parts of speech.

Certainty of the evidence picks the verb; the probability of the model is printed as a number with its
word elsewhere, so that the two scales never meet in a clause.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

from evalkit.draws import Interval, interval
from evalkit.judgement import Certainty
from evalkit.report import formats
from evalkit.report.reading import Estimated, Movement, Reading, estimated, is_recorded_crime, read, shown_level

if TYPE_CHECKING:
    from evalkit.domain import Design
    from evalkit.evaluation import Evaluation

__all__ = [
    "ASSOCIATIONS",
    "SECONDARY",
    "VERDICTS",
    "answer",
    "certainty",
    "compared",
    "displacement",
    "headline",
    "is_reduction",
    "quotient",
    "size",
    "verdict",
    "why_no_percentage",
]

type Shape = Literal["fewer", "more", "open"]

VERDICTS: dict[tuple[Movement, Certainty], str] = {
    ("fewer", "high"): "The measure reduced {things}.",
    ("fewer", "moderate"): "The measure probably reduced {things}.",
    ("fewer", "low"): "The measure may have reduced {things}.",
    ("fewer", "very low"): "We do not know whether the measure reduced {things}.",
    ("more", "high"): "The measure increased {things}.",
    ("more", "moderate"): "The measure probably increased {things}.",
    ("more", "low"): "The measure may have increased {things}.",
    ("more", "very low"): "We do not know whether the measure increased {things}.",
    ("little", "high"): "The measure made little or no difference to {things}.",
    ("little", "moderate"): "The measure probably made little or no difference to {things}.",
    ("little", "low"): "The measure may have made little or no difference to {things}.",
    ("little", "very low"): "We do not know whether the measure made a difference to {things}.",
    ("unclear", "high"): "This study cannot tell whether the measure changed {things}.",
    ("unclear", "moderate"): "This study cannot tell whether the measure changed {things}.",
    ("unclear", "low"): "This study cannot tell whether the measure changed {things}.",
    ("unclear", "very low"): "This study cannot tell whether the measure changed {things}.",
}

# Where nothing was compared with, no sentence names a cause.
ASSOCIATIONS: dict[Movement, str] = {
    "fewer": "A fall in {things} went together with the measure. Whether the measure was the reason, a comparison of "
    "before and after alone cannot tell.",
    "more": "A rise in {things} went together with the measure. Whether the measure was the reason, a comparison of "
    "before and after alone cannot tell.",
    "little": "Little or no change in {things} went together with the measure. Whether the measure made a difference, "
    "a comparison of before and after alone cannot tell.",
    "unclear": "This study cannot tell whether {things} changed at all when the measure began.",
}

_SIZES = {
    ("events", "fewer"): "There were about {middle} fewer than expected (between {low} and {high} fewer).",
    ("events", "more"): "There were about {middle} more than expected (between {low} and {high} more).",
    ("events", "open"): "The figures fit anything from {low} to {high} than expected.",
    ("both", "fewer"): (
        "There were about {middle} fewer than expected (between {low} and {high} fewer), "
        "which is {percent_middle} fewer (between {percent_low} and {percent_high})."
    ),
    ("both", "more"): (
        "There were about {middle} more than expected (between {low} and {high} more), "
        "which is {percent_middle} more (between {percent_low} and {percent_high})."
    ),
    ("both", "open"): (
        "The figures fit anything from {low} to {high} than expected (from {percent_low} to {percent_high})."
    ),
    (
        "percent",
        "fewer",
    ): "It was about {percent_middle} lower than expected (between {percent_low} and {percent_high}).",
    (
        "percent",
        "more",
    ): "It was about {percent_middle} higher than expected (between {percent_low} and {percent_high}).",
    ("percent", "open"): "The figures fit anything from {percent_low} to {percent_high} than expected.",
    (
        "odds",
        "fewer",
    ): "Its odds were about {percent_middle} lower than expected (between {percent_low} and {percent_high}).",
    (
        "odds",
        "more",
    ): "Its odds were about {percent_middle} higher than expected (between {percent_low} and {percent_high}).",
    ("odds", "open"): "The figures fit odds from {percent_low} to {percent_high} than expected.",
    ("level", "fewer"): "It was about {middle} lower than expected (between {low} and {high}{unit}).",
    ("level", "more"): "It was about {middle} higher than expected (between {low} and {high}{unit}).",
    ("level", "open"): "The figures fit anything from {low} to {high} than expected{unit}.",
}

_SIDES = {
    ("count", True): "{number} fewer",
    ("count", False): "{number} more",
    ("level", True): "{number} lower",
    ("level", False): "{number} higher",
}


SECONDARY = "These are secondary: not what the study is judged by, and not corrected for their number."


def headline(evaluation: Evaluation) -> str:
    """Answer the study's question: what happened, how large, between what and what."""
    return answer(evaluation, evaluation.study.primary)


def answer(evaluation: Evaluation, outcome: str) -> str:
    """Answer for one outcome."""
    reading = read(evaluation, outcome)
    told = [verdict(reading), size(reading)]
    if is_undone_nearby(reading) and reading.net is not None:
        told.append(_NEARBY.format(**_ends(reading.net, "count", "open", formats.events)))
    return " ".join(told)


def is_undone_nearby(reading: Reading) -> bool:
    """Say whether a reduction in the treated sites is lost in the noise once nearby areas are counted."""
    return reading.movement == "fewer" and reading.net is not None and reading.net[1].lower <= 0


def verdict(reading: Reading) -> str:
    """Say what happened, as surely as the evidence allows."""
    told = ASSOCIATIONS[reading.movement] if reading.is_association else VERDICTS[reading.movement, reading.certainty]
    return told.format(things=reading.things)


def size(reading: Reading) -> str:
    """Say how large it was: events first, percent second, both with their ranges."""
    family, shape = _family(reading), _shape(reading)
    slots = {"unit": f" {reading.outcome.unit}" if reading.outcome.unit else ""}
    if reading.events is not None:
        slots |= _ends(reading.events, "count", shape, formats.events)
    elif family == "level":
        slots |= _ends(_less(reading.change), "level", shape, formats.unsigned)
    if reading.percent is not None:
        kind = "count" if family == "both" else "level"
        ends = _ends(_less(reading.percent), kind, shape, formats.percent)
        slots |= {f"percent_{name}": text for name, text in ends.items()}
    return _SIZES[family, shape].format(**slots)


def _family(reading: Reading) -> str:
    if reading.events is not None:
        return "both" if reading.percent is not None else "events"
    if reading.percent is None:
        return "level"
    return "odds" if reading.scale == "log_odds_ratio" else "percent"


def _shape(reading: Reading) -> Shape:
    """Say on which side of no change all of the ranges lie, or "open" where one of them holds it."""
    less = [_less(reading.change)]
    less += [] if reading.events is None else [reading.events]
    less += [] if reading.percent is None else [_less(reading.percent)]
    if reading.movement == "unclear":
        return "open"
    if all(held.lower > 0 for _, held in less):
        return "fewer"
    return "more" if all(held.upper < 0 for _, held in less) else "open"


def _less(change: Estimated) -> Estimated:
    """Turn a change into a reduction, so that a positive number is less of it everywhere below."""
    middle, held = change
    return -middle, Interval(level=held.level, lower=-held.upper, upper=-held.lower)


def _ends(less: Estimated, kind: str, shape: Shape, write: Callable[[float], str]) -> dict[str, str]:
    middle, held = less
    if shape == "open":
        low, high = (side(end, kind, write) for end in (held.upper, held.lower))
    else:
        low, high = (write(end) for end in sorted((held.lower, held.upper), key=abs))
    return {"middle": write(middle), "low": low, "high": high}


def side(less: float, kind: str = "count", write: Callable[[float], str] = formats.events) -> str:
    """Write one end of a range that may lie on either side.

    >>> side(80), side(-30)
    ('80 fewer', '30 more')
    """
    return _SIDES[kind, less > 0].format(number=write(less))


def why_no_percentage(reading: Reading) -> str:
    """Say why events stand without a percentage; empty where there is one, or where nothing is counted."""
    if reading.percent is not None or reading.events is None:
        return ""
    return _NO_PERCENTAGE["small" if reading.base_is_small else "zero"]


_NO_PERCENTAGE = {
    "small": "No percentage is quoted: fewer than ten were to be expected.",
    "zero": "No percentage is quoted: the figures fit that nothing was to be expected, and of nothing there is none.",
}


def compared(evaluation: Evaluation) -> str:
    """Say with whom the primary estimate compares the treated sites, and for how long."""
    design = evaluation.design(evaluation.study.primary)
    alone = read(evaluation, evaluation.study.primary).is_association
    if design.panel is None:
        if alone:
            return "Compared with its own past only: nothing shows what would have happened anyway."
        return "Compared with one comparison area, before and after the start."
    key = "past" if alone else _comparison_kind(design)
    return _COMPARED[key].format(
        sites=formats.plural(len(design.comparison_sites), "site", "sites"),
        duration=_duration(design),
        first=design.periods_after[0],
        last=design.periods_after[-1],
    )


def _comparison_kind(design: Design) -> str:
    if not design.has_comparison:
        return "later" if design.is_staggered else "past"
    return "lot" if design.assignment == "randomised" else "sites"


_COMPARED = {
    "lot": "Compared with {sites} that were left out by lot, for {duration} ({first} to {last}).",
    "sites": "Compared with {sites} without the measure, for {duration} ({first} to {last}).",
    "later": "Compared with sites that started later, for {duration} ({first} to {last}).",
    "past": "Compared with its own past only, for {duration} ({first} to {last}).",
}

_UNITS = {
    "year": ("year", "years"),
    "quarter": ("quarter", "quarters"),
    "month": ("month", "months"),
    "week": ("week", "weeks"),
    "date": ("day", "days"),
    "number": ("period", "periods"),
}


def _duration(design: Design) -> str:
    panel = design.require_panel("the length of a study", may_end=True)
    span = formats.plural(len(design.periods_after), *_UNITS[panel.periods.frequency])
    return f"up to {span}" if design.is_staggered else span


def displacement(evaluation: Evaluation) -> str:
    """Answer whether crime moved next door."""
    effect, level = evaluation.primary, evaluation.study.level
    moved = effect.displacement
    if moved is None:
        return _DISPLACEMENT["unmeasured"]
    reading = read(evaluation, evaluation.study.primary)
    if moved.prevented is None:
        held = interval(moved.change, level)
        if not held.excludes(0):
            return _DISPLACEMENT_BY_LEVEL["open"]
        is_better = (held.upper < 0) == (effect.outcome.good == "fewer")
        claim = _claim(reading, "spread" if is_better else "moved")
        return f"{claim}{_DISPLACEMENT_BY_LEVEL['better' if is_better else 'worse']}"
    middle, held = estimated(moved.prevented.sum(axis=1), level)
    shape: Shape = "open" if not held.excludes(0) else "fewer" if held.lower > 0 else "more"
    ends = _ends((middle, held), "count", shape, formats.events)
    told = _DISPLACEMENT[shape].format(things=reading.things, **ends)
    claim = "" if shape == "open" else _claim(reading, "spread" if shape == "fewer" else "moved")
    return f"{claim}{told} {_net(reading)}".rstrip()


def is_reduction(reading: Reading) -> bool:
    """Say whether something was shown to be prevented here, so that it could have moved or spread."""
    return reading.outcome.good == "fewer" and reading.movement == "fewer"


def _claim(reading: Reading, key: str) -> str:
    """Say what the change nearby comes to, no surer than what the measure did; nothing where it did nothing."""
    return f"{_CLAIMS[key, reading.certainty]} " if is_reduction(reading) else ""


def quotient(evaluation: Evaluation) -> tuple[str, str]:
    """Give the weighted displacement quotient and how to read it: as chance where the change nearby may be none."""
    moved, level = evaluation.primary.displacement, evaluation.study.level
    if moved is None or moved.wdq is None:
        return "none", "" if moved is None else formats.sentence(moved.wdq_reason) if moved.wdq_reason else ""
    near = moved.change if moved.prevented is None else moved.prevented.sum(axis=1)
    if not interval(near, level).excludes(0):
        return formats.number(moved.wdq, 2), _MAY_BE_CHANCE
    is_known = is_reduction(read(evaluation, evaluation.study.primary))
    return formats.number(moved.wdq, 2), formats.sentence(moved.wdq_reason) if is_known else _NOTHING_WON


_MAY_BE_CHANCE = "But the change in the buffer may be chance."
_NOTHING_WON = "But nothing was shown to be prevented in the treated area."


def _net(reading: Reading) -> str:
    """Say what is left once nearby areas are counted."""
    net = reading.net
    if net is None:
        return ""
    shape: Shape = "open" if not net[1].excludes(0) else "fewer" if net[1].lower > 0 else "more"
    told = _NET[shape].format(**_ends(net, "count", shape, formats.events))
    return f"{told} {_PREVENTED_OR_MOVED}" if shape == "open" and is_reduction(reading) else told


_DISPLACEMENT = {
    "unmeasured": (
        "This was not measured, so it is not known: no nearby area was watched for crime that moved there "
        "or for a benefit that spread."
    ),
    "fewer": ("Nearby areas had about {middle} fewer {things} than expected (between {low} and {high} fewer)."),
    "more": "Nearby areas had about {middle} more {things} than expected (between {low} and {high} more).",
    "open": (
        "The figures neither show it nor rule it out: nearby areas had anything from {low} to {high} "
        "{things} than expected."
    ),
}

_CLAIMS: dict[tuple[str, Certainty], str] = {
    ("moved", "high"): "Some of it did.",
    ("moved", "moderate"): "Some of it probably did.",
    ("moved", "low"): "Some of it may have.",
    ("moved", "very low"): "We do not know.",
    ("spread", "high"): "Rather the opposite: the benefit spread.",
    ("spread", "moderate"): "Rather the opposite: the benefit probably spread.",
    ("spread", "low"): "Rather the opposite: the benefit may have spread.",
    ("spread", "very low"): "We do not know.",
}

_NEARBY = "Counting nearby areas, it is anything from {low} to {high} than expected."

_DISPLACEMENT_BY_LEVEL = {
    "open": "The figures for nearby areas neither show it nor rule it out.",
    "better": "Nearby areas did better than expected.",
    "worse": "Nearby areas did worse than expected.",
}

_NET = {
    "fewer": "Counting them, there were about {middle} fewer in all (between {low} and {high} fewer).",
    "more": "Counting them, there were about {middle} more in all (between {low} and {high} more).",
    "open": "Counting them, the total is anything from {low} to {high} than expected.",
}

_PREVENTED_OR_MOVED = "With nearby areas included, this study cannot tell whether it was prevented or moved."

_DESIGN_IN_WORDS = {
    5: "Sites were assigned by lot, so that the groups differ by chance alone.",
    4: (
        "Treated sites and others were each compared with themselves over several periods before the start, "
        "but the sites were not chosen by lot."
    ),
    2: "Only the treated area was looked at, before and after: nothing shows what would have happened anyway.",
    1: "The groups were compared once, without a look at how they stood before the start.",
}

_THIRD_LEVEL = {
    "table": (
        "One treated area was compared with one other, before and after: whatever else happened in either "
        "of them counts as the work of the measure."
    ),
    "panel": (
        "Treated and other sites were compared before and after, but too few sites or periods show "
        "whether they moved together before the start."
    ),
}


def certainty(evaluation: Evaluation) -> tuple[str, ...]:
    """Say why we are as sure as we are: the design, what speaks against it, and what was not counted."""
    design = evaluation.design(evaluation.study.primary)
    level, used = design.methods_level.level, shown_level(evaluation.primary, design)
    if used < 3:  # the method leaves the comparison aside
        level = used
    shape = "table" if design.table is not None else "panel"
    told = [_THIRD_LEVEL[shape] if level == 3 else _DESIGN_IN_WORDS[level]]
    told += [formats.sentence(reason) for reason in evaluation.finding.reasons[1:3]]
    if is_recorded_crime(evaluation.primary.outcome):
        told.append("Recorded crime is not all crime.")
    return tuple(told)
