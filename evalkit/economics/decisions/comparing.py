"""Options side by side: all that a choice between them needs, from appraisals on the same draws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from evalkit.draws import FloatArray
from evalkit.economics.appraisal import Amount, Appraisal
from evalkit.economics.decisions.acceptability import Acceptability, Grid, acceptability, value_grid
from evalkit.economics.decisions.compared import DOING_WITHOUT, Draws, place_of, read_draws
from evalkit.economics.decisions.incremental import Incremental, incremental
from evalkit.economics.decisions.plane import Plane, plane
from evalkit.economics.decisions.portfolio import Portfolio, Rules, best_portfolio
from evalkit.economics.unpriced import Preference
from evalkit.errors import CostError, nearest

__all__ = ["OptionsCompared", "compare_options"]


@dataclass(frozen=True, kw_only=True, eq=False)
class OptionsCompared:
    """Options beside each other and beside doing without, each row of all draws together.

    Attributes
    ----------
    appraisals : of each option against doing without, by name
    draws : cost, with what is lost by taxing for it, and events prevented, both in present value; doing
        without is the first option, and costs and prevents nothing
    net_benefit : in the study's prices, shape (draws, options); None where nothing has a price
    prob_best : probability that the option has the highest net benefit in the study's prices, shape
        (options,); None where nothing has a price
    comparator : what the planes compare each other option with
    planes : one for each option but the comparator
    incremental : dominance, and ratios between neighbours
    acceptability : by what a prevented crime is worth
    portfolio : the best set under the budget; None where no budget was given
    scenario, currency, price_year, events_are, level : as of the appraisals
    worth : mean worth of one event in the study's prices, or None
    warnings : sentences that a reader must see
    barred : options that may not be taken, whatever they are worth, as they do not pass a gate
    preference : which to take where net benefits cannot be told apart and one watches less; None where nothing is
        known of how much any of them watches, or nothing has a price
    """

    appraisals: Mapping[str, Appraisal]
    draws: Draws
    net_benefit: FloatArray | None
    prob_best: FloatArray | None
    comparator: str
    planes: tuple[Plane, ...]
    incremental: Incremental
    acceptability: Acceptability
    portfolio: Portfolio | None
    scenario: str
    currency: str
    price_year: str
    events_are: str
    level: float
    worth: float | None
    warnings: tuple[str, ...]
    barred: tuple[str, ...] = ()
    preference: Preference | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """All options, doing without first."""
        return self.draws.names

    def expected_net_benefit(self, option: str) -> Amount | None:
        """Give the net benefit of an option against doing without, in the study's prices."""
        if self.net_benefit is None:
            return None
        return Amount.of(self.net_benefit[:, place_of(option, self.names, "option")], self.level)


def compare_options(
    appraisals: Mapping[str, Appraisal],
    *,
    comparator: str = DOING_WITHOUT,
    budget: float | None = None,
    budget_of: str | None = None,
    exclusive: Sequence[Sequence[str]] = (),
    requires: Mapping[str, Sequence[str]] | None = None,
    barred: Sequence[str] = (),
    values: Sequence[float] | None = None,
    scenario: str = "observed window",
) -> OptionsCompared:
    """Compare options with each other and with doing without.

    Row i of every appraisal goes with row i of the others: appraise them on the same effects, or with
    `appraise_option`, so that what they share was drawn once.

    Parameters
    ----------
    appraisals : by option, each against doing without
    comparator : what each option is compared with on the plane; by default doing without
    budget : limit of the expected cost, in present value, of the options that are taken together; without it
        no set is chosen. Which set is best is told by the study's prices
    budget_of : the bearer whose costs count against the budget, less what others pay to it, such as "city"; by
        default all costs
    exclusive : groups of options of which at most one is taken
    requires : options that have to be taken with an option, by its name
    barred : options that do not pass a gate of law: they are compared, and never taken under the budget
    values : of one prevented crime; by default a range that shows where the choice turns
    scenario : "observed window", or "extrapolation" where every appraisal has one

    Raises
    ------
    CostError
        Appraisals that cannot be set beside each other, or a choice among them that names what is not there.
    """
    chosen = _read(appraisals, scenario)
    first = next(iter(chosen.values()))
    draws = _draws(chosen)
    net = _net_benefit(chosen)
    worth = _mean_worth(chosen)
    grid: Grid | Sequence[float] = value_grid(draws, worth=worth) if values is None else values
    for name in (comparator, *barred):
        place_of(name, draws.names, "comparator" if name == comparator else "barred")
    rules = Rules(
        exclusive=tuple(group if isinstance(group, str) else tuple(group) for group in exclusive),  # type: ignore[misc]
        requires={name: each if isinstance(each, str) else tuple(each) for name, each in (requires or {}).items()},  # type: ignore[misc]
        barred=tuple(barred),
    )
    return OptionsCompared(
        appraisals=chosen,
        draws=draws,
        net_benefit=net,
        prob_best=None if net is None else _prob_best(net, draws),
        comparator=comparator,
        planes=tuple(
            plane(draws, name, comparator=comparator, level=first.level) for name in draws.names if name != comparator
        ),
        incremental=incremental(draws),
        acceptability=acceptability(draws, grid),
        portfolio=_portfolio(chosen, net, budget, budget_of, rules),
        scenario=scenario,
        currency=first.currency,
        price_year=first.price_year,
        events_are=first.events_are,
        level=first.level,
        worth=worth,
        warnings=_warnings(chosen),
        barred=tuple(barred),
    )


_ALIKE = ("currency", "price_year", "perspective", "discounting", "horizon", "schedule", "events_are", "level")


def _read(appraisals: Mapping[str, Appraisal], scenario: str) -> dict[str, Appraisal]:
    """Give the appraisals of one scenario, and refuse those that do not go together."""
    if not appraisals:
        raise CostError("there is no option to compare")
    if DOING_WITHOUT in appraisals:
        raise CostError(f"an option has the name {DOING_WITHOUT!r}, which is there already; give it another")
    chosen = {}
    for name, appraisal in appraisals.items():
        if scenario not in appraisal.scenarios:
            raise CostError(f"option {name!r} has no scenario {scenario!r}; {nearest(scenario, appraisal.scenarios)}")
        chosen[name] = appraisal.scenarios[scenario]
    (first_name, first), *others = chosen.items()
    for name, other in others:
        for what in _ALIKE:
            if getattr(first, what) != getattr(other, what):
                raise CostError(
                    f"options {first_name!r} and {name!r} differ in {what.replace('_', ' ')}: "
                    f"{getattr(first, what)!r} and {getattr(other, what)!r}; wanted is one for all"
                )
        if len(first.cost_draws) != len(other.cost_draws):
            raise CostError(
                f"options {first_name!r} and {name!r} have {len(first.cost_draws)} and {len(other.cost_draws)} draws; "
                "wanted is one number, row by row together"
            )
    return chosen


def _draws(chosen: Mapping[str, Appraisal]) -> Draws:
    """Put doing without first, and each option's full cost and events beside it."""
    nothing = np.zeros(len(next(iter(chosen.values())).cost_draws))
    cost = [nothing, *(each.full_cost_draws for each in chosen.values())]
    events = [each.present_events_draws for each in chosen.values()]
    return read_draws((DOING_WITHOUT, *chosen), np.column_stack(cost), np.column_stack([nothing, *events]))


def _net_benefit(chosen: Mapping[str, Appraisal]) -> FloatArray | None:
    columns = [each.net_benefit_draws for each in chosen.values()]
    known = [column for column in columns if column is not None]
    if len(known) < len(columns):
        return None
    return np.column_stack([np.zeros(len(known[0])), *known])


def _prob_best(net: FloatArray, draws: Draws) -> FloatArray:
    """Give how often each option is best; a tie goes to the lower mean cost, then to the one named first."""
    order = np.argsort(draws.cost.mean(axis=0), kind="stable")
    found = np.zeros(net.shape[1])
    found[order] = np.bincount(net[:, order].argmax(axis=1), minlength=net.shape[1]) / len(net)
    return found


def _mean_worth(chosen: Mapping[str, Appraisal]) -> float | None:
    """Give the mean worth of one event, where one outcome has a price; a mixture has no worth of one."""
    units = {line.unit_value for each in chosen.values() for line in each.by_crime}
    lines = {len(each.by_crime) for each in chosen.values()}
    return next(iter(units)) if len(units) == 1 and lines == {1} else None


def _portfolio(
    chosen: Mapping[str, Appraisal],
    net: FloatArray | None,
    budget: float | None,
    budget_of: str | None,
    rules: Rules,
) -> Portfolio | None:
    if budget is None:
        if budget_of is not None or rules.exclusive or rules.requires:
            raise CostError("budget_of, exclusive and requires say how a budget is spent, and there is no 'budget'")
        return None
    if net is None:
        raise CostError(
            "a budget is spent by what options are worth, and nothing has a price: give prices, or no budget"
        )
    _check_bearer(chosen, budget_of)
    cost = np.array([_cost_to(each, budget_of) for each in chosen.values()])
    return best_portfolio(tuple(chosen), net[:, 1:], cost, budget=budget, rules=rules)


def _check_bearer(chosen: Mapping[str, Appraisal], bearer: str | None) -> None:
    known = sorted(set().union(*(_who_bears(each) for each in chosen.values())))
    if bearer is not None and bearer not in known:
        raise CostError(f"no option costs {bearer!r} anything (budget_of); {nearest(bearer, known, 20)}")


def _who_bears(appraisal: Appraisal) -> set[str]:
    """Name those with a cost, also one that a grant pays to the last unit."""
    flows = () if appraisal.inputs is None else appraisal.inputs.flows
    known = {line.bearer for line in appraisal.by_bearer if line.cost.mean}
    return known | {each.flow.bearer for each in flows if not each.flow.saving}


def _cost_to(appraisal: Appraisal, bearer: str | None) -> float:
    if bearer is None:
        return appraisal.cost.mean
    return next((line.cost.mean for line in appraisal.by_bearer if line.bearer == bearer), 0.0)


def _warnings(chosen: Mapping[str, Appraisal]) -> tuple[str, ...]:
    """Warn where what options share was drawn for each by itself."""
    first_name, first = next(iter(chosen.items()))
    apart = [
        name
        for name, other in chosen.items()
        if first.inputs is not None
        and other.inputs is not None
        and any(
            not np.array_equal(mine.draws, its.draws)
            for outcome, worth in first.inputs.worth.items()
            if outcome in other.inputs.worth
            for mine, its in zip(worth.lines, other.inputs.worth[outcome].lines, strict=False)
        )
    ]
    if not apart:
        return ()
    told = (
        f"The worth of a crime was drawn for {', '.join(apart)} apart from {first_name}: differences between these "
        "options look less sure than they are."
    )
    return (told,)
