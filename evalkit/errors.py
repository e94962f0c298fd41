"""What can go wrong, one class a stage, and the two phrases every message needs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

__all__ = [
    "CostError",
    "DataError",
    "DesignError",
    "DomainError",
    "EstimationError",
    "EvalkitError",
    "EvidenceError",
    "RegistryError",
    "ReportError",
    "StudyError",
    "first_of",
    "nearest",
]


class EvalkitError(ValueError):
    """Something the caller gave cannot be used; the message says what, where, and what was wanted."""


class DomainError(EvalkitError):
    """A value of the vocabulary (intervention, outcome, effect) contradicts itself."""


class DataError(EvalkitError):
    """A file or a table does not hold what it should."""


class DesignError(EvalkitError):
    """The comparison that was asked for cannot be made with these sites and periods."""


class EstimationError(EvalkitError):
    """An estimator has no answer for this design."""


class CostError(EvalkitError):
    """A ledger, a price schedule or an appraisal does not add up."""


class EvidenceError(EvalkitError):
    """An effect cannot be read, converted or pooled, or carried over to another place, as was asked."""


class RegistryError(EvalkitError):
    """No estimator of that name, or a plug-in that cannot be loaded."""


class ReportError(EvalkitError):
    """A result cannot be written or shown."""


class StudyError(EvalkitError):
    """A study file is at fault; `faults` lists every fault that was found, each one sentence."""

    def __init__(self, faults: str | Sequence[str], *, where: str | None = None) -> None:
        self.faults: tuple[str, ...] = (faults,) if isinstance(faults, str) else tuple(faults)
        head = f"{where}: " if where else ""
        if len(self.faults) == 1:
            super().__init__(head + self.faults[0])
        else:
            lines = "".join(f"\n  - {fault}" for fault in self.faults)
            super().__init__(f"{head}{len(self.faults)} faults{lines}")


def first_of(values: Iterable[object], limit: int = 3) -> str:
    """Name the first few offenders and count the rest.

    >>> first_of(["a", "b", "c", "d"])
    "'a', 'b', 'c' and 1 more"
    """
    shown = [repr(value) if isinstance(value, str) else str(value) for value in values]
    rest = len(shown) - limit
    return ", ".join(shown[:limit]) + (f" and {rest} more" if rest > 0 else "")


def nearest(value: object, known: Iterable[str], limit: int = 8) -> str:
    """Say which known name was probably meant, and what there is.

    >>> nearest("burglry", ["burglary", "robbery"])
    "did you mean 'burglary'? There is: 'burglary', 'robbery'"
    """
    names = sorted(known)
    if not names:
        return "there is none"
    close = get_close_matches(str(value), names, n=1, cutoff=0.6)
    guess = f"did you mean {close[0]!r}? There is: " if close else "there is: "
    return guess + first_of(names, limit)
