"""Money of a million draws by 20 crimes by 30 years: time and memory beside plain numpy and heormodel, in one run.

    python benchmarks/economics.py

Each contender runs in processes of its own with one thread, once for time and once for memory; shown are its
CPU seconds, and the peak above what the process held with its libraries and the data loaded. Memory is read
from /proc, so on Linux.

"sums" is the same work for both: what each of 20 crimes was worth over 30 years, what all were worth in each
year and altogether, each with its mean and its 95 % range. numpy holds the whole array (draws, crimes, years) as
one would write it first; where the machine has no room for it, it does a tenth of the draws and its figures are
multiplied by ten, which is said. "appraise" is the whole of `evalkit.appraise`: every amount is drawn, both
scenarios, every bearer, cost per crime, running sums and payback.

heormodel 0.7 has no years, crimes or ledger: it starts where sums end. So "decide" is what both do with a million
draws of one effect and one cost: net benefit, the chance of it, the expected value of perfect information.
Needs the peers (pip install evalkit-prevention[peers]).
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

DRAWS, CRIMES, YEARS, SCALED = 1_000_000, 20, 30, 10
CONTENDERS = {
    "sums": ("evalkit", "numpy, whole array"),
    "appraise": ("evalkit",),
    "decide": ("evalkit", "heormodel"),
}
# The array, what numpy makes of it on the way, and something to live on.
ROOM = 12e9

type Inputs = tuple[dict[str, np.ndarray], dict[str, np.ndarray], np.ndarray]


def simulate(draws: int) -> Inputs:
    """Make events of the first year, the worth of one, by crime, and what is kept from year to year."""
    rng = np.random.default_rng(1)
    names = [f"crime {place}" for place in range(CRIMES)]
    events = {name: rng.normal(20, 8, draws) for name in names}
    worth = {name: rng.lognormal(8, 0.3, draws) for name in names}
    return events, worth, rng.uniform(0.6, 1.0, draws)


def summary(draws: np.ndarray) -> list[float]:
    """Give mean and 95 % range."""
    return [float(draws.mean()), *np.quantile(draws, [0.025, 0.975], method="hazen").tolist()]


def evalkit_sums(data: Inputs) -> Callable[[], float]:
    """Prepare the sums as evalkit makes them."""
    from evalkit.economics import Discounting, UnitCost
    from evalkit.economics.clock import Span
    from evalkit.economics.courses import Fading, courses_of
    from evalkit.economics.inputs import Priced, Worth
    from evalkit.economics.rates import Rates
    from evalkit.economics.tally import sums_by_year, tally

    events, worth, kept = data
    net = {name: each[:, None] for name, each in events.items()}
    ones = np.ones(len(kept))
    priced = {
        name: Worth(
            crime=name,
            lines=(Priced(line=UnitCost(crime=name, amount=1, component="loss", bearer="victims"), draws=each),),
            multiplier=ones,
        )
        for name, each in worth.items()
    }
    spans = {name: (Span(start=0.0, end=1.0),) for name in net}

    def call() -> float:
        courses = courses_of(net, spans, YEARS, Fading(retention=kept))
        rates = Rates.over(YEARS, Discounting.load("green-book-2026"), None)
        nothing = np.zeros(len(kept))
        total = tally(courses, (), priced, rates, nothing)
        by_year = [summary(each.benefit) for each in sums_by_year(courses, (), priced, rates, nothing)]
        by_crime = [summary(each) for each in total.worth.values()]
        whole = summary(total.total_benefit)
        return whole[0] + 0 * (by_year[0][0] + by_crime[0][0])

    return call


def numpy_sums(data: Inputs) -> Callable[[], float]:
    """Prepare the sums over the whole array."""
    from evalkit.economics import discount_factors

    events, worth, kept = data
    factors = discount_factors("green-book-2026", np.arange(YEARS))

    def call() -> float:
        course = kept[:, None] ** np.arange(YEARS) * factors
        value = np.stack([events[name] * worth[name] for name in events], axis=1)
        money = value[:, :, None] * course[:, None, :]
        by_year = [summary(each) for each in money.sum(axis=1).T]
        by_crime = [summary(each) for each in money.sum(axis=2).T]
        whole = summary(money.sum(axis=(1, 2)))
        return whole[0] + 0 * (by_year[0][0] + by_crime[0][0])

    return call


def evalkit_appraise(data: Inputs) -> Callable[[], float]:
    """Prepare a whole appraisal."""
    from evalkit.domain import Effect, Outcome
    from evalkit.economics import Costs, Flow, Prices, UnitCost, appraise

    effects = {
        name: Effect(
            outcome=Outcome(name=name),
            estimator="made up",
            scale="count_difference",
            change=-each,
            estimand="events",
            assumption="made up",
            prevented=each[:, None],
            periods=("2020",),
        )
        for name, each in data[0].items()
    }
    lines = tuple(
        UnitCost(crime=name, amount={"mean": 3000, "sd": 900}, component=bearer, bearer=bearer)
        for name in effects
        for bearer in ("victims", "police")
    )
    prices = Prices(
        name="made up", country="GBR", currency="GBP", price_year=2020, basis="recorded", unit_costs=lines
    )  # fmt: skip
    flow = Flow(
        what="patrols", amount={"mean": 1e5, "sd": 1e4}, bearer="city", kind="running", years=tuple(range(1, 31))
    )  # fmt: skip
    costs = Costs(currency="GBP", price_year=2020, flows=(flow,))

    def call() -> float:
        found = appraise(
            effects,
            costs=costs,
            prices=prices,
            horizon=YEARS,
            retention={"low": 0.6, "high": 1.0},
            disjoint=True,
            rng=np.random.default_rng(1),
        )
        return found.extrapolation.net_benefit.mean if found.extrapolation and found.extrapolation.net_benefit else 0.0

    return call


VALUE = 5000.0


def evalkit_decide(data: Inputs) -> Callable[[], float]:
    """Prepare what is read from an effect and a cost."""
    from evalkit.economics import expected_value_of_perfect_information

    effect, cost = data[0]["crime 0"], 1e4 * data[1]["crime 1"] / 400

    def call() -> float:
        net = VALUE * effect - cost
        return float(np.mean(net > 0)) + 0 * float(net.mean()) + expected_value_of_perfect_information(net)

    return call


def heormodel_decide(data: Inputs) -> Callable[[], float]:
    """Prepare the same with heormodel, whose options are the measure and doing without it."""
    from heormodel import Outcomes
    from heormodel.cea import ceac, nmb
    from heormodel.voi import evpi

    effect, cost = data[0]["crime 0"], 1e4 * data[1]["crime 1"] / 400
    nothing = np.zeros_like(effect)
    import pandas as pd

    outcomes = Outcomes.from_wide(
        pd.DataFrame({"without": nothing, "with": cost}),
        pd.DataFrame({"without": nothing, "with": effect}),
    )

    def call() -> float:
        net = nmb(outcomes, VALUE)
        curve = ceac(outcomes, [VALUE])
        return float(curve["with"].iloc[0]) + 0 * float(net["with"].mean()) + float(evpi(outcomes, VALUE))

    return call


PREPARE: dict[tuple[str, str], Callable[[Inputs], Callable[[], float]]] = {
    ("sums", "evalkit"): evalkit_sums,
    ("sums", "numpy, whole array"): numpy_sums,
    ("appraise", "evalkit"): evalkit_appraise,
    ("decide", "evalkit"): evalkit_decide,
    ("decide", "heormodel"): heormodel_decide,
}


def memory(name: str, where: str = "/proc/self/status") -> float:
    """Give what the process holds (VmRSS) or held at most (VmHWM), or what the machine has to give, in bytes."""
    for line in Path(where).read_text().splitlines():
        if line.startswith(name):
            return int(line.split()[1]) * 1024
    raise KeyError(name)


def run(work: str, name: str, draws: int) -> None:
    """Do the work once in this process and print what it took."""
    call = PREPARE[work, name](simulate(draws))
    held = memory("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # starts the peak anew
    started = time.process_time()
    answer = call()
    seconds = time.process_time() - started
    print(json.dumps({"seconds": seconds, "memory": (memory("VmHWM") - held) / 1e6, "answer": answer}))


def timed(work: str, name: str) -> dict[str, Any]:
    """Run one contender in two processes of its own, one for its time and one for its memory."""
    small = name.startswith("numpy") and memory("MemAvailable", "/proc/meminfo") < ROOM
    draws = DRAWS // SCALED if small else DRAWS
    command = [sys.executable, __file__, work, name, str(draws)]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    found: dict[str, Any] = {}
    # for memory, large arrays go back to the system when freed, so that what is held is what is in use
    for figure, more in (("memory", {"MALLOC_MMAP_THRESHOLD_": "65536"}), ("seconds", {})):
        done = subprocess.run(  # noqa: S603
            command, env=environment | more, capture_output=True, text=True, check=True
        )
        seen = json.loads(done.stdout)
        found |= {figure: seen[figure], "answer": seen["answer"]}
    if small:
        found |= {"seconds": found["seconds"] * SCALED, "memory": found["memory"] * SCALED, "scaled": True}
    return found


def main() -> None:
    """Run every contender and print the table."""
    whole = DRAWS * CRIMES * YEARS * 8 / 1e6
    print(f"{DRAWS:,} draws x {CRIMES} crimes x {YEARS} years: one array of them all holds {whole:,.0f} MB")
    print(f"  {'':30}{'CPU s':>8}{'MB':>8}{'of the array':>14}{'time ratio':>12}   answer")
    for work, names in CONTENDERS.items():
        rows = {name: timed(work, name) for name in names}
        base = rows[names[-1]]["seconds"]
        for name, row in rows.items():
            said = f"{work}: {name}" + (" (a tenth, x 10)" if "scaled" in row else "")
            print(
                f"  {said:30}{row['seconds']:8.2f}{row['memory']:8,.0f}{row['memory'] / whole:14.2f}"
                f"{row['seconds'] / base:12.2f}   {row['answer']:.6g}"
            )


if __name__ == "__main__":
    if len(sys.argv) > 1:
        run(sys.argv[1], sys.argv[2], int(sys.argv[3]))
    else:
        main()
