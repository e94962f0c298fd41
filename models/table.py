"""Before and after counts: the weighted displacement difference and the relative rate ratio."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, Literal, get_args

import numpy as np

from evalkit.domain import Card, Design, Displacement, Effect
from evalkit.draws import DEFAULT_DRAWS
from evalkit.errors import DesignError, EstimationError, nearest
from evalkit.models._before_after.answer import TableAnswer
from evalkit.models._before_after.cells import Cells, cells_of_design
from evalkit.models._before_after.checks import table_checks
from evalkit.models._before_after.dispersion import Dispersion
from evalkit.models._before_after.displacement_difference import (
    Change,
    DisplacementDifference,
    difference_of_cells,
    displacement_difference,
    harm_weighted_difference,
)
from evalkit.models._before_after.displacement_quotient import DisplacementQuotient, displacement_quotient
from evalkit.models._before_after.draws import Measure, draw_changes
from evalkit.models._before_after.e_test import ETest, e_test
from evalkit.models._before_after.rate_ratio import RateRatio, rate_ratio
from evalkit.models._before_after.sites import dispersion_of
from evalkit.models._calibration import simulations

__all__ = [
    "BeforeAfterTable",
    "Change",
    "DisplacementDifference",
    "DisplacementQuotient",
    "ETest",
    "RateRatio",
    "displacement_difference",
    "displacement_quotient",
    "e_test",
    "harm_weighted_difference",
    "rate_ratio",
]

# Two sums an area are a comparison of before and after with one other area, whatever they were added up from.
_METHODS_CAP = 3


@dataclass(frozen=True, kw_only=True)
class BeforeAfterTable:
    """Counts before and after in a treated area, a comparison area and a buffer.

    A panel with one start is summed to such a table first. The change is in crimes of the treated area
    over the period after: where lengths or sizes differ, the comparison's change is brought to that
    area and that length (the published weighted figure, per unit of both, stands in a check and in
    the details of the displacement). The buffer's change is likewise in crimes of the buffer, so that
    the two add up to crimes.

    Attributes
    ----------
    measure : "difference" (weighted displacement difference; the same *number* would have been added
        everywhere), "ratio" (relative incidence rate ratio; the same *proportion*), or "auto": the difference
        for a table, as it exists for every table and is what the literature on it reports; the ratio for a panel,
        whose sites differ in size and share a season, so that numbers do not carry over (see the card).
    dispersion : how many times as much as chance counts vary, 1 or more; "auto" takes it from how far the
        sites of a panel differ in their change, where there are two treated and two comparison sites or more,
        or five of one kind and a lone one of the other; otherwise from its periods before the start, where
        there are eight; and otherwise takes 1, with the range for 2 beside it

    References
    ----------
    Wheeler and Ratcliffe 2018, doi:10.1186/s40163-018-0085-5; Wilson 2022,
    doi:10.1007/s10940-021-09494-w; Bowers and Johnson 2003, doi:10.1023/A:1024909009240.
    """

    measure: Literal["auto"] | Measure = "auto"
    dispersion: Literal["auto"] | float = "auto"

    card: ClassVar[Card] = Card(
        title="Before and after counts against a comparison area, with displacement",
        shapes=("table", "panel"),
        needs="Counts before and after in the treated area; a comparison area, or the answer is an "
        "association; a panel must have one start for all its sites",
        assumes="Without the measure the treated area would have changed by the same number "
        "(difference) or the same proportion (ratio) as the comparison area, the measure changed nothing "
        "there, and counts vary as chance makes them, times the dispersion",
        source="Wheeler and Ratcliffe 2018, doi:10.1186/s40163-018-0085-5; Wilson 2022, doi:10.1007/s10940-021-09494-w",
        simulations=simulations("table"),
        calibration=(
            (
                "coverage of the total difference at 95 %, own and shared comparison",
                "6,000 tables each, Poisson counts of 20 to 300 a cell",
                "95.1 % and 94.8 %",
            ),
            (
                "coverage of the log rate ratio at 95 %",
                "6,000 tables each, Poisson counts of 20 to 300, 5 to 20 and 2 to 8 a cell",
                "95.0 %, 95.5 % and 97.6 %",
            ),
            (
                "coverage at 95 % over tables of which 10 to 67 % hold a zero",
                "3,000 tables at each of four sets of means from 0.5 to 20",
                "difference 94.5 to 95.6 %, ratio 94.9 to 97.6 %",
            ),
            (
                "coverage at 95 % of tiny counts: means of 0.3 in all cells; 1 in all; 3 to 0.5 against 5 to 4",
                "600 tables each, of which 99, 86 and 67 % hold a zero",
                "difference 100, 97.7 and 95.2 %; ratio 99.8, 96.7 and 96.0 %",
            ),
            (
                "coverage at 95 % with dispersion from 8 or 24 periods, counts varying 1, 2 or 4 times as chance",
                "2,000 panels each, swings of 20 % common to all areas",
                "94.5 to 96.6 %; without it 82 to 85 % (twice) and 65 to 69 % (four times)",
            ),
            (
                "ratio: one season in sites of different size, 12 periods, shifts of sites (sd .1), 400 panels each",
                "nominal 95 %; in brackets with treated sites ten times larger than the others",
                (
                    "20 of 40 treated 96.0 % (96.3), 10 of 100 97.0 % (95.3), 3 of 40 97.8 % (93.5); one site, "
                    "whose shift is taken to be like the others': of 40 97.0 % (67.5), of 12 96.8 % (81.3), of 6 "
                    "98.8 % (93.5)"
                ),
            ),
            (
                "difference: the same panels, whose season moves all by one proportion",
                "nominal 95 %; in brackets with treated sites ten times larger, whose numbers then do not move alike",
                "20 of 40 96.8 % (0), 10 of 100 93.5 % (0), 3 of 40 92.0 % (65), one of 40 93.5 % (9)",
            ),
            (
                "true nulls rejected at 5 %, sites that each keep a shift of their own (sd .15), 2,000 panels a row",
                "nominal 5 % (chance: 3.5 to 6.5); by chance alone in brackets",
                (
                    "difference: 5 of 10 treated 4.7 % (52), 3 of 12 4.4 % (50), 2 of 12 7.9 % (48), "
                    "2 of 4 0.7 % (51); ratio: 4.4, 5.1, 7.5 and 0.6 %"
                ),
            ),
        ),
    )

    def __post_init__(self) -> None:
        measures = get_args(Measure.__value__)
        if self.measure not in ("auto", *measures):
            raise EstimationError(
                f"no measure {self.measure!r} of a before/after table; {nearest(self.measure, measures)}"
            )
        value = self.dispersion
        if value == "auto":
            return
        if isinstance(value, bool | str) or not (math.isfinite(value) and value >= 1):
            raise EstimationError(
                "dispersion of a before/after table is 'auto' or a number of 1 or more (1: counts vary "
                f"as chance alone makes them); there is {value!r}"
            )

    def estimate(self, design: Design, *, rng: np.random.Generator, draws: int = DEFAULT_DRAWS) -> Effect:
        """Estimate the change, the events it prevented, and what moved to the buffer.

        Raises
        ------
        DesignError
            Where the outcome is not a count, sites started at different times, or there is a buffer
            without a comparison.
        """
        if not design.outcome.counts_events:
            raise DesignError(
                f"outcome {design.outcome.name!r} is a {design.outcome.kind}; a before/after table "
                "takes counts of events"
            )
        cells, measure = cells_of_design(design), self._measure(design)
        answer = TableAnswer(
            design=design,
            cells=cells,
            measure=measure,
            dispersion=(dispersion := self._dispersion(design, cells, measure)),
            drawn=(drawn := draw_changes(cells, measure, dispersion, draws, rng)),
        )
        return Effect(
            outcome=design.outcome,
            estimator="table",
            scale="count_difference" if measure == "difference" else "log_rate_ratio",
            change=drawn.change[:, 0],
            prevented=None if drawn.prevented is None else drawn.prevented[:, :1],
            periods=("after",),
            recorded=cells.counts[0, 1:],
            basis=drawn.basis,
            degrees_of_freedom=drawn.degrees_of_freedom,
            estimand=_estimand(answer),
            assumption=_assumption(answer),
            checks=table_checks(answer, rng),
            displacement=_displacement(answer),
            methods_cap=_METHODS_CAP,
            specification=_specification(answer),
        )

    def _measure(self, design: Design) -> Measure:
        if self.measure == "auto":
            return "difference" if design.panel is None else "ratio"
        return self.measure

    def _dispersion(self, design: Design, cells: Cells, measure: Measure) -> Dispersion:
        if self.dispersion == "auto":
            return dispersion_of(design, cells, measure)
        return Dispersion(value=float(self.dispersion), origin="given")


_ERRORS = {"sites": "spread of the sites", "estimated": "Poisson, dispersion before the start", "unknown": "Poisson"}


def _specification(answer: TableAnswer) -> tuple[tuple[str, str], ...]:
    design, cells, known = answer.design, answer.cells, answer.dispersion
    sites, periods = "one area of a kind", "1 before, 1 after"
    if design.panel is not None:
        sites = f"{len(design.treated_sites)} treated, {len(design.comparison_sites)} comparison, added up"
        periods = f"{design.periods_before} before, {len(design.periods_after)} after, added up"
    return (
        ("estimator", "table"),
        ("averages over", "events"),
        ("outcome", "count" if answer.measure == "difference" else "log rate"),
        ("compared with", "comparison area" if cells.has_comparison else "its own past"),
        ("sites", sites),
        ("periods", periods),
        ("effects removed", "area and period" if cells.has_comparison else "none"),
        ("covariates", "none"),
        ("weights", "none"),
        (
            "errors",
            "posterior (a zero cell)" if cells.zeros else _ERRORS.get(known.origin, f"Poisson times {known.value:.3g}"),
        ),
    )


def _estimand(answer: TableAnswer) -> str:
    what = answer.design.outcome.plural
    if not answer.cells.has_comparison:
        unit = "number" if answer.measure == "difference" else "rate (as the log of a ratio)"
        return f"Change in the {unit} of {what} in the treated area from before to after"
    if answer.measure == "difference":
        return (
            f"Change in the number of {what} in the treated area over the period after, less the "
            "change of the comparison area, brought to the same length and size"
        )
    return f"Log of the ratio of {what} after to before in the treated area, over the same ratio in the comparison area"


def _assumption(answer: TableAnswer) -> str:
    what = answer.design.outcome.plural
    if not answer.cells.has_comparison:
        return (
            f"To be an effect, {what} would have had to stay as they were without the measure; nothing "
            "in these counts can show that, so this is an association."
        )
    number = "number (at equal length and size)" if answer.cells.is_weighted else "number"
    same = number if answer.measure == "difference" else "proportion"
    buffer = ", and the buffer as the area it is compared with" if answer.cells.has_buffer else ""
    return (
        f"Without the measure, {what} in the treated area would have changed by the same {same} as in "
        f"the comparison area{buffer}; and the measure changed nothing in the comparison area."
    )


def _displacement(answer: TableAnswer) -> Displacement | None:
    if not answer.cells.has_buffer:
        return None
    drawn, quotient = answer.drawn, _quotient(answer)
    return Displacement(
        change=drawn.change[:, 1],
        prevented=None if drawn.prevented is None else drawn.prevented[:, 1:],
        wdq=None if isinstance(quotient, str) else quotient.wdq,
        wdq_reason=quotient if isinstance(quotient, str) else quotient.reason,
        details=_details(answer, None if isinstance(quotient, str) else quotient),
    )


def _quotient(answer: TableAnswer) -> DisplacementQuotient | str:
    """The quotient, or why it is not asked for."""
    cells = answer.cells
    if not cells.has_comparison:
        return "There is no quotient: it needs a comparison area for the treated area."
    if answer.design.outcome.good == "more":
        return "There is no quotient: it is made for outcomes of which fewer are wanted."
    return displacement_quotient(
        cells.of("treated"),
        cells.of("buffer"),
        cells.of("comparison"),
        dispersion=answer.dispersion.value,
    )


def _details(answer: TableAnswer, quotient: DisplacementQuotient | None) -> tuple[tuple[str, float], ...]:
    """Figures of the literature by name; those that do not exist are left out."""
    found = difference_of_cells(answer.cells, answer.dispersion.value)
    figures: dict[str, float | None] = {"dispersion": answer.dispersion.value}
    for name, change in (
        ("wdd", found.total),
        ("wdd_local", found.local),
        ("wdd_buffer", found.displaced),
        ("total_change", found.crimes_total),
    ):
        if change is not None:
            figures |= {name: change.estimate, f"{name}_std_error": change.std_error}
    if quotient is not None:
        figures |= {
            "total_net_effect": quotient.total_net_effect,
            "gross_effect": quotient.gross_effect,
            "net_effect": quotient.net_effect,
            "wdq_success": quotient.success,
            "wdq_success_std_error": quotient.success_std_error,
            "wdq_buffer": quotient.buffer,
        }
    return tuple((name, value) for name, value in figures.items() if value is not None)
