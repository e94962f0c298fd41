"""What was estimated by group-time effects, on what assumption and how, in words."""

from __future__ import annotations

from typing import Protocol

from evalkit.models._group_time.averages import Aggregate
from evalkit.models._group_time.cells import Control, Method
from evalkit.models._group_time.sample import GroupTimeSample
from evalkit.models._regression.scale import Transform, subject_of

__all__ = ["Options", "assumption", "estimand", "specification"]

_AVERAGES_OVER = {
    "simple": "treated cohort-periods, by sites",
    "group": "cohorts, by sites",
    "calendar": "calendar periods, alike",
    "dynamic": "times since the start, alike",
}
_IN_WORDS = {
    "simple": "averaged over all treated site-periods",
    "group": "averaged over the treated periods of each cohort, and then over cohorts by their sites",
    "calendar": "averaged over the sites treated in each calendar period, and then over periods, each counting alike",
    "dynamic": "averaged over sites at each time since the start, and then over times, each counting alike",
}


class Options(Protocol):
    """The options of the estimator that the words hang on."""

    @property
    def control(self) -> Control:
        """Which sites are compared with."""
        ...

    @property
    def method(self) -> Method:
        """How covariates are used."""
        ...

    @property
    def transform(self) -> Transform:
        """Logs or levels."""
        ...

    @property
    def aggregate(self) -> Aggregate:
        """What is averaged over."""
        ...

    @property
    def anticipation(self) -> int:
        """Periods before the start in which sites may have changed."""
        ...


def _subject(options: Options, sample: GroupTimeSample) -> tuple[str, str]:
    return subject_of(sample.panel), "proportion" if options.transform == "log" else "amount"


def estimand(options: Options, sample: GroupTimeSample) -> str:
    """Say what was estimated."""
    what, _ = _subject(options, sample)
    plural = sample.panel.outcome.plural
    of = f"the rate of {plural}" if what == "rates" else plural
    by = "" if sample.panel.weights is None else "; sites count by their weights"
    head = "Log of the ratio" if options.transform == "log" else "Amount"
    return (
        f"{head} by which the measure changed {of} in treated sites after the start, {_IN_WORDS[options.aggregate]}{by}"
    )


def assumption(options: Options, sample: GroupTimeSample) -> str:
    """Say what must be true for it to be causal."""
    what, amount = _subject(options, sample)
    compared = (
        "sites that were never treated"
        if options.control == "never-treated"
        else "sites that were never treated or not yet treated"
    )
    alike = " and the same covariates" if sample.covariate_names else ""
    until = (
        "no site changed because of the measure before its start"
        if not options.anticipation
        else f"no site changed because of the measure more than {options.anticipation} "
        f"period{'s' if options.anticipation > 1 else ''} before its start"
    )
    return (
        f"Without the measure, {what} in sites that started together and in {compared}{alike} would have moved by the "
        f"same {amount}; {until}; and the measure changed nothing in sites that it had not reached."
    )


def specification(name: str, options: Options, sample: GroupTimeSample, errors: str) -> tuple[tuple[str, str], ...]:
    """What a table of specifications shows, as (item, value) pairs."""
    never = int((~sample.treated).sum())
    what, _ = _subject(options, sample)
    names = sample.covariate_names
    return (
        ("estimator", name),
        ("averages over", _AVERAGES_OVER[options.aggregate]),
        ("outcome", f"log of {what}" if options.transform == "log" else what),
        ("compared with", options.control.replace("-", " ")),
        ("sites", f"{int(sample.treated.sum())} treated, {never} never treated"),
        ("periods", f"{sample.panel.periods.labels[0]} to {sample.panel.periods.labels[-1]}"),
        ("effects removed", "the change of the comparison from the same earlier period"),
        ("covariates", f"{', '.join(names)} ({options.method.replace('-', ' ')})" if names else "none"),
        ("weights", "none" if sample.panel.weights is None else "analytic, a mean for each site"),
        ("errors", errors),
    )
