"""Several faults told at once, so that a file is mended in one go."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from evalkit.errors import CostError, EvalkitError, StudyError, nearest

__all__ = ["CostFaultsError", "attempt", "refuse", "unknown_keys"]


class CostFaultsError(CostError):
    """Everything that is wrong with a ledger or a price schedule; `faults` holds one sentence each."""

    def __init__(self, faults: Sequence[str], *, where: str) -> None:
        self.faults: tuple[str, ...] = tuple(faults)
        super().__init__(str(StudyError(self.faults, where=where)))


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
