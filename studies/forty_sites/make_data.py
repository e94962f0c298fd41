"""Make the data of this study: a programme in forty beats of a police force, whose true effects are known.

Run it with `python make_data.py`.

Monthly reports of criminal damage in 40 beats that got the programme and 40 that did not, 24 months before and 24
after, as a force exports them. Everything is drawn from one seed, stated below, with the truths that the evidence is
held against.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

SEED = 4040
SITES, BEFORE, AFTER = 40, 24, 24
# The truth: at the mean deprivation damage falls by 18 %; a standard deviation more deprived, by a quarter.
MEAN, SLOPE, BETWEEN = -0.20, -0.10, 0.12
# Variance of a count is its mean plus the square of its mean over this.
SIZE = 25.0
# The new city: more deprived than most, and its own true effect is one more draw.
NEW_DEPRIVATION = 1.0
DATA = Path(__file__).parent / "data"


def main() -> None:
    """Write the counts, what is known of each beat, and the truth."""
    rng = np.random.default_rng(SEED)
    deprivation = np.round(rng.normal(0.0, 1.0, SITES), 2)
    effects = MEAN + SLOPE * deprivation + rng.normal(0.0, BETWEEN, SITES)
    new_effect = MEAN + SLOPE * NEW_DEPRIVATION + rng.normal(0.0, BETWEEN)
    counts = simulated(rng, deprivation, effects)
    labels = [f"{2021 + month // 12}-{month % 12 + 1:02d}" for month in range(BEFORE + AFTER)]
    names = [f"beat {number:02d}" for number in range(1, SITES + 1)]
    rows = [
        (name, zone, label, int(counts[site, arm, month]))
        for site, name in enumerate(names)
        for arm, zone in enumerate(("comparison", "programme"))
        for month, label in enumerate(labels)
    ]
    _write("counts.csv", ("beat", "zone", "month", "damage"), rows)
    _write("beats.csv", ("beat", "deprivation"), list(zip(names, deprivation, strict=True)))
    truth = [("mean", MEAN), ("slope", SLOPE), ("between", BETWEEN), ("new city", round(new_effect, 6))]
    _write("truth.csv", ("what", "value"), [*truth, *zip(names, np.round(effects, 6), strict=True)])


def simulated(rng: np.random.Generator, deprivation: np.ndarray, effects: np.ndarray) -> np.ndarray:
    """Draw counts, shape (sites, arms, months); the second arm has the programme in the months after."""
    months = BEFORE + AFTER
    level = 1.9 + 0.15 * deprivation[:, None] + rng.normal(0.0, 0.35, (SITES, 2))
    season = 0.15 * np.cos(2 * np.pi * np.arange(months) / 12) + np.cumsum(rng.normal(0.0, 0.02, months))
    after = np.arange(months) >= BEFORE
    shared = rng.normal(-0.05, 0.10, SITES)[:, None, None] * after
    treated = effects[:, None, None] * np.array([0, 1])[:, None] * after
    mean = np.exp(level[:, :, None] + season + shared + treated)
    return rng.poisson(mean * rng.gamma(SIZE, 1 / SIZE, mean.shape))


def _write(name: str, heading: tuple[str, ...], rows: list[tuple[object, ...]]) -> None:
    with (DATA / name).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(heading)
        writer.writerows(rows)


if __name__ == "__main__":
    main()
