"""Record how well the exact normal hierarchy holds its probabilities, in calibration.json beside this file.

    python tests/hierarchy/make_calibration.py

Two questions. Where truths are drawn from the priors, is each truth a uniform draw of its posterior (Talts and others
2018, arXiv:1804.06788)? As margins have closed form there are probabilities in place of ranks. And where the truth is
one that the priors know nothing of, how often do 90 % ranges hold it, beside those of DerSimonian and Laird?
"""

import datetime as dt
import json
import time
from pathlib import Path

import numpy as np
from scipy import stats

from evalkit.hierarchy import BETWEEN_PRIOR, MEAN_PRIOR, fit_many

RECORD = Path(__file__).with_name("calibration.json")
SETS, REPEATS, SEED, LEVEL = 4000, 2000, 20261121, 0.9
SITES = (5, 30)
GRID = [(sites, between) for sites in (5, 10, 30) for between in (0.0, 0.1, 0.3)]
TRUTH = -0.2


def main() -> None:
    """Simulate, and write what was found."""
    started = time.process_time()
    record = {
        "date": dt.datetime.now(tz=dt.UTC).date().isoformat(),
        "seed": SEED,
        "level": LEVEL,
        "prior_of_mean": MEAN_PRIOR.deviation,
        "prior_of_deviation": BETWEEN_PRIOR.scale,
        "from_priors": [from_priors(sites, SETS, np.random.default_rng([SEED, sites])) for sites in SITES],
        "at_a_truth": [
            at_a_truth(sites, between, np.random.default_rng([SEED, sites, round(100 * between)]))
            for sites, between in GRID
        ],
    }
    record["cpu_seconds"] = round(time.process_time() - started, 1)
    RECORD.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    for row in (*record["from_priors"], *record["at_a_truth"]):
        print(row)


def errors_of(sets, sites, rng):
    """Draw standard errors around 0.2, half of them between 0.15 and 0.26."""
    return 0.2 * np.exp(0.4 * rng.standard_normal((sets, sites)))


def probabilities(sites, sets, rng):
    """Give each truth's place in its posterior, shape (sets,), by what it is; truths are drawn from the priors."""
    mean = MEAN_PRIOR.deviation * rng.standard_normal(sets)
    between = BETWEEN_PRIOR.scale * np.abs(rng.standard_normal(sets))
    effects = mean[:, None] + between[:, None] * rng.standard_normal((sets, sites + 1))
    errors = errors_of(sets, sites, rng)
    estimates = effects[:, :-1] + errors * rng.standard_normal((sets, sites))
    fits = fit_many(estimates, errors, mean=MEAN_PRIOR, between=BETWEEN_PRIOR)
    return {
        "mean": fits.mean.below(mean),
        "deviation between sites": fits.between_below(between),
        "first site": fits.site(0).below(effects[:, 0]),
        "new site": fits.new_site().below(effects[:, -1]),
    }


def from_priors(sites, sets, rng):
    """Give tests of uniformity and the coverage of central ranges."""
    started = time.process_time()
    places = probabilities(sites, sets, rng)
    counts = {name: np.histogram(found, 20, (0, 1))[0] for name, found in places.items()}
    return {
        "sites": sites,
        "sets": sets,
        "cpu_seconds": round(time.process_time() - started, 2),
        "coverage": {name: round(float(covered(found).mean()), 4) for name, found in places.items()},
        "kolmogorov_smirnov_p": {
            name: round(float(stats.kstest(found, "uniform").pvalue), 4) for name, found in places.items()
        },
        "chi_square_p": {name: round(float(stats.chisquare(found).pvalue), 4) for name, found in counts.items()},
    }


def at_a_truth(sites, between, rng):
    """Give the coverage of ranges where mean and deviation are what they are in every set."""
    errors = errors_of(REPEATS, sites, rng)
    effects = TRUTH + between * rng.standard_normal((REPEATS, sites + 1))
    estimates = effects[:, :-1] + errors * rng.standard_normal((REPEATS, sites))
    fits = fit_many(estimates, errors, mean=MEAN_PRIOR, between=BETWEEN_PRIOR)
    middle, error, classical = moments(estimates, errors)
    reach = stats.norm.ppf((1 + LEVEL) / 2)
    wide = stats.t.ppf((1 + LEVEL) / 2, sites - 2) * np.sqrt(error**2 + classical)
    return {
        "sites": sites,
        "between": between,
        "sets": REPEATS,
        "mean": float(covered(fits.mean.below(TRUTH)).mean()),
        "new_site": float(covered(fits.new_site().below(effects[:, -1])).mean()),
        "classical_mean": float((np.abs(middle - TRUTH) <= reach * error).mean()),
        "classical_new_site": float((np.abs(middle - effects[:, -1]) <= wide).mean()),
    }


def covered(places):
    """Say which truths lie in the central range."""
    return np.abs(places - 0.5) <= LEVEL / 2


def moments(estimates, errors):
    """Give mean, its error and the variance between sites by DerSimonian and Laird 1986, for all sets at once."""
    weights = errors**-2.0
    fixed = (weights * estimates).sum(1) / weights.sum(1)
    spread = (weights * (estimates - fixed[:, None]) ** 2).sum(1) - (estimates.shape[1] - 1)
    between = np.maximum(spread / (weights.sum(1) - (weights**2).sum(1) / weights.sum(1)), 0.0)
    weights = 1 / (errors**2 + between[:, None])
    return (weights * estimates).sum(1) / weights.sum(1), weights.sum(1) ** -0.5, between


if __name__ == "__main__":
    main()
