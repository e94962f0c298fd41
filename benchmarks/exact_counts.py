"""Pool the before/after counts of thirty sites partly, side by side with the mixed model of statsmodels, in one run.

    python benchmarks/exact_counts.py

Times are CPU milliseconds with one thread: "first" is the first call, "warm" the least of several later ones. Those of
evalkit hold the tables of every site's likelihood; nothing is kept from call to call. "each site alone" leaves one site
out and says how well the others foresaw it, for all sites.

The mixed model of statsmodels (Poisson, variational Bayes) is no exact counterpart: it estimates all levels and changes
beside the effects. Its answer is printed, so that what it approximates can be seen. NUTS is not timed here.
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

SITES, LEVEL, REPEATS = 30, 15.0, 7


def simulate() -> tuple[np.ndarray, np.ndarray]:
    """Make treated and comparison counts, before and after, with effects around -0.2 (deviation 0.2)."""
    rng = np.random.default_rng(1)
    levels = rng.gamma(4, LEVEL / 4, (SITES, 2))
    change = np.exp(rng.normal(0, 0.2, SITES))
    effects = np.exp(rng.normal(-0.2, 0.2, SITES))
    treated = rng.poisson(np.column_stack([levels[:, 0], levels[:, 0] * change * effects]))
    comparison = rng.poisson(np.column_stack([levels[:, 1], levels[:, 1] * change]))
    return treated, comparison


def timed(call: Callable[[], Any], repeats: int = REPEATS) -> tuple[float, float, Any]:
    """Give the CPU milliseconds of the first call and of the quickest later one, and the answer."""
    spent = []
    for _ in range(repeats + 1):
        began = time.process_time()
        answer = call()
        spent.append(1000 * (time.process_time() - began))
    return spent[0], min(spent[1:]), answer


def mixed_model(treated: np.ndarray, comparison: np.ndarray) -> Callable[[], Any]:
    """Prepare the mixed model of statsmodels."""
    from statsmodels.genmod.bayes_mixed_glm import PoissonBayesMixedGLM

    counts = np.stack([treated, comparison], axis=1).ravel().astype(float)
    site, own, after = (each.ravel() for each in np.indices((SITES, 2, 2)))
    own = 1 - own
    fixed = np.column_stack([np.eye(SITES)[site] * part[:, None] for part in (1 - own, own, after)])
    fixed = np.column_stack([own * after, fixed])
    varying = np.eye(SITES)[site] * (own * after)[:, None]
    model = PoissonBayesMixedGLM(counts, fixed, varying, np.zeros(SITES, int), vcp_p=1.0, fe_p=3.0)

    def call() -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return model.fit_vb()

    return call


def main() -> None:
    """Time each, and print."""
    from evalkit.hierarchy import Dispersion, fit_counts, ratios_of_ratios

    treated, comparison = simulate()
    tables = ratios_of_ratios(treated, comparison)
    rows = [
        ("exact counts", *timed(lambda: fit_counts(ratios_of_ratios(treated, comparison)))),
        ("beta-binomial", *timed(lambda: fit_counts(tables, dispersion=Dispersion.of(1.0)), 3)),
    ]
    fit = rows[0][-1]
    rng = np.random.default_rng(1)
    rows += [
        ("quantiles of the mean", *timed(lambda: fit.mean.ppf([0.025, 0.5, 0.975]))),
        ("4,000 joint draws", *timed(lambda: fit.draw(4000, rng), 3)),
        ("each site alone", *timed(lambda: [fit.log_predictive(name) for name in fit.names], 1)),
        ("statsmodels, variational", *timed(mixed_model(treated, comparison), 2)),
    ]
    print(f"{'':26}{'first':>10}{'warm':>10}   ms of CPU, {SITES} sites, {LEVEL:g} events a cell")
    for name, first, warm, _ in rows:
        print(f"{name:26}{first:10.1f}{warm:10.1f}")
    found = rows[-1][-1]
    deviation = float(np.exp(found.vcp_mean[0]))
    print(f"\nexact:       mean {fit.mean.mean:.3f} ({fit.mean.deviation:.3f}), deviation {fit.between.mean:.3f}")
    print(f"statsmodels: mean {found.fe_mean[0]:.3f} ({found.fe_sd[0]:.3f}), deviation {deviation:.3f}")


if __name__ == "__main__":
    main()
