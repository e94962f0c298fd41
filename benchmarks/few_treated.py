"""How often each kind of error rejects a true null at 5 %, by the number of treated and comparison sites.

    python benchmarks/few_treated.py [panels a row] [seed]

This is the table from which `errors = "auto"` takes its rule (evalkit.models._inference.choose). Counts are
Poisson around site and period levels, 8 periods, start after 4, with noise by cell (sd .15) and a lasting shift
of each site's own at the start (sd .15). "larger" and "smaller": the treated sites are ten times larger, or
smaller, than the others. Poisson rows have 30 events a cell (100 where the treated sites are smaller), rows of
logs 400. Wild bootstraps make 399 draws and up to 1,999 placements are compared, which costs precision in a
single panel and none in the share of rejections. Takes about 10 minutes for 1,000 panels a row.
"""

import sys

import numpy as np
from scipy import stats

from evalkit.errors import EstimationError
from evalkit.models._inference.cluster import infer
from evalkit.models._inference.jackknife import jackknife, left_out
from evalkit.models._inference.placed import SiteNoise, randomise
from evalkit.models._inference.randomise import placements
from evalkit.models._inference.wild import bootstrap
from evalkit.models._regression.linear import Fit, fit_linear
from evalkit.models._regression.poisson import allow_for_overdispersion, fit_poisson

SHAPES = (
    *((400, 200), (100, 50), (40, 20), (40, 8), (40, 6), (40, 5), (40, 4), (40, 3), (40, 2), (40, 1)),
    *((40, 37), (20, 1), (12, 6), (12, 4), (12, 3), (12, 2), (12, 1), (8, 4), (6, 3), (6, 1)),
)
METHODS = ("CR1", "CR2", "CR3", "wild", "wild unrestricted", "randomisation", "unscaled")
PERIODS, START, LEVEL = 8, 4, 0.05


def simulate(rng: np.random.Generator, sites: int, treated: int, size: float, mean: float) -> np.ndarray:
    """Make counts without an effect, shape (sites, periods)."""
    level = rng.normal(0, 0.5, (sites, 1)) + 0.3 * np.sin(np.arange(PERIODS))
    noise = rng.normal(0, 0.15, (sites, PERIODS))
    shift = rng.normal(0, 0.15, (sites, 1)) * (np.arange(PERIODS) >= START)
    larger = np.where(np.arange(sites) < treated, size, 1.0)[:, None]
    return rng.poisson(mean * larger * np.exp(level + noise + shift)).astype(float)


def rejects(fit: Fit, treated: int, noise: SiteNoise, rng: np.random.Generator) -> dict[str, bool | None]:
    """Say which methods reject no effect at 5 %; None where one has no answer."""
    sites = len(fit.weights)
    found: dict[str, bool | None] = {}
    estimate = fit.coefficients[0]
    for kind in ("CR1", "CR2"):
        known = infer(fit, kind, "nested", treated=treated, comparison=sites - treated)
        t = abs(estimate) / known.std_errors[0]
        found[kind] = bool(2 * stats.t.sf(t, known.degrees_of_freedom[0]) <= LEVEL)
    try:
        error = np.sqrt(jackknife(fit.coefficients, left_out(fit))[0, 0])
        found["CR3"] = bool(2 * stats.t.sf(abs(estimate) / error, sites - 1) <= LEVEL)
    except EstimationError:
        found["CR3"] = None
    for name, restricted in (("wild", True), ("wild unrestricted", False)):
        found[name] = bootstrap(fit, 399, rng, restricted=restricted).p_value <= LEVEL
    starts = np.where(np.arange(sites) < treated, START, PERIODS)
    ways = placements(starts, PERIODS, rng, 1999)
    compared = np.arange(sites) >= treated
    for name, how in (("randomisation", noise), ("unscaled", SiteNoise())):
        law = randomise(fit, np.arange(sites), ways, np.arange(PERIODS), compared=compared, noise=how)
        found[name] = law.p_value() <= LEVEL + 1e-9 if law.smallest_p_value <= LEVEL + 1e-9 else None
    return found


def main(runs: int, seed: int) -> None:
    """Print the table, in percent."""
    print(f"{runs} panels a row; true nulls rejected at 5 %, in percent; - no answer", flush=True)
    print(f"{'':32}" + "".join(f"{name:>19}" for name in METHODS), flush=True)
    for family, means in (("poisson", {1: 30.0, 10: 30.0, 0.1: 100.0}), ("logs", {1: 400.0, 10: 400.0, 0.1: 400.0})):
        for size, mean in means.items():
            for sites, treated in SHAPES:
                if size != 1 and treated * 2 >= sites:
                    continue
                found = [
                    one(family, rng, (sites, treated), size, mean) for rng in np.random.default_rng(seed).spawn(runs)
                ]
                shares = []
                for name in METHODS:
                    known = [each[name] for each in found if each[name] is not None]
                    shares.append(f"{100 * np.mean(known):.1f}" if known else "-")
                label = f"{family}, {treated} of {sites}, {'equal' if size == 1 else f'{size:g} times'}"
                print(f"{label:32}" + "".join(f"{share:>19}" for share in shares), flush=True)


def one(
    family: str, rng: np.random.Generator, shape: tuple[int, int], size: float, mean: float
) -> dict[str, bool | None]:
    """Simulate, fit and test one panel of (sites, treated)."""
    sites, treated = shape
    counts = simulate(rng, sites, treated, size, mean)
    after = (np.arange(sites)[:, None] < treated) & (np.arange(PERIODS) >= START)
    columns, ones = after[:, :, None].astype(float), np.ones(counts.shape)
    if family == "poisson":
        fit = fit_poisson(counts, ones, columns, ones, ["treatment"])
        noise = SiteNoise(by_size=1 / fit.weights, share=1.0)
        fit = allow_for_overdispersion(fit, counts, ones, ones)
    else:
        fit = fit_linear(np.log(np.maximum(counts, 1)), columns, ones, ["treatment"])
        noise = SiteNoise(by_size=np.exp(-fit.fitted), share=1.0)
    return rejects(fit, treated, noise, rng)


if __name__ == "__main__":
    given = [int(text) for text in sys.argv[1:3]]
    main(*(given + [1000, 1][len(given) :]))
