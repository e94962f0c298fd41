"""Check by simulation that the models of counts hold what they say, and record how well in exact_counts.json.

    python tests/recovery/make_exact_counts.py [--only KEY ...] [--jobs N]

Simulation-based calibration (Talts and others 2018, arXiv:1804.06788): the truth is drawn from the priors, data from
the truth, and the place of the truth in each posterior is then uniform. Places are exact here and not ranks of draws,
so a Kolmogorov-Smirnov test takes them as they are. The two stages are tried at given truths, as they have no process
of their own. `test_exact_counts.py` holds the record to its thresholds and simulates nothing.
"""

import argparse
import datetime as dt
import json
import zlib
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np
from scipy import special, stats

from evalkit.hierarchy import (
    Dispersion,
    HalfNormal,
    NormalPrior,
    estimate_sites,
    fit_counts,
    fit_normal,
    ratios_of_ratios,
)

RECORD = Path(__file__).with_name("exact_counts.json")
RUNS = 300
# Where a coverage is past its bounds by no more than chance, so many times as many fresh data sets decide, and these
# alone: to go on until a figure is within its bounds would be to choose it.
MORE = 5
LEVEL, LEAST, MOST = 0.9, 0.87, 0.93
MEAN, BETWEEN = NormalPrior(deviation=0.5), HalfNormal(scale=0.3)
CHANGE = NormalPrior(deviation=0.3)
TRUTHS = ("mean", "between", "site", "new")


@dataclass(frozen=True, kw_only=True)
class Case:
    """A process and the model that is fitted to it.

    `process` is "given margins", "given totals", "chance" or "overdispersed" for counts and "panel" for two stages;
    `model` is "exact", "beta-binomial" (dispersion known), "learnt" (from the months before), or a variance of the two
    stages; `apart` is the deviation between sites where it is not drawn; `told` are cases outside of the domain,
    recorded so that they can be told; `least` is how many data sets are tried.
    """

    key: str
    process: str
    model: str
    sites: int
    level: float = 15.0
    excess: float = 0.0
    months: int = 0
    apart: float = 0.0
    serial: float = 0.0
    told: bool = False
    least: int = RUNS


CASES = (
    Case(key="10 sites given their margins", process="given margins", model="exact", sites=10),
    Case(key="10 sites", process="chance", model="exact", sites=10),
    Case(key="30 sites", process="chance", model="exact", sites=30),
    Case(key="10 sites, 3 events a cell", process="chance", model="exact", sites=10, level=3.0),
    Case(
        key="10 sites given their totals, twice the variance",
        process="given totals",
        model="beta-binomial",
        sites=10,
        excess=1.0,
    ),
    # Sites are alike here, so that a total says something of the effect, which the model does not hear: the mean is
    # shifted by a fifth of its deviation. So many data sets show it, and 300 did not.
    Case(
        key="10 sites alike, twice the variance",
        process="overdispersed",
        model="beta-binomial",
        sites=10,
        excess=1.0,
        told=True,
        least=1500,
    ),
    Case(
        key="10 sites, learnt variance",
        process="overdispersed",
        model="learnt",
        sites=10,
        excess=1.0,
        months=24,
        told=True,
        least=1500,
    ),
    Case(key="10 sites, variance not told", process="overdispersed", model="exact", sites=10, excess=1.0, told=True),
    *(
        Case(
            key=f"{sites} sites by {months} months, {between:g}, {model}",
            process="panel",
            model=model,
            sites=sites,
            level=8.0,
            months=months,
            apart=between,
            told=model == "poisson",
        )
        for sites, months, between in ((40, 48, 0.12), (12, 48, 0.12), (12, 24, 0.25))
        for model in ("poisson", "quasi", "negative-binomial")
    ),
    Case(
        key="40 sites by 48 months, 2 events a cell",
        process="panel",
        model="negative-binomial",
        sites=40,
        level=2 / 24,
        months=48,
        apart=0.12,
        told=True,
    ),
    Case(
        key="40 sites by 48 months that hang together",
        process="panel",
        model="negative-binomial",
        sites=40,
        level=8.0,
        months=48,
        apart=0.12,
        serial=0.5,
        told=True,
    ),
)


def counts_case(case, rng):
    """Give the places of the truths in the posteriors of one simulated data set of counts, and its deviation's mean."""
    mean, between = rng.normal(0, MEAN.deviation), abs(rng.normal(0, BETWEEN.scale))
    effects = rng.normal(mean, between, case.sites)
    levels = rng.gamma(4.0, case.level / 4, (case.sites, 2))
    change = rng.normal(0, CHANGE.deviation, case.sites)
    expected = np.stack([levels, levels * np.exp(change[:, None])], axis=2)
    before = None
    if case.process == "given totals":
        treated, comparison = np.moveaxis(given_totals(case, effects, change, rng), 1, 0)
    elif case.process == "given margins":
        # margins that owe nothing to the effects
        first = rng.poisson(expected)
        rows, column = first.sum(axis=2), first[:, :, 1].sum(axis=1)
        after = np.array(
            [
                stats.nchypergeom_fisher.rvs(r.sum(), r[0], c, np.exp(effect), random_state=rng) if r.sum() else 0
                for r, c, effect in zip(rows, column, effects, strict=True)
            ]
        )
        treated = np.column_stack([rows[:, 0] - after, after])
        comparison = np.column_stack([rows[:, 1] - column + after, column - after])
    else:
        expected[:, 0, 1] *= np.exp(effects)
        if case.excess:
            monthly = expected[:, :, :1] / max(case.months, 1) * np.ones(max(case.months, 1))
            before = rng.poisson(rng.gamma(monthly / case.excess, case.excess))
            after = rng.poisson(rng.gamma(expected[:, :, 1] / case.excess, case.excess))
            treated, comparison = np.moveaxis(np.stack([before.sum(axis=2), after], axis=2), 1, 0)
        else:
            treated, comparison = np.moveaxis(rng.poisson(expected), 1, 0)
    fit = fit_counts(
        ratios_of_ratios(treated, comparison),
        mean=MEAN,
        between=BETWEEN,
        dispersion=dispersion_of(case, before),
        common_change=CHANGE,
    )
    new = rng.normal(mean, between)
    truths = ((fit.mean, mean), (fit.between, between), (fit.site("site 1"), effects[0]), (fit.new_site, new))
    return [*(float(margin.below(truth)) for margin, truth in truths), fit.between.mean]


def given_totals(case, effects, change, rng):
    """Split totals that owe nothing to the effects, shape (sites, areas, 2); levels are as totals leave them open."""
    totals = rng.poisson(2 * rng.gamma(4.0, case.level / 4, (case.sites, 2)))
    places = np.column_stack([effects + change, change])
    shares = 1 / (1 + np.exp(-places))
    # the level given the total, by an inverse on a grid of its log that is finer than any posterior
    logs = np.linspace(-25, 9, 3401)
    concentrations = np.exp(logs)
    weights = special.gammaln(totals[..., None] + concentrations) - special.gammaln(concentrations)
    weights -= concentrations * np.log1p(case.excess)
    reached = np.cumsum(np.exp(weights - weights.max(axis=-1, keepdims=True)), axis=-1)
    at = (reached < rng.random((*totals.shape, 1)) * reached[..., -1:]).sum(axis=-1)
    concentration = concentrations[np.minimum(at, len(logs) - 1)]
    after = rng.binomial(totals, rng.beta(concentration * shares, concentration * (1 - shares)))
    return np.stack([totals - after, after], axis=2)


def dispersion_of(case, before):
    """Give what the model is told of the dispersion."""
    if case.model == "beta-binomial":
        return Dispersion.of(case.excess)
    if case.model == "learnt":
        return Dispersion.from_panel(before.reshape(-1, case.months), values=5)
    return None


def panel_case(case, rng):
    """The same for two stages, at a mean of -0.15 and a dispersion of 0.25."""
    effects = rng.normal(-0.15, case.apart, case.sites)
    after = np.arange(case.months) >= case.months // 2
    logs = np.log(case.level) + rng.normal(0, 0.5, (case.sites, 2, 1)) + rng.normal(0, 0.15, case.months)
    logs = logs + rng.normal(-0.05, 0.1, (case.sites, 1, 1)) * after
    logs[:, 0] += effects[:, None] * after
    if case.serial:
        logs += drift(rng, logs.shape, case.serial)
        series = rng.poisson(np.exp(logs))
    else:
        series = rng.poisson(rng.gamma(4.0, np.exp(logs) / 4))
    found = estimate_sites(series[:, 0], series[:, 1], case.months // 2, variance=case.model)
    fit = fit_normal(found.estimates, found.errors, mean=MEAN, between=BETWEEN)
    new = rng.normal(-0.15, case.apart)
    truths = ((fit.mean, -0.15), (fit.between, case.apart), (fit.site(0), effects[0]), (fit.new_site(), new))
    return [*(float(margin.below(truth)) for margin, truth in truths), fit.between.mean, bool(found.cautions)]


def drift(rng, shape, correlation):
    """Give a noise with deviation 0.5 whose neighbouring months are correlated, in place of independent gammas."""
    noise = rng.normal(0, 0.5 * np.sqrt(1 - correlation**2), shape)
    noise[..., 0] = rng.normal(0, 0.5, shape[:-1])
    for month in range(1, shape[-1]):
        noise[..., month] += correlation * noise[..., month - 1]
    return noise


def places_of(case, sources):
    """Give what each data set gives, one row each."""
    tried = panel_case if case.process == "panel" else counts_case
    return np.array([tried(case, source) for source in sources], float)


def summed_up(case):
    """Try a case, and again with fresh data sets where chance leaves it open; give its row of the record."""
    source = np.random.default_rng([2026, zlib.crc32(case.key.encode())])
    places = places_of(case, source.spawn(case.least))
    if not case.told and is_open(places):
        places = places_of(case, source.spawn(MORE * RUNS))
    return {**asdict(case), "runs": len(places), **figures(case, places)}


def figures(case, places):
    """Give coverage and test by what is known, and the mean of the deviation between sites."""
    found = {"mean_of_between": round(float(places[:, 4].mean()), 4)}
    for column, name in enumerate(TRUTHS):
        inside = np.abs(places[:, column] - 0.5) < LEVEL / 2
        found[name] = {"coverage": round(float(inside.mean()), 4), "place": round(float(places[:, column].mean()), 4)}
        if case.process != "panel":
            found[name]["p"] = round(float(stats.kstest(places[:, column], "uniform").pvalue), 4)
    if case.process == "panel":
        found["cautioned"] = round(float(places[:, 5].mean()), 4)
    return found


def is_open(places):
    """Is a coverage past a bound, but by no more than three errors?"""
    shares = (np.abs(places[:, :4] - 0.5) < LEVEL / 2).mean(axis=0)
    error = np.sqrt(LEVEL * (1 - LEVEL) / len(places))
    outside = np.maximum(LEAST - shares, shares - MOST)
    return bool(((outside > 0) & (outside < 3 * error)).any())


def main():
    """Try what was asked for, and write the record."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--jobs", type=int, default=2)
    asked = parser.parse_args()
    kept = {row["key"]: row for row in json.loads(RECORD.read_text())["cases"]} if RECORD.exists() else {}
    cases = [case for case in CASES if not asked.only or case.key in asked.only]
    with ProcessPoolExecutor(max_workers=asked.jobs) as workers:
        for row in workers.map(summed_up, cases):
            kept[row["key"]] = row
            print(row["key"], row["runs"], {name: row[name] for name in TRUTHS}, row.get("cautioned"), flush=True)
            write(kept)


def write(kept):
    """Write the record anew."""
    record = {
        "made": dt.datetime.now(tz=dt.UTC).date().isoformat(),
        "numpy": version("numpy"),
        "scipy": version("scipy"),
        "level": LEVEL,
        # what a case is counted as changes no figure of it
        "cases": [{**kept[case.key], "told": case.told, "least": case.least} for case in CASES if case.key in kept],
    }
    RECORD.write_text(json.dumps(record, indent=1) + "\n")


def tables_of(record):
    """Give the record as two tables of the manual, counts and panels."""
    head = "| | data sets | mean | deviation | site | new site |\n| --- | --- | --- | --- | --- | --- |\n"
    found = []
    for is_panel in (False, True):
        rows = [row for row in record["cases"] if (row["process"] == "panel") == is_panel]
        lines = [
            f"| {row['key']}{' (outside)' if row['told'] else ''} | {row['runs']:,} | "
            + " | ".join(f"{row[name]['coverage']:.3f}" for name in ("mean", "between", "site", "new"))
            + " |\n"
            for row in rows
        ]
        found.append(head + "".join(lines))
    return found


if __name__ == "__main__":
    main()
