"""Make seattle.json: what R microsynth 2.0.51 prints of Seattle's drug-market intervention.

    python tests/reference/make_seattle.py microsynth_vignette_results.csv

The file holds the results that seattle.R makes, as example, end_post, outcome, stat, value. Blocks and weights are
data of the package (GPL-3), so no copy of them is kept here; tests that need them look for them beside the project.
"""

import json
import sys
from pathlib import Path

import pandas as pd

CRIMES = ("any_crime", "i_felony", "i_misdemea", "i_drugs")


def main():
    """Write the file beside this script."""
    frame = pd.read_csv(sys.argv[1])
    whole = frame[(frame["example"] == 2) & (frame["end_post"] == 16)].set_index(["outcome", "stat"])["value"]
    out = {
        "source": "results that the vignette of R microsynth 2.0.51 prints (quarters 13 to 16); seattle.R",
        "crimes": {
            crime: {
                "recorded": int(whole[crime, "Trt"]),
                "expected": float(whole[crime, "Con"]),
                "jackknife, 90 %, percent": [
                    float(whole[crime, f"Jack.{end}"].strip("%")) for end in ("Lower", "Upper")
                ],
            }
            for crime in CRIMES
        },
    }
    Path(__file__).with_name("seattle.json").write_text(json.dumps(out, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
