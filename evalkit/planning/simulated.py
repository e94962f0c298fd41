"""How often an estimator concludes, tried on panels that are simulated as the plan expects them."""

from __future__ import annotations

import dataclasses
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from evalkit.domain import Effect, Estimator
from evalkit.draws import FloatArray
from evalkit.errors import EvalkitError, StudyError
from evalkit.planning.expected import ExpectedPanel

__all__ = ["DEFAULT_RUNS", "Trials", "simulate_counts", "try_changes"]

type Progress = Callable[[str], None]

# Known power of 80 % to four points at each change; the curve through nine of them knows the smallest detectable
# fall to half a point. Twenty seconds for 40 sites by 24 months.
DEFAULT_RUNS = 120
# A size of 5 % is then known to 1.2 points.
_AT_NOTHING = 3
_PILOT = 40
# In standard errors of the pilot: dense where power rises from small to sure.
_GRID = (-5.0, -4.0, -3.3, -2.7, -2.0, -1.2, 0.0, 1.5, 3.0)
_LARGEST = float(np.log(20))
# Cells that are simulated at once.
_BATCH = 2_000_000
# Enough for quantiles of a grid, which is what a distribution is spread over; few, as only a test is read.
_DRAWS = 200
# What a test does not need, and what takes time.
_LEAN = {"event_study": False, "trend_sensitivity": False, "covariates": ()}
# With 199, 5 % lies on a whole placement; more of them buy hardly any power, and take minutes with few treated.
_PLACEMENTS = 199


@dataclass(frozen=True, kw_only=True, eq=False)
class Trials:
    """What came of the simulated panels, by the true change; every array has the shape (changes,).

    Attributes
    ----------
    changes : of the log rate, in order
    runs : panels at each
    prevents, harms : of them, how many concluded so
    spread : standard deviation of the estimates; 0 where fewer than two panels had one
    refused : panels for which the estimator had no answer; they count as inconclusive
    reason : what it said the first time
    """

    changes: FloatArray
    runs: np.ndarray
    prevents: np.ndarray
    harms: np.ndarray
    spread: FloatArray
    refused: np.ndarray
    reason: str

    @property
    def size(self) -> float:
        """Share of the panels without an effect that concluded there is one; it should be alpha."""
        place = int(np.flatnonzero(self.changes == 0)[0])
        return float((self.prevents[place] + self.harms[place]) / self.runs[place])

    @property
    def size_error(self) -> float:
        """Standard error of `size` from the number of panels."""
        place = int(np.flatnonzero(self.changes == 0)[0])
        kept = (self.prevents[place] + self.harms[place] + 1) / (self.runs[place] + 2)
        return float(np.sqrt(kept * (1 - kept) / self.runs[place]))


def simulate_counts(expected: ExpectedPanel, change: float, runs: int, rng: np.random.Generator) -> FloatArray:
    """Simulate panels in which the measure changes the log rate by `change`, shape (runs, sites, periods).

    Counts vary around their mean as a negative binomial whose variance is `dispersion` times the mean; each site
    keeps a shift of its own from the first start on.
    """
    sites, periods = expected.counts.shape
    log_rate = _normal(expected.site_spread, (runs, sites, 1), rng)
    log_rate = log_rate + _normal(expected.swing, (runs, 1, periods), rng)
    after = np.arange(periods) >= expected.before
    log_rate = log_rate + _normal(expected.site_shift, (runs, sites, 1), rng) * after
    counts = expected.counts
    if expected.any_treated:
        counts = counts[rng.permuted(np.tile(np.arange(sites), (runs, 1)), axis=1)]
    mean = counts * np.exp(log_rate + change * expected.treatment)
    if expected.dispersion > 1:
        more = expected.dispersion - 1
        mean = rng.gamma(mean / more, more)
    return rng.poisson(mean).astype(float)


def _normal(sd: float, shape: tuple[int, ...], rng: np.random.Generator) -> FloatArray:
    """Draw logs whose exponential has mean one."""
    return np.asarray(rng.normal(-(sd**2) / 2, sd, shape)) if sd > 0 else np.zeros(shape)


def try_changes(
    expected: ExpectedPanel,
    estimator: Estimator,
    *,
    alpha: float,
    runs: int = DEFAULT_RUNS,
    seed: int,
    progress: Progress | None = None,
) -> Trials:
    """Try an estimator on panels with changes from none to far beyond its error.

    Raises
    ------
    StudyError
        The estimator has no answer for any panel of the first few, with what it says.
    """
    lean, tell = _lean(estimator), progress or (lambda _: None)
    tell("trying the design without an effect")
    pilot = [*_estimates(expected, lean, 0.0, _PILOT, _rng(seed, "pilot"))]
    known = [each for each in pilot if isinstance(each, Effect)]
    if not known:
        raise StudyError(f"the estimator has no answer for a study of this design: {pilot[0]}")
    error = float(np.median([each.std_error for each in known])) or 0.1
    # an estimate by randomisation knows its error badly; that of the estimates themselves keeps the grid in place
    error = max(error, float(np.std([each.estimate for each in known])))
    changes = np.unique(np.clip(np.array(_GRID) * error, -_LARGEST, _LARGEST))
    rows = []
    for place, change in enumerate(changes):
        tell(f"simulating panels with a change of {100 * np.expm1(change):+.0f} % ({place + 1} of {len(changes)})")
        count = runs * (_AT_NOTHING if change == 0 else 1)
        rows.append(_row([*_estimates(expected, lean, float(change), count, _rng(seed, str(place)))], alpha))
    columns = list(zip(*rows, strict=True))
    return Trials(
        changes=changes,
        runs=np.array(columns[0]),
        prevents=np.array(columns[1]),
        harms=np.array(columns[2]),
        spread=np.array(columns[3]),
        refused=np.array(columns[4]),
        reason=next((reason for reason in columns[5] if reason), ""),
    )


def _rng(seed: int, name: str) -> np.random.Generator:
    return np.random.default_rng([seed, zlib.crc32(b"plan"), zlib.crc32(name.encode())])


def _lean(estimator: Estimator) -> Estimator:
    """Give the same estimator without what its test does not need."""
    if not dataclasses.is_dataclass(estimator):
        return estimator
    known = {each.name for each in dataclasses.fields(estimator)}
    options = {name: value for name, value in _LEAN.items() if name in known}
    if "bootstrap" in known:
        options["bootstrap"] = min(estimator.bootstrap, _PLACEMENTS)
    return dataclasses.replace(estimator, **options)


def _estimates(
    expected: ExpectedPanel, estimator: Estimator, change: float, runs: int, rng: np.random.Generator
) -> Iterator[Effect | str]:
    size = max(1, _BATCH // expected.counts.size)
    for start in range(0, runs, size):
        for values in simulate_counts(expected, change, min(size, runs - start), rng):
            try:
                # where the treated are drawn anew, exposure would belong to other sites: the levels hold it
                exposure = None if expected.any_treated else expected.exposure
                yield estimator.estimate(expected.design(values, exposure), rng=rng, draws=_DRAWS)
            except EvalkitError as problem:
                yield str(problem)


def _row(found: list[Effect | str], alpha: float) -> tuple[int, int, int, float, int, str]:
    effects = [each for each in found if isinstance(each, Effect)]
    sides = [_conclusion(each, alpha) for each in effects]
    spread = float(np.std([each.estimate for each in effects], ddof=1)) if len(effects) > 1 else 0.0
    reason = next((each for each in found if isinstance(each, str)), "")
    return len(found), sides.count(-1), sides.count(1), spread, len(found) - len(effects), reason


def _conclusion(effect: Effect, alpha: float) -> int:
    """Say -1 where the effect is told from nothing and prevents, 1 where it harms, 0 where nothing is told."""
    p_value = effect.p_value
    if p_value is None:
        ends = effect.interval(1 - alpha)
        return -1 if ends.upper < 0 else 1 if ends.lower > 0 else 0
    return 0 if p_value > alpha else -1 if effect.estimate < 0 else 1
