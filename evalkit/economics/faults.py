"""What an appraisal refuses besides a plain fault: several told at once, and an effect that has no mean."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence

from evalkit.errors import CostError, EvalkitError, StudyError, nearest

__all__ = ["CostFaultsError", "NoMeanError", "attempt", "refuse", "unknown_keys"]


class CostFaultsError(CostError):
    """Everything that is wrong with a ledger or a price schedule; `faults` holds one sentence each."""

    def __init__(self, faults: Sequence[str], *, where: str) -> None:
        self.faults: tuple[str, ...] = tuple(faults)
        super().__init__(str(StudyError(self.faults, where=where)))


class NoMeanError(CostError):
    """An effect is so uncertain that a few extreme draws decide its mean; the message is a sentence for readers.

    Attributes
    ----------
    outcome : name of the effect
    median, mean : of the total of events prevented; the mean is that of the draws and says nothing
    """

    def __init__(self, outcome: str, plural: str, *, median: float, mean: float) -> None:
        self.outcome, self.median, self.mean = outcome, median, mean
        super().__init__(
            f"the estimate of {plural} prevented is so uncertain that its mean is decided by a few extreme draws "
            f"(median {_rough(median)}, mean {_rough(mean)}): there is no expected value to set against the costs"
        )


def _rough(value: float) -> str:
    if not math.isfinite(value):
        return "beyond any number"
    if abs(value) >= 1e9:
        return f"{value:.1e}".replace("e+", "e")
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.2g}"


def refuse(faults: Sequence[str], where: str) -> None:
    """Raise what was collected, if anything was."""
    if faults:
        raise CostFaultsError(faults, where=where)


def attempt[Made](faults: list[str], where: str, make: Callable[[], Made]) -> Made | None:
    """Make something; where that fails, note why under its place and give None."""
    try:
        return make()
    except CostFaultsError as problem:
        faults.extend(f"{where}{fault}" for fault in problem.faults)
    except EvalkitError as problem:
        faults.append(f"{where}{problem}")
    return None


def unknown_keys(given: Mapping[str, object], known: Iterable[str], where: str) -> list[str]:
    """Name every key that nobody reads, with the nearest that is read."""
    names = list(known)
    return [f"{where}no key {key!r}; {nearest(key, names, 30)}" for key in given if key not in names]
