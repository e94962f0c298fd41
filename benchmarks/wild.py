"""The wild bootstrap side by side with pyfixest: 40 sites, 9,999 draws, one run, CPU seconds.

    python benchmarks/wild.py

40 sites by 12 periods, 20 treated, site and period effects. pyfixest's first call compiles, so the least of
several calls is kept of each. "with interval" inverts the test too, which pyfixest does not do here. Needs
the development tools, wildboottest and numba.
"""

import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[variable] = "1"

import time  # noqa: E402
import warnings  # noqa: E402
from collections.abc import Callable  # noqa: E402

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402

from evalkit.models._inference.wild import bootstrap  # noqa: E402
from evalkit.models._regression.linear import fit_linear  # noqa: E402

SITES, PERIODS, DRAWS, CALLS = 40, 12, 9_999, 5


def timed(call: Callable[[], float]) -> tuple[float, float]:
    """Give the least CPU seconds of several calls, and the p-value."""
    times = []
    for _ in range(CALLS):
        started = time.process_time()
        p_value = call()
        times.append(time.process_time() - started)
    return min(times), p_value


def main() -> None:
    """Print seconds, ratios and p-values."""
    warnings.simplefilter("ignore")
    import pyfixest

    rng = np.random.default_rng(1)
    after = ((np.arange(SITES)[:, None] < SITES // 2) & (np.arange(PERIODS) >= PERIODS // 2)).astype(float)
    outcome = rng.normal(size=(SITES, PERIODS)) + rng.normal(size=(SITES, 1)) * after - 0.1 * after
    frame = pd.DataFrame(
        {
            "site": np.repeat(np.arange(SITES), PERIODS),
            "period": np.tile(np.arange(PERIODS), SITES),
            "y": outcome.ravel(),
            "d": after.ravel(),
        }
    )

    def ours(*, restricted: bool) -> float:
        fit = fit_linear(outcome, after[:, :, None], np.ones(outcome.shape), ["d"])
        return bootstrap(fit, DRAWS, np.random.default_rng(1), restricted=restricted).p_value

    fitted = pyfixest.feols("y ~ d | site + period", frame, vcov={"CRV1": "site"})

    def peer() -> float:
        return float(fitted.wildboottest(param="d", cluster="site", reps=DRAWS, seed=1)["Pr(>|t|)"])

    base, p_value = timed(peer)
    print(f"{'pyfixest, restricted, fit not counted':44}{base:8.3f} s  ratio 1.00  p {p_value:.4f}")
    for name, restricted in (("restricted", True), ("unrestricted", False)):
        seconds, p_value = timed(lambda restricted=restricted: ours(restricted=restricted))
        label = f"evalkit, {name}, with interval and fit"
        print(f"{label:44}{seconds:8.3f} s  ratio {seconds / base:.2f}  p {p_value:.4f}")


if __name__ == "__main__":
    main()
