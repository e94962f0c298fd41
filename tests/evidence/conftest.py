"""Published tables that several tests of the evidence read."""

import csv

import pytest

from evalkit.evidence import from_two_by_two

# Colditz et al. 1994, doi:10.1001/jama.1994.03510330076038, as in Viechtbauer 2010, doi:10.18637/jss.v036.i03: thirteen
# trials of the BCG vaccine against tuberculosis. Cases and non-cases among vaccinated and not, latitude, year.
BCG = (
    ("Aronson 1948", 4, 119, 11, 128, 44, 1948),
    ("Ferguson & Simes 1949", 6, 300, 29, 274, 55, 1949),
    ("Rosenthal et al 1960", 3, 228, 11, 209, 42, 1960),
    ("Hart & Sutherland 1977", 62, 13536, 248, 12619, 52, 1977),
    ("Frimodt-Moller et al 1973", 33, 5036, 47, 5761, 13, 1973),
    ("Stein & Aronson 1953", 180, 1361, 372, 1079, 44, 1953),
    ("Vandiviere et al 1973", 8, 2537, 10, 619, 19, 1973),
    ("TPT Madras 1980", 505, 87886, 499, 87892, 13, 1980),
    ("Coetzee & Berjak 1968", 29, 7470, 45, 7232, 27, 1968),
    ("Rosenthal et al 1961", 17, 1699, 65, 1600, 42, 1961),
    ("Comstock et al 1974", 186, 50448, 141, 27197, 18, 1974),
    ("Comstock & Webster 1969", 5, 2493, 3, 2338, 33, 1969),
    ("Comstock et al 1976", 27, 16886, 29, 17825, 33, 1976),
)


def bcg_effects(scale):
    """Give the thirteen trials on a scale, with latitude and year as moderators."""
    return tuple(
        from_two_by_two(
            study,
            treated_events=a,
            treated_total=a + b,
            comparison_events=c,
            comparison_total=c + d,
            scale=scale,
            year=year,
            moderators={"ablat": latitude, "year": year},
        )
        for study, a, b, c, d, latitude, year in BCG
    )


@pytest.fixture(scope="session")
def bcg():
    """Give the thirteen trials as log risk ratios."""
    return bcg_effects("log_risk_ratio")


@pytest.fixture(scope="session")
def bcg_odds():
    """Give the thirteen trials as log odds ratios."""
    return bcg_effects("log_odds_ratio")


@pytest.fixture(scope="session")
def landenberger(repo):
    """Give the 58 effects of Landenberger and Lipsey 2005 (doi:10.1007/s11292-005-3541-7) on reoffending.

    Every row is taken for a study of its own, as the published analysis does, though some share their authors.
    """
    source = repo.parent / "shared/data/meta/dat_landenberger2005.csv"
    if not source.is_file():
        pytest.skip("the table of Landenberger and Lipsey 2005 is not beside the repository")
    rows = csv.DictReader(source.read_text(encoding="utf-8").splitlines())
    return tuple(_landenberger_effect(place, row) for place, row in enumerate(rows))


def _landenberger_effect(place, row):
    counts = {
        f"{group}_{what}": float(row[f"n.{short}.rec"]) + (float(row[f"n.{short}.non"]) if what == "total" else 0)
        for group, short in (("treated", "cbt"), ("comparison", "ctrl"))
        for what in ("events", "total")
    }
    known = {"sessions": float(row["sessions"])} if row["sessions"] else {}
    return from_two_by_two(row["study"], **counts, cluster=f"{place}", moderators={**known, "setting": row["setting"]})
