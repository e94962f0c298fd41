"""Interrupted time series: one series of counts before and after, with nothing to compare with."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Literal, get_args

import numpy as np

from evalkit.domain import Card, Check, Design, Effect, Paths
from evalkit.draws import DEFAULT_DRAWS
from evalkit.errors import EstimationError, nearest
from evalkit.models._calibration import simulations
from evalkit.models._time_series.answer import Answer, by_segments, by_state_space
from evalkit.models._time_series.checks import (
    autocorrelation_check,
    change_check,
    comparison_checks,
    dispersion_check,
    events_check,
    leads_check,
    season_check,
)
from evalkit.models._time_series.regressors import (
    Change,
    Columns,
    Event,
    Season,
    columns_of,
    cycle_of,
    require_season,
)
from evalkit.models._time_series.segmented import Errors
from evalkit.models._time_series.series import Series, series_of

__all__ = ["InterruptedTimeSeries"]

_NAME = "interrupted-time-series"
# Before and after in the treated area only (Farrington et al. 2002), however many periods there are.
_METHODS_CAP = 2
# A cycle seen once cannot be told from the trend through it.
_CYCLES = 2
# A judgement, not a measurement: a trend, a level and the memory of the noise are to be told from these.
_FEWEST_BEFORE = 12
_FEWEST_FOR_A_SLOPE = 6
# The placebo start leaves the first two thirds of the periods before the true one to learn from.
_PLACEBO = 2 / 3
_MOST_PERIODS = 2_000

type Method = Literal["segmented", "state-space"]


@dataclass(frozen=True, kw_only=True)
class InterruptedTimeSeries:
    """How far counts after the start lie from where their own past leads.

    The treated sites, which started together, are added up to one series. Comparison sites are not used.

    Attributes
    ----------
    method : "segmented" (one regression of the whole series, with a change at the start) or "state-space" (a
        level that wanders, learned before the start only and carried on; wider, and right in its width where the
        series drifts without a reason that one can name)
    change : what the measure may change in a segmented regression: the "level", the "slope", or "both". Both is
        the default, as the average change is then right whether it came at once or by and by; "level" is more
        precise where it came at once and stayed.
    trend : is there a straight trend of the log rate?
    season : "auto" (two waves a year for months, weeks and days, besides the days of the week; a level for each
        quarter; none where periods are years or numbered), "dummies" (a level for each month or quarter), a number
        of waves, or "none"
    others : other events, so that their part is not taken for the measure's: (name, first period), which changes
        what `change` says from then on, or (name, first period, last period), another level between the two
    errors : of a segmented regression. "autoregressive" (noise that fades from period to period), "newey-west"
        or "independent" (quasi-Poisson). The last two are what papers report; see the card for how often they
        reject true nulls.
    covariates : names in the panel; None takes all it has
    placebo : try the method on a start that never was, among the periods before the true one

    Notes
    -----
    Events prevented by period are what was recorded times (exp(-change) - 1) for the segmented regression, and
    the forecast less what was recorded for the state space. The change is the log of all that was recorded over all
    that was expected.

    References
    ----------
    Wagner et al. 2002, doi:10.1046/j.1365-2710.2002.00430.x; Bernal, Cummins and Gasparrini 2017,
    doi:10.1093/ije/dyw098; Zeger 1988, doi:10.1093/biomet/75.4.621; Harvey and Durbin 1986, doi:10.2307/2981553.
    """

    method: Method = "segmented"
    change: Change = "both"
    trend: bool = True
    season: Season = "auto"
    others: tuple[Event, ...] = ()
    errors: Errors = "autoregressive"
    covariates: tuple[str, ...] | None = None
    placebo: bool = True

    card: ClassVar[Card] = Card(
        title="Interrupted time series of counts, with nothing to compare with",
        shapes=("panel",),
        needs="Counts of the treated sites with one start; two seasonal cycles before it (24 months), or 12 periods "
        "where there is no season",
        assumes="Without the measure, the series would have gone on along its own trend and season, and nothing else "
        "happened at the start",
        source="Bernal, Cummins and Gasparrini 2017, doi:10.1093/ije/dyw098",
        simulations=simulations("interrupted-time-series"),
        calibration=(
            (
                "smoking ban in Sicily, 59 months: step and trend; with a season of two waves",
                "Bernal, Cummins and Gasparrini 2017, and their published code",
                "0.894 (Poisson 0.865 to 0.925); 0.885 (quasi-Poisson 0.839 to 0.933)",
            ),
            ("Newey-West covariance", "statsmodels 0.15 GLM, HAC", "equal to 6 digits"),
            (
                "shares, estimates and forecasts under every law of the noise, both methods",
                "whole matrices, inverted",
                "equal to 5 digits",
            ),
            (
                "true nulls rejected at 5 %, 48 + 24 months, AR(1) noise (sd .2) of memory 0, .3, .6; 200 panels a row",
                "nominal 5 % (chance: up to 9.6)",
                "100 a month 2, 5, 6.5 %; 20 a month 1.5, 3.5, 5 %; level only 1.5, 5.5, 5.5 and 3.5, 3.5, 4.5 %",
            ),
            (
                "the same, errors = 'independent' and 'newey-west'",
                "nominal 5 %",
                "100 a month 7.5, 15, 32 % and 10, 15.5, 23 %; 20 a month 7, 8.5, 15.5 % and 9, 11.5, 15.5 %",
            ),
            (
                "the same, autoregressive, 5 a month, 150 panels a row",
                "nominal 5 % (chance: up to 10.3)",
                "0.7, 0.7, 3.3 %",
            ),
            (
                "the same, method = 'state-space', memory 0 and .6, 150 panels a row",
                "nominal 5 % (chance: up to 10.3)",
                "100 a month 0 and 1.3 %; 20 a month 0.7 and 2.7 %, with a bias of -.03 to -.05 in the log ratio",
            ),
            (
                "the same, where the level wanders by steps of sd .03 and .06 a month (noise .2), 150 panels a row",
                "nominal 5 %; not valid for larger steps",
                "state-space 5.3 and 12.7 % (100 a month), 3.3 and 12 % (20); segmented 11 and 23 % (100)",
            ),
            (
                "95 % interval covers a fall of 26 %, 20 a month, memory .3, 150 panels",
                "nominal 95 % (chance: 89.7 or more)",
                "98.0 %",
            ),
        ),
    )

    def __post_init__(self) -> None:
        for name, value, known in (
            ("method", self.method, get_args(Method.__value__)),
            ("change", self.change, get_args(Change.__value__)),
            ("errors", self.errors, get_args(Errors.__value__)),
        ):
            if value not in known:
                raise EstimationError(f"no {name} {value!r} of an interrupted time series; {nearest(value, known)}")
        require_season(self.season)
        given: tuple[object, ...] = (self.covariates, self.others)
        if any(isinstance(value, str) for value in given):
            raise EstimationError("covariates and others are lists; there is one text")
        if self.covariates is not None:
            object.__setattr__(self, "covariates", tuple(self.covariates))
        object.__setattr__(self, "others", tuple(_event(each) for each in self.others))

    def estimate(self, design: Design, *, rng: np.random.Generator, draws: int = DEFAULT_DRAWS) -> Effect:
        """Estimate the log of recorded over expected events after the start."""
        series = series_of(design, _NAME, self.covariates)
        columns = self._columns(series)
        self._require_length(series, columns)
        answer = self._answer(series, columns, draws, rng)
        labels, start = series.periods.labels, series.start
        what = design.outcome.plural
        return Effect(
            outcome=design.outcome,
            estimator=_NAME,
            scale="log_rate_ratio",
            change=answer.change,
            prevented=answer.prevented,
            periods=labels[start:],
            recorded=np.where(series.after, series.counts, 0.0)[start:],
            basis="posterior" if answer.degrees_of_freedom is None else "sampling",
            degrees_of_freedom=answer.degrees_of_freedom,
            estimand=f"Log of the ratio of {what} recorded in the treated sites after the start to those that the "
            "series' own past leads to expect, over all those periods",
            assumption=f"Without the measure, {what} would have gone on along the trend and season that they had "
            "before, and nothing else changed at the start; no comparison shows that, so this is an association.",
            checks=self._checks(design, series, columns, answer, rng),
            paths=Paths(periods=labels, recorded=series.counts, fitted=answer.fitted),
            methods_cap=_METHODS_CAP,
            specification=self._specification(design, series, columns),
        )

    def _columns(self, series: Series) -> Columns:
        return columns_of(series, self.change, trend=self.trend, season=self.season, others=self.others)

    def _answer(self, series: Series, columns: Columns, draws: int, rng: np.random.Generator) -> Answer:
        if self.method == "state-space":
            return by_state_space(series, columns, draws, rng)
        return by_segments(series, columns, self.errors, draws, rng)

    def _fewest(self, series: Series, columns: Columns) -> int:
        cycle = cycle_of(series.periods)
        return _FEWEST_BEFORE if columns.season == "no season" or cycle is None else max(_CYCLES * cycle, 12)

    def _require_length(self, series: Series, columns: Columns) -> None:
        """Refuse a series too short for what is asked of it, with the numbers."""
        before, after = int(series.before.sum()), int(series.after.sum())
        fewest = self._fewest(series, columns)
        if before < fewest:
            why = "trend and noise" if columns.season == "no season" else f"trend and season ({columns.season})"
            raise EstimationError(
                f"{before} periods before the start do not show {why}; wanted are {fewest} or more. Add earlier "
                "periods, or use 'table', which claims no more than a comparison of before and after"
            )
        if self.method == "segmented" and self.change != "level" and after < _FEWEST_FOR_A_SLOPE:
            raise EstimationError(
                f"{after} periods after the start do not show a slope; wanted are {_FEWEST_FOR_A_SLOPE} or more, or "
                "change = 'level'"
            )
        fitted = columns.both[series.used] if self.method == "segmented" else columns.without[series.before]
        if len(fitted) < fitted.shape[1] + 5:
            raise EstimationError(
                f"{len(fitted)} periods for {fitted.shape[1]} regressors leave too little to tell the error from; "
                "leave out waves of the season, covariates or other events"
            )
        if len(series.counts) > _MOST_PERIODS:
            raise EstimationError(
                f"{len(series.counts):,} periods are more than the {_MOST_PERIODS:,} that this method takes; add "
                "days up to weeks"
            )

    def _checks(
        self, design: Design, series: Series, columns: Columns, answer: Answer, rng: np.random.Generator
    ) -> tuple[Check, ...]:
        allowed = self.method == "state-space" or self.errors != "independent"
        found = (
            *comparison_checks(design),
            self._placebo(series, rng) if self.placebo else None,
            change_check(series, columns, answer, trend=self.trend) if self.method == "segmented" else None,
            events_check(series, columns, answer, self.others),
            season_check(series, columns),
            autocorrelation_check(answer, allowed=allowed),
            dispersion_check(answer),
            *series.checks,
        )
        return tuple(check for check in found if check is not None)

    def _placebo(self, series: Series, rng: np.random.Generator) -> Check:
        """Let the same method look for a change before there was one."""
        end = series.start
        place = max(int(_PLACEBO * end), self._fewest(series, self._columns(series)))
        if end - place < _FEWEST_FOR_A_SLOPE:
            return leads_check(None, "")
        earlier = replace(
            series,
            periods=replace(series.periods, count=end),
            counts=series.counts[:end],
            exposure=series.exposure[:end],
            covariates=series.covariates[:end],
            used=series.used[:end],
            start=place,
        )
        if not earlier.counts[earlier.before].any() or not earlier.counts[earlier.after].any():
            return leads_check(None, "")
        known = tuple(event for event in self.others if series.periods.place(event[1]) < end)
        try:
            columns = replace(self, others=known)._columns(earlier)  # noqa: SLF001 - of the same class
            answer = self._answer(earlier, columns, 400, rng)
        except EstimationError:
            return leads_check(None, "")
        return leads_check(answer.change, series.periods.labels[place])

    def _specification(self, design: Design, series: Series, columns: Columns) -> tuple[tuple[str, str], ...]:
        kind = "a level that wanders" if self.method == "state-space" else f"change of {self.change}"
        removed = ", ".join([*(["trend"] if self.trend else []), columns.season])
        return (
            ("estimator", _NAME),
            ("averages over", "events recorded" if self.method == "segmented" else "expected events"),
            ("outcome", "log rate"),
            ("compared with", f"its own past ({kind})"),
            ("sites", str(len(design.treated_sites))),
            ("periods", str(int(series.used.sum()))),
            ("effects removed", removed),
            ("covariates", ", ".join((*series.covariate_names, *(event[0] for event in self.others))) or "none"),
            ("weights", "none"),
            ("errors", self.method if self.method == "state-space" else self.errors),
        )


def _event(value: object) -> Event:
    """Read another event from a study file or from Python."""
    parts = () if isinstance(value, str) or not isinstance(value, list | tuple) else tuple(str(each) for each in value)
    if len(parts) not in {2, 3}:
        raise EstimationError(
            f"another event is (name, first period) or (name, first period, last period); there is {value!r}"
        )
    return parts  # type: ignore[return-value]  # two or three, as was just seen
