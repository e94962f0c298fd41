"""Counts by area, period and type as a source published them, and what it did not publish."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from evalkit.data.counts.cells import COUNTED
from evalkit.data.preset import Preset
from evalkit.data.quality import DataQuality
from evalkit.domain.outcome import Outcome
from evalkit.domain.panel import Panel
from evalkit.domain.periods import Periods
from evalkit.errors import DataError, first_of, nearest

if TYPE_CHECKING:
    from evalkit.draws import FloatArray

__all__ = ["Counts", "Missing"]

type Missing = Literal["refuse", "drop", "weight"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Counts:
    """What a file of counts holds.

    Attributes
    ----------
    areas : codes, sorted
    periods : the calendar, without a gap
    crimes : types in the source's words, "type: finer type" where it has both; sorted
    counts : whole numbers, shape (areas, periods, crimes); 0 where there is none
    states : of each count, same shape: counted, suppressed or missing (`evalkit.data.counts.cells`). A cell that is
        not counted is unknown, and is not zero.
    exposure : residents or what the source gives, shape (areas, periods); None where it gives none for some cell
    quality : what became of every row
    preset : the layout
    """

    areas: tuple[str, ...]
    periods: Periods
    crimes: tuple[str, ...]
    counts: np.ndarray
    states: np.ndarray
    exposure: FloatArray | None = None
    quality: DataQuality
    preset: Preset

    @property
    def covered(self) -> np.ndarray:
        """Which cells are published, shape (areas, periods, crimes)."""
        return np.asarray(self.states == COUNTED)

    def places_of(self, *, types: Sequence[str] = (), crime: str | None = None) -> list[int]:
        """Give the places of types that were named, or that are of a class of crime; of all where neither is said.

        Raises
        ------
        DataError
            A type that is not there, a class that no type is of, or several types that contain each other.
        """
        if types:
            found = [place for name in types for place in self._named(name)]
        elif crime is not None:
            found = [
                place
                for place, name in enumerate(self.crimes)
                if self.preset.crime_class(*name.split(": ", 1)) == crime
            ]
            if not found:
                msg = (
                    f"no type of crime here is of the class {crime!r}; name them: types = [...], "
                    f"of {first_of(self.crimes, 30)}"
                )
                raise DataError(msg)
        else:
            found = list(range(len(self.crimes)))
        if self.preset.crimes.nested and len(found) > 1:
            msg = (
                f"types of {self.preset.title} contain each other, and their sum counts twice: "
                f"name one, of {first_of(self.crimes, 30)}"
            )
            raise DataError(msg)
        return list(dict.fromkeys(found))

    def _named(self, name: str) -> list[int]:
        wanted = " ".join(name.casefold().split())
        found = [
            place
            for place, each in enumerate(self.crimes)
            if wanted in {each.casefold(), *(part.casefold() for part in each.split(": ", 1))}
        ]
        if not found:
            msg = f"no type of crime {name!r}; {nearest(name, self.crimes, 30)}"
            raise DataError(msg)
        return found

    def totals(self, *, types: Sequence[str] = (), crime: str | None = None) -> tuple[FloatArray, np.ndarray]:
        """Add up types of crime (`places_of`).

        Returns
        -------
        tuple
            Sums, and whether all that went into them was published; both of shape (areas, periods).
        """
        places = self.places_of(types=types, crime=crime)
        return self.counts[:, :, places].sum(axis=2, dtype=float), self.covered[:, :, places].all(axis=2)

    def panel(
        self,
        outcome: Outcome,
        *,
        types: Sequence[str] = (),
        missing: Missing = "refuse",
        exposure: bool = False,
    ) -> Panel:
        """Add up types of crime to a panel of areas and periods.

        Parameters
        ----------
        types : of the source; those of the outcome's class of crime where none is named
        missing : what to do where a count was not published: "refuse", "drop" the area, or keep it with "weight" 0

        Raises
        ------
        DataError
            Counts are missing and `missing` does not say what to do, or no area is left.
        """
        values, covered = self.totals(types=types, crime=outcome.crime)
        keep = np.ones(len(self.areas), bool)
        if not covered.all():
            if missing == "refuse":
                raise self.refusal(covered, outcome.name)
            if missing == "drop":
                keep = covered.all(axis=1)
        if not keep.any():
            msg = f"{outcome.name}: every area lacks some count; missing = 'weight' keeps those that are there"
            raise DataError(msg)
        if exposure and self.exposure is None:
            msg = f"{self.preset.title} gives no exposure for every area and period: name a column of another file"
            raise DataError(msg)
        return Panel(
            outcome=outcome,
            sites=tuple(area for area, kept in zip(self.areas, keep, strict=True) if kept),
            periods=self.periods,
            values=np.where(covered, values, 0.0)[keep],
            weights=None if covered[keep].all() else covered[keep].astype(float),
            exposure=self.exposure[keep] if exposure and self.exposure is not None else None,
        )

    def refusal(self, covered: np.ndarray, name: str) -> DataError:
        """Give the error that names the counts of an outcome that are missing, and what can be done."""
        cells = np.argwhere(~covered)
        shown = "; ".join(f"{self.areas[area]} in {self.periods.labels[period]}" for area, period in cells[:3])
        more = f" and {len(cells) - 3} more" if len(cells) > 3 else ""
        return DataError(
            f"{name}: {len(cells)} of {covered.size} counts were not published or are not there ({shown}{more}), and "
            "missing is not zero: say missing = 'weight' (they have no part in estimates) or 'drop' (their areas are "
            "left out)"
        )
