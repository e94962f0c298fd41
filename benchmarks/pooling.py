"""Thirty studies pooled: evalkit's exact hierarchy beside nutpie on the same model, in one run.

    python benchmarks/pooling.py

Both give what is known of the mean, of the deviation between sites, of every site and of a new one, under the same
priors. nutpie is asked twice: through `pm.sample` in a process that has sampled the model before (which is what a user
has who calls it again), and through a model that was compiled once and is handed new data (the least it can take). Four
chains of 1,000 draws after 1,000 of tuning, one core. Wall and CPU seconds are the least of several calls; the ratio
is of the same kind of seconds in the same run, so that a busy machine weighs on both.
"""

import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from evalkit.hierarchy import fit_many, fit_normal

STUDIES = 30
MEAN, BETWEEN = 0.5, 0.3
SETTINGS: dict[str, Any] = {"draws": 1000, "tune": 1000, "chains": 4}


def least(call: Callable[[], Any], repeats: int) -> tuple[float, float, Any]:
    """Give the least wall and CPU seconds of a call, and what it gave."""
    wall, cpu, found = np.inf, np.inf, None
    for _ in range(repeats):
        started = time.perf_counter(), time.process_time()
        found = call()
        wall = min(wall, time.perf_counter() - started[0])
        cpu = min(cpu, time.process_time() - started[1])
    return wall, cpu, found


def simulate() -> tuple[np.ndarray, np.ndarray]:
    """Make estimates and errors of thirty studies."""
    rng = np.random.default_rng(1)
    errors = 0.2 * np.exp(0.4 * rng.standard_normal(STUDIES))
    return rng.normal(-0.2, 0.25, STUDIES) + errors * rng.standard_normal(STUDIES), errors


def model(estimates: np.ndarray, errors: np.ndarray) -> Any:
    """Write the same hierarchy for PyMC, not centred."""
    import pymc as pm

    with pm.Model() as hierarchy:
        seen = pm.Data("seen", estimates)
        mean = pm.Normal("mean", 0, MEAN)
        between = pm.HalfNormal("between", BETWEEN)
        standard = pm.Normal("standard", 0, 1, shape=STUDIES)
        pm.Normal("estimate", mean + between * standard, errors, observed=seen)
    return hierarchy


def main() -> None:
    """Time all, and print a line each."""
    warnings.simplefilter("ignore")
    import nutpie
    import pymc as pm

    estimates, errors = simulate()
    ours = least(lambda: fit_normal(estimates, errors), 200)
    whole = least(lambda: summary(fit_normal(estimates, errors)), 50)
    hierarchy = model(estimates, errors)

    def sample() -> Any:
        with hierarchy:
            return pm.sample(**SETTINGS, nuts_sampler="nutpie", cores=1, quiet=True, random_seed=1)

    sample()
    again = least(sample, 3)
    compiled = nutpie.compile_pymc_model(hierarchy)

    def refit() -> Any:
        handed = compiled.with_data(seen=estimates)
        return nutpie.sample(handed, **SETTINGS, cores=1, seed=1, progress_bar=False)

    refit()
    refitted = least(refit, 5)
    draws = again[2].posterior["mean"].to_numpy()
    print(f"mean effect: exact {ours[2].mean.mean:.4f}, sampled {draws.mean():.4f} ({draws.std() / 40:.4f})")
    print(f"{'':44}{'wall ms':>10}{'CPU ms':>10}{'times as long (wall)':>22}{'(CPU)':>8}")
    rows = {
        "evalkit, fit": ours,
        "evalkit, fit, ranges of mean, sites, new site": whole,
        "nutpie by pm.sample, again": again,
        "nutpie, compiled once, handed new data": refitted,
    }
    for name, (wall, cpu, _) in rows.items():
        print(f"{name:46}{1e3 * wall:8.2f}{1e3 * cpu:10.2f}{wall / ours[0]:20.0f}{cpu / ours[1]:10.0f}")
    sets = np.tile(estimates, (1000, 1))
    many = least(lambda: fit_many(sets, errors, mean=ours[2].priors, between=ours[2].between_prior), 3)
    print(f"a thousand sets of {STUDIES} in one pass: {1e3 * many[1]:.0f} ms CPU")


def summary(fit: Any) -> tuple[Any, ...]:
    """Give what a table of results shows."""
    return (
        fit.mean.interval(),
        fit.new_site().interval(),
        fit.between.interval(),
        [site.interval() for site in fit.sites],
    )


if __name__ == "__main__":
    main()
