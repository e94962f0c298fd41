"""The designs that every estimator is tried on: what is simulated, and what the truth is.

Counts are Poisson around site and period levels. Cells of a site go together through noise that may last from
period to period and through a shift of each site's own at the start, so that errors must be made by site.
"""

import zlib
from dataclasses import dataclass, replace

import numpy as np

from evalkit.domain import Design, Intervention, Outcome, Panel, Periods

FALL = -0.3

# Panels that a pair of estimator and scenario is tried on, half of them without an effect. With two thousand a share
# of 5 % of these is known to .7 points (one standard error); placebos, and likelihoods that are fitted many times
# over, take up to seconds an estimate, and are known less well.
RUNS = 2000
FEWER = {"synthetic-control": 400, "synthetic-did": 400, "did-negative-binomial": 400}
FEWEST = {("synthetic-control", "100/10"): 100}
# Fifteen seconds a panel: a control of its own for each of 20 sites, and for each of the 20 of every placebo.
NOT_TRIED = {("synthetic-control", "400/20")}


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """One cell of the grid.

    Attributes
    ----------
    key : what the record calls it
    areas, treated : how many sites there are, and how many of them are treated
    mean : events expected a site and period
    periods, start : how many periods there are, and how many before the first start
    noise : standard deviation of the log rate from cell to cell, beyond chance
    lasting : correlation of that noise from one period to the next
    shift : standard deviation of the lasting change of each site's own at the start
    starts : over how many different periods the starts are spread, two periods apart
    growing : does the effect grow with the time since the start, and differ between starts?
    size : how many times larger the treated sites are
    buffer : sites next door, that crime moves to where there is an effect, and that the design names
    spill : share of the effect that reaches a third of the comparison sites, which the design does not know of
    worst_of : treated sites are the worst of all in the periods before the start, and the design says so
    monthly : periods are months of the calendar, so that a method may know of the season
    breaks : what the scenario breaks that no data could show; shown for the size of the error
    """

    key: str
    areas: int
    treated: int
    mean: float = 50.0
    periods: int = 12
    start: int = 6
    noise: float = 0.15
    lasting: float = 0.0
    shift: float = 0.1
    starts: int = 1
    growing: bool = False
    size: float = 1.0
    buffer: int = 0
    spill: float = 0.0
    worst_of: bool = False
    monthly: bool = False
    breaks: str = ""

    @property
    def fingerprint(self) -> str:
        """Eight signs that change with any attribute, so that a record can be held to what it was made of."""
        return f"{zlib.crc32(repr(self).encode()):08x}"

    @property
    def words(self) -> str:
        """The scenario for people."""
        parts = [f"{self.areas} areas, {self.treated} treated" if self.areas > 1 else "one area, no comparison"]
        parts.append(f"{self.mean:g} events a cell, {self.start} periods before and {self.periods - self.start} after")
        parts += [
            text
            for said, text in (
                (self.noise > 0.3, "strongly overdispersed"),
                (self.monthly, "months with a season"),
                (self.lasting > 0, f"autocorrelated ({self.lasting:g})"),
                (self.starts > 1, f"{self.starts} starts"),
                (self.growing, "effects that grow and differ by start"),
                (self.size > 1, f"treated {self.size:g} times larger"),
                (self.size < 1, f"treated {1 / self.size:g} times smaller"),
                (self.buffer, f"{self.buffer} buffer sites that crime moves to"),
                (self.spill > 0, "unknown spill-over into the comparison"),
                (self.worst_of, "treated chosen as the worst before the start"),
            )
            if said
        ]
        return ", ".join(parts)


def _grid():
    common = [
        Scenario(key=f"{areas}/{treated}", areas=areas, treated=treated)
        for areas, treated in (
            (6, 1),
            (6, 3),
            (12, 1),
            (12, 2),
            (12, 6),
            (40, 1),
            (40, 3),
            (40, 8),
            (40, 20),
            (100, 10),
            (400, 20),
            (400, 200),
        )
    ]
    half = Scenario(key="40/20", areas=40, treated=20)
    alone = Scenario(key="one area", areas=1, treated=1, periods=72, start=48, noise=0.05, shift=0.0, monthly=True)
    return (
        *common,
        replace(half, key="40/20 rare", mean=0.3),
        replace(half, key="40/20 few", mean=3.0),
        Scenario(key="12/2 few", areas=12, treated=2, mean=3.0),
        Scenario(key="400/200 rare", areas=400, treated=200, mean=0.3),
        replace(half, key="40/20 overdispersed", noise=0.6, mean=10.0),
        replace(half, key="40/20 lasting", lasting=0.6, noise=0.2),
        Scenario(key="40/3 lasting", areas=40, treated=3, lasting=0.6, noise=0.2),
        replace(half, key="40/20 staggered", starts=3, start=5),
        replace(half, key="40/20 growing", starts=3, start=5, growing=True),
        Scenario(key="40/30 growing", areas=40, treated=30, starts=4, start=4, growing=True),
        Scenario(key="12/6 growing", areas=12, treated=6, starts=3, start=5, growing=True),
        Scenario(key="46/20 buffer", areas=46, treated=20, buffer=6),
        replace(half, key="40/20 spill-over", spill=0.5, breaks="the measure changes the comparison sites"),
        Scenario(key="40/1 large", areas=40, treated=1, size=10.0),
        Scenario(key="40/1 small", areas=40, treated=1, size=0.1, mean=100.0),
        alone,
        replace(alone, key="one area lasting", noise=0.1, lasting=0.5),
        Scenario(key="300/27 worst", areas=300, treated=27, mean=5.0, periods=4, start=2, noise=0.3, worst_of=True),
    )


GRID = _grid()


def grid_of(estimator):
    """Give the scenarios that an estimator is tried on."""
    return tuple(scenario for scenario in GRID if (estimator, scenario.key) not in NOT_TRIED)


def runs_of(estimator, key):
    """How many panels an estimator is tried on in a scenario, more where chance leaves the answer open."""
    return FEWEST.get((estimator, key), FEWER.get(estimator, RUNS))


@dataclass(frozen=True, kw_only=True, eq=False)
class Simulated:
    """A simulated design and the truth behind it.

    Attributes
    ----------
    by_cell : mean over treated cells of the change in the log rate
    by_events : log of the ratio of events expected with the measure to without, over all treated cells
    """

    design: Design
    by_cell: float
    by_events: float


def simulate(scenario, rng, *, effect=FALL):
    """Simulate a scenario once with that change in the log rate, or its mean where effects differ."""
    sites, periods, start = scenario.areas, scenario.periods, scenario.start
    level = rng.normal(0, 0.5, (sites, 1)) + 0.3 * np.sin(2 * np.pi * np.arange(periods) / 12)
    noise = _noise(scenario, rng)
    shift = rng.normal(0, scenario.shift, (sites, 1)) * (np.arange(periods) >= start)
    # mean one over sites whatever the noise, so that `mean` is what it says
    log_rate = level + noise + shift - 0.125
    exposure = rng.gamma(10, 0.1, (sites, 1)) * np.ones((1, periods))
    chosen = np.arange(scenario.treated)
    if scenario.worst_of:
        before = rng.poisson(scenario.mean * exposure * np.exp(log_rate))[:, :start]
        chosen = np.sort(np.argsort(-before[:, :].sum(axis=1), kind="stable")[: scenario.treated])
    began = np.full(sites, periods)
    began[chosen] = start + 2 * (np.arange(scenario.treated) % scenario.starts)
    treated = np.arange(periods) >= began[:, None]
    change = _effects(scenario, began, treated, effect)
    moved = np.zeros((sites, periods))
    after = np.arange(periods) >= start
    if scenario.buffer:
        moved[-scenario.buffer :] = -effect / 2 * after
    if scenario.spill:
        moved[sites - (sites - scenario.treated) // 3 :] = scenario.spill * effect * after
    larger = np.where(began < periods, scenario.size, 1.0)[:, None]
    expected = scenario.mean * larger * exposure * np.exp(log_rate + moved)
    counts = rng.poisson(expected * np.exp(change)).astype(float)
    if scenario.worst_of:
        counts[:, :start] = before
    return Simulated(
        design=_design(scenario, counts, exposure, began),
        by_cell=float(change[treated].mean()),
        by_events=float(np.log((expected * np.exp(change))[treated].sum() / expected[treated].sum())),
    )


def _noise(scenario, rng):
    """Noise of the log rate, shape (areas, periods), stationary from the first period on."""
    shocks = rng.normal(0, scenario.noise, (scenario.areas, scenario.periods))
    if not scenario.lasting:
        return shocks
    out = np.empty_like(shocks)
    out[:, 0] = shocks[:, 0]
    fresh = np.sqrt(1 - scenario.lasting**2)
    for period in range(1, scenario.periods):
        out[:, period] = scenario.lasting * out[:, period - 1] + fresh * shocks[:, period]
    return out


def _effects(scenario, began, treated, effect):
    if not scenario.growing:
        return effect * treated
    since = np.arange(scenario.periods) - began[:, None]
    by_start = 1 + 0.5 * ((began - scenario.start) // 2)[:, None]
    return treated * effect * by_start * np.minimum(since + 1, 5) / 4


def _design(scenario, counts, exposure, began):
    names = tuple(f"s{row:03d}" for row in range(scenario.areas))
    kind, first = ("month", 12 * 2015) if scenario.monthly else ("number", 1)
    periods = Periods(frequency=kind, first=first, count=scenario.periods)
    panel = Panel(
        outcome=Outcome(name="theft"),
        sites=names,
        periods=periods,
        values=counts,
        exposure=exposure,
    )
    labels = periods.labels
    starts = {names[row]: labels[place] for row, place in enumerate(began) if place < scenario.periods}
    return Design(
        panel=panel,
        intervention=Intervention(name="patrol", began=starts),
        buffer=names[scenario.areas - scenario.buffer :] if scenario.buffer else (),
        selection_window=(labels[0], labels[scenario.start - 1]) if scenario.worst_of else None,
    )
