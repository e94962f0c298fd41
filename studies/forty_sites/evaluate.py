"""Evaluate every beat by itself: the four counts before and after, and how much more than by chance counts vary.

Run it with `python evaluate.py`.

The first of two stages. Each beat with the programme is compared with the comparison area of the same number; what is
written is the table of effects that `evalkit pool` reads. Variance over mean comes from all months of both areas,
around what level and month of the force let one expect, so that noise is not taken for a difference between beats.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

DATA = Path(__file__).parent / "data"
STARTS = "2023-01"


def main() -> None:
    """Write data/effects.csv."""
    counts = pd.read_csv(DATA / "counts.csv")
    beats = pd.read_csv(DATA / "beats.csv").set_index("beat")
    cells = counts.assign(time=np.where(counts["month"] < STARTS, "before", "after"))
    totals = cells.pivot_table(index="beat", columns=["zone", "time"], values="damage", aggfunc="sum")
    table = pd.DataFrame(
        {
            "outcome": "criminal damage",
            "treated_before": totals["programme", "before"],
            "treated_after": totals["programme", "after"],
            "comparison_before": totals["comparison", "before"],
            "comparison_after": totals["comparison", "after"],
            "dispersion": round(dispersion(cells), 3),
            "deprivation": beats["deprivation"],
        }
    )
    table.rename_axis("study").reset_index().to_csv(DATA / "effects.csv", index=False)


def dispersion(cells: pd.DataFrame) -> float:
    """Give variance over mean, from squared Pearson residuals around cell means times common month factors.

    Degrees of freedom are taken off for the 160 cells and the 46 month factors that are free.
    """
    by = ["beat", "zone", "time"]
    count = cells["damage"]
    months = cells["month"].nunique() / 2
    cell_mean = cells.groupby(by)["damage"].transform("mean")
    factor = (
        cells.groupby("month")["damage"].transform("sum") / cells.groupby("time")["damage"].transform("sum") * months
    )
    expected = cell_mean * factor
    free = len(cells) - cells.groupby(by).ngroups - (cells["month"].nunique() - cells["time"].nunique())
    return float(((count - expected) ** 2 / expected).sum() / free)


if __name__ == "__main__":
    main()
