"""Try every estimator on the whole grid of scenarios, and record how well it did in models/calibration.csv.

    python tests/recovery/make_calibration.py [--only NAME ...] [--scenario KEY ...] [--missing]
        [--runs N] [--jobs N] [--record FILE]

With --only or --scenario the other rows of the record stay as they are, and with --missing those that there are
and whose scenario has not changed since. Each pair of estimator and scenario has random numbers of its own, so what
else is run changes nothing. `test_calibration.py` holds the record to its thresholds and to the list of scenarios.
"""

import argparse
import csv
import sys
import time
import zlib
from concurrent.futures import ProcessPoolExecutor
from dataclasses import fields
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
from scenarios import FALL, GRID, NOT_TRIED, runs_of, simulate

import evalkit as ek
from evalkit.errors import EvalkitError
from evalkit.judgement import standing_checks

HERE = Path(__file__).resolve()
COLUMNS = (
    "estimator",
    "scenario",
    "fingerprint",
    "words",
    "breaks",
    "runs",
    "bias",
    "spread",
    "mean_error",
    "coverage",
    "rejected",
    "warned",
    "untellable",
    "refused",
    "reason",
)
# Where a figure is past its bound by no more than chance may take it there, so many times as many panels are asked.
MORE = 5
LEVEL = 0.95
# What an estimate averages over decides what the truth is, where effects differ.
BY_CELL = {"did-ols", "callaway-santanna", "imputation", "local-projections"}
# Work that has no part in the change and its range, and fewer placebos than by default: with 199 in place of 1,000 the
# test is as exact, its p-values are multiples of .005, and it takes a fifth of the time.
WITHOUT = {"event_study": False, "trend_sensitivity": False, "placements": 199}
# Mid-quantiles: 400 put the limits within a hundredth of an error.
DRAWS = 400


def estimators():
    """Give every installed estimator that takes a panel, with its defaults but for what takes long for nothing."""
    found = {}
    for name in ek.models():
        cls = ek.estimator(name)
        if "panel" in cls.card.shapes:
            options = {field.name for field in fields(cls)}
            found[name] = cls(**{key: value for key, value in WITHOUT.items() if key in options})
    return found


def try_once(estimator, name, scenario, rng, effect):
    """Give (distance from the truth, error, covered, rejected, warned, untellable), or the words of a refusal."""
    made = simulate(scenario, rng, effect=effect)
    try:
        found = estimator.estimate(made.design, rng=rng, draws=DRAWS)
    except EvalkitError as refusal:
        return str(refusal)
    truth = made.by_cell if name in BY_CELL else made.by_events
    draws, against = found.change, truth
    if not found.scale.startswith("log"):  # a count or a rate is judged by the percentage that it comes to
        draws, against = found.percent_draws, 100 * np.expm1(truth)
        if draws is None:
            return "no percentage of what was expected"
    lower, upper = np.quantile(draws, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], method="hazen")
    beyond = found.smallest_p_value is not None and found.smallest_p_value > 1 - LEVEL + 1e-9
    excludes = found.interval(LEVEL).excludes(0) and not beyond
    failed = any(check.passed is False for check in (*standing_checks(made.design, found), *found.checks))
    return (float(np.median(draws)) - against, found.std_error, lower <= against <= upper, excludes, failed, beyond)


def record(task):
    """Try one estimator on one scenario: half of the runs with no effect, half with a fall."""
    name, scenario, runs = task
    runs = runs or runs_of(name, scenario.key)
    source = np.random.default_rng([2026, zlib.crc32(name.encode()), zlib.crc32(scenario.key.encode())])
    answers, refusals = run(name, scenario, source.spawn(runs))
    if is_open(answers):
        # fresh panels of a number that is known beforehand, and these alone: to go on until a figure is
        # within its bound would be to choose it
        runs *= MORE
        answers, refusals = run(name, scenario, source.spawn(runs))
    return row_of(name, scenario, answers, refusals)


def run(name, scenario, sources):
    """Give answers by effect, and the words of refusals."""
    estimator = estimators()[name]
    answers, refusals = {0.0: [], FALL: []}, []
    for place, rng in enumerate(sources):
        effect = 0.0 if place % 2 else FALL
        answer = try_once(estimator, name, scenario, rng, effect)
        if isinstance(answer, str):
            refusals.append(answer)
        else:
            answers[effect].append(answer)
        if len(refusals) >= GIVEN_UP and len(refusals) > 0.98 * (place + 1):
            break
    return answers, refusals


# After so many refusals in a row it will not do better.
GIVEN_UP = 50


def is_open(answers):
    """Is a figure past its bound, but by no more than chance may take it there?"""
    null, found = np.array(answers[0.0], float), np.array(answers[0.0] + answers[FALL], float)
    if not len(null):
        return False
    size, coverage = null[:, 3].mean(), found[:, 2].mean()
    over = 0.06 < size < 0.06 + 3 * np.sqrt(0.06 * 0.94 / len(null))
    under = 0.93 - 3 * np.sqrt(0.07 * 0.93 / len(found)) < coverage < 0.93
    return bool(over or under)


def row_of(name, scenario, answers, refusals):
    """Sum up the answers: shape (runs, 6) of what `try_once` gives."""
    made = len(answers[0.0]) + len(answers[FALL]) + len(refusals)
    found = np.array(answers[0.0] + answers[FALL], float).reshape(-1, 6)
    null = np.array(answers[0.0], float).reshape(-1, 6)
    answered = len(found) > 0
    return {
        "estimator": name,
        "scenario": scenario.key,
        "fingerprint": scenario.fingerprint,
        "words": scenario.words,
        "breaks": scenario.breaks,
        "runs": made,
        "bias": f"{found[:, 0].mean():.4f}" if answered else "",
        "spread": f"{found[:, 0].std():.4f}" if answered else "",
        "mean_error": f"{found[:, 1].mean():.4f}" if answered else "",
        "coverage": f"{found[:, 2].mean():.4f}" if answered else "",
        "rejected": f"{null[:, 3].mean():.4f}" if len(null) else "",
        "warned": f"{found[:, 4].mean():.4f}" if answered else "",
        "untellable": f"{found[:, 5].mean():.4f}" if answered else "",
        "refused": f"{len(refusals) / made:.4f}",
        "reason": max(set(refusals), key=refusals.count) if len(refusals) > made / 2 else "",
    }


def main():
    """Run what was asked for, and write the record after every pair."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--scenario", nargs="*", default=[])
    parser.add_argument("--missing", action="store_true", help="only pairs that the record does not hold")
    parser.add_argument("--runs", type=int, default=0, help="panels a pair, in place of the defaults")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--record", type=Path, default=HERE.parents[2] / "models" / "calibration.csv")
    asked = parser.parse_args()
    keys = [scenario.key for scenario in GRID]
    names = list(estimators())
    kept = read(asked.record) if asked.record.exists() else {}
    tasks = [
        (name, scenario, asked.runs)
        for name in asked.only or names
        for scenario in GRID
        if (name, scenario.key) not in NOT_TRIED
        and (not asked.scenario or scenario.key in asked.scenario)
        and not (asked.missing and kept.get((name, scenario.key), {}).get("fingerprint") == scenario.fingerprint)
    ]
    began = time.perf_counter()
    with ProcessPoolExecutor(max_workers=asked.jobs) as workers:
        for number, row in enumerate(workers.map(record, tasks), 1):
            kept[row["estimator"], row["scenario"]] = row
            ordered = [kept[pair] for name in names for key in keys if (pair := (name, key)) in kept]
            write(asked.record, ordered)
            spent = time.perf_counter() - began
            shown = ", ".join(f"{name} {row[name]}" for name in COLUMNS[COLUMNS.index("bias") : -1])
            print(f"{number}/{len(tasks)} {spent:.0f} s {row['estimator']} {row['scenario']}: {shown}", flush=True)


def read(path):
    """Give a record by estimator and scenario."""
    with path.open(newline="", encoding="utf-8") as file:
        return {(row["estimator"], row["scenario"]): row for row in csv.DictReader(file)}


def write(path, rows):
    """Write the record anew."""
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        out.writeheader()
        out.writerows(rows)


if __name__ == "__main__":
    main()
