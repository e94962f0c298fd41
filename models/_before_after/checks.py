"""What a reader must know before believing a before/after table."""

from __future__ import annotations

import numpy as np

from evalkit.domain import Check
from evalkit.draws import interval
from evalkit.models._before_after.answer import TableAnswer, in_events
from evalkit.models._before_after.cells import Cells
from evalkit.models._before_after.displacement_difference import Change, difference_of_cells
from evalkit.models._before_after.e_test import e_test
from evalkit.models._before_after.variation import shift_check, variation_check
from evalkit.models._missing import weights_not_used

__all__ = ["table_checks"]

# A percentage of fewer is a handful of crimes made to look like a rate.
SMALLEST_BASE = 10
# The E-test sums over a grid of outcomes, seconds' work beyond this, where its answer is the normal's.
LARGEST_FOR_E_TEST = 5_000


def table_checks(answer: TableAnswer, rng: np.random.Generator) -> tuple[Check, ...]:
    """Give all checks that have something to say."""
    found = (
        _comparison(answer),
        _trends(answer),
        _scales(answer, rng),
        variation_check(answer, rng),
        shift_check(answer),
        _zeros(answer),
        _exact(answer),
        _no_total(answer),
        _small_base(answer.cells),
        _alone(answer.cells),
        _lengths(answer),
        _sizes(answer),
        _weights(answer),
        _published(answer),
    )
    return tuple(check for check in found if check is not None)


def _comparison(answer: TableAnswer) -> Check | None:
    if answer.cells.has_comparison:
        return None
    return Check(
        name="comparison",
        passed=False,
        detail="There is no comparison area. The figure is the change from before to after, an "
        "association: nothing shows what would have happened without the measure.",
    )


def _trends(answer: TableAnswer) -> Check | None:
    if not answer.cells.has_comparison:
        return None
    detail = (
        "Two sums for each area do not show whether the areas moved together before the start."
        if answer.design.panel is None
        else "The periods were added up to one before and one after, so whether the areas moved "
        "together before the start is not looked at here; 'did-poisson' does."
    )
    return Check(name="parallel trends cannot be seen", passed=None, detail=detail)


def _scales(answer: TableAnswer, rng: np.random.Generator) -> Check | None:
    if not answer.cells.has_comparison:
        return None
    drawn = {measure: answer.redrawn(rng, measure=measure) for measure in ("difference", "ratio")}
    local = [draws.change[:, 0] for draws in drawn.values()]
    same_sign = len({float(np.sign(np.median(change).round(12))) for change in local}) == 1
    same_verdict = len({interval(change).excludes(0) for change in local}) == 1
    shown = {measure: in_events(draws, answer) for measure, draws in drawn.items()}
    verdict = (
        "they agree in direction and on whether no change can be ruled out."
        if same_sign and same_verdict
        else "they agree in direction but not on whether no change can be ruled out."
        if same_sign
        else "they point in different directions, so the answer rests on which of the two is believed."
    )
    return Check(
        name="scales agree",
        passed=same_sign and same_verdict,
        detail="A difference assumes that without the measure the treated area would have changed by "
        "the same number as the comparison area, a ratio that it would have changed by the same "
        f"proportion. By difference: {shown['difference']}; by ratio: {shown['ratio']}: {verdict}",
    )


def _zeros(answer: TableAnswer) -> Check | None:
    cells = answer.cells
    if not cells.zeros:
        return None
    detail = (
        f"Nothing was counted in {', '.join(cells.zeros)}. The answer is therefore a posterior: each "
        "expected count has Jeffreys' prior (density proportional to one over its root), under which "
        "a count of x leaves a gamma distribution of shape x + 1/2; no half is added to any count. The "
        "prior pulls by up to about one event: with periods or areas of unequal size it is a change by itself."
    )
    nothing_treated = not cells.counts[0].any()
    if nothing_treated:
        detail += (
            " In the treated area nothing was counted at all. That shows that few were to be expected "
            "there (below 1.9 in each period with 95 % probability) and not whether the measure works: "
            "what cannot fall cannot be seen to fall, and the range of a ratio is mostly the prior's."
        )
    return Check(name="zero counts", passed=False if nothing_treated else None, detail=detail)


def _exact(answer: TableAnswer) -> Check | None:
    """Test equal proportions of change exactly, where counts are too small for any approximation.

    Given all sums, the treated area's count after is hypergeometric if there is no effect (Fisher's test). That
    holds where sizes do not change and lengths are the same for both areas.
    """
    cells = answer.cells
    if not cells.has_comparison or cells.counts[:2].min() >= SMALLEST_BASE:
        return None
    own = cells.without_buffer()
    odds = float(own.weights[0, 0] * own.weights[1, 1] / (own.weights[0, 1] * own.weights[1, 0]))
    if abs(odds - 1) > 1e-9 or own.counts.sum() > LARGEST_FOR_E_TEST:
        return None
    from scipy.stats import fisher_exact

    p_value = float(fisher_exact(own.counts.astype(int)).pvalue)
    shown = "below 0.001" if p_value < 0.001 else f"{p_value:.3f}"
    return Check(
        name="exact test",
        passed=None,
        detail="Given how many were counted before and after and in both areas, chance alone would part the areas' "
        f"proportions of change as far with probability {shown} (Fisher's exact test; Poisson counts, no lasting "
        "shift of a site).",
    )


def _no_total(answer: TableAnswer) -> Check | None:
    if answer.drawn.prevented is not None:
        return None
    return Check(
        name="number prevented",
        passed=False,
        detail="So little was counted before in the area compared with that the number expected by "
        "proportion has no mean; no number prevented is given. measure = 'difference' gives one.",
    )


def _small_base(cells: Cells) -> Check | None:
    small = cells.counts < SMALLEST_BASE
    small[:, 1] = False
    if not small.any():
        return None
    return Check(
        name="small base",
        passed=False,
        detail=f"Fewer than {SMALLEST_BASE} were counted in {', '.join(cells.where(small))}: "
        "quote no percentage, only the counts themselves and the range.",
    )


def _alone(cells: Cells) -> Check | None:
    before, after = cells.of("treated")
    if max(before, after) > LARGEST_FOR_E_TEST:
        return None
    p_value = e_test(before, cells.weights[0, 0], after, cells.weights[0, 1]).p_value
    shown = "below 0.001" if p_value < 0.001 else f"{p_value:.3f}"
    return Check(
        name="treated area alone",
        passed=None,
        detail=f"Seen by itself the treated area went from {before:,.0f} to {after:,.0f}; equal rates "
        f"would give a difference as large with probability {shown} (E-test, Poisson counts). This is "
        "not the effect: it leaves out what changed everywhere.",
    )


def _lengths(answer: TableAnswer) -> Check | None:
    table = answer.design.table
    if table is None or table.lengths[0] == table.lengths[1]:
        return None
    before, after = table.lengths
    cancels = answer.measure == "ratio" and answer.cells.has_comparison
    done = "this cancels in the ratio" if cancels else "counts were brought to one length"
    return Check(
        name="period lengths",
        passed=None,
        detail=f"The period before lasted {before:g} and the one after {after:g}; {done}. That does not "
        "make up for seasons that only one of them holds.",
    )


def _sizes(answer: TableAnswer) -> Check | None:
    panel = answer.design.panel
    if panel is None or not answer.cells.has_comparison:
        return None
    basis = "each site counts as an area of one size"
    if panel.exposure is not None:
        basis = "sites count by their exposure"
    return Check(
        name="sizes of areas",
        passed=None,
        detail=f"Sites were added up, and {basis} when the comparison's change is brought to the size "
        "of the treated area.",
    )


def _weights(answer: TableAnswer) -> Check | None:
    panel = answer.design.panel
    if panel is None:
        return None
    return weights_not_used(
        panel,
        "Sites and periods were added up, and every event counts alike: the panel's analytic weights have no part.",
    )


def _published(answer: TableAnswer) -> Check | None:
    """The figure in the literature's unit, where that is not crimes."""
    if answer.measure != "difference" or not answer.cells.is_weighted:
        return None
    found = difference_of_cells(answer.cells, answer.dispersion.value)
    return Check(
        name="weighted displacement difference",
        passed=None,
        detail="Per unit of length and size, as Wheeler and Ratcliffe (2018) give it: "
        f"{_shown(found.local)}"
        + (f"; with the buffer {_shown(found.total)}" if found.displaced is not None else "")
        + ". The effect is in crimes: this times the treated area's size and the length of the "
        "period after.",
    )


def _shown(change: Change) -> str:
    return f"{change.estimate:.4g} (standard error {change.std_error:.4g})"
