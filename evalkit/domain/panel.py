"""Counts or means for every site in every period."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from evalkit.domain.outcome import Outcome
from evalkit.domain.periods import Periods
from evalkit.domain.text import one_line
from evalkit.errors import DataError, first_of, nearest

if TYPE_CHECKING:
    import pandas as pd

    from evalkit.draws import FloatArray

__all__ = ["ColumnReader", "Panel"]

_IF_MISSING = "where it was not recorded, leave it empty and give the row weight 0 in a column of weights"
_ROW_IF_MISSING = "where it was not recorded, give the row an empty count, and weight 0 in a column of weights"


@dataclass(frozen=True, kw_only=True, eq=False)
class Panel:
    """One outcome for every site in every period; a cell that was not recorded has weight zero.

    The value of such a cell may be left empty (NaN with weight 0) and is then kept as 0, so that nothing that
    reads the panel meets a NaN; what has weight zero is no part of an estimate, nor of its totals. Its exposure and
    covariates must be there all the same.

    Attributes
    ----------
    outcome : what was measured
    sites : names of the sites, shape (sites,)
    periods : the calendar, shape (periods,)
    values : counts, rates or scores, shape (sites, periods); 0 where it was given as NaN with weight 0
    exposure : what the events could have happened to (residents, dwellings, hours), same shape, above zero
    weights : analytic weights, same shape, zero or more; zero for a missing cell
    covariates : by name, each of the same shape
    """

    outcome: Outcome
    sites: tuple[str, ...]
    periods: Periods
    values: FloatArray
    exposure: FloatArray | None = None
    weights: FloatArray | None = None
    covariates: Mapping[str, FloatArray] = field(default_factory=dict)

    def __post_init__(self) -> None:
        shape = (len(self.sites), len(self.periods))
        arrays = {"values": self.values, "exposure": self.exposure, "weights": self.weights, **self.covariates}
        for name, array in arrays.items():
            if array is not None and np.shape(array) != shape:
                msg = f"{name} of a panel has shape (sites, periods) = {shape}; there is {np.shape(array)}"
                raise DataError(msg)
        if len(set(self.sites)) < len(self.sites):
            msg = f"a site stands twice in the panel: {first_of(_repeated(self.sites))}"
            raise DataError(msg)
        arrays["values"] = self._filled()
        for name, array in arrays.items():
            if array is not None:
                self._check(name, np.asarray(array, float))
        for name in ("values", "exposure", "weights"):
            if arrays[name] is not None:
                object.__setattr__(self, name, _frozen(arrays[name]))
        covariates = {name: _frozen(array) for name, array in self.covariates.items()}
        object.__setattr__(self, "covariates", MappingProxyType(covariates))

    def _filled(self) -> FloatArray:
        """Give the values with 0 in cells that are missing: empty, and of weight zero."""
        values = np.asarray(self.values, float)
        if self.weights is None or not (missing := np.isnan(values) & (np.asarray(self.weights) == 0)).any():
            return values
        return np.where(missing, 0.0, values)

    def _check(self, name: str, array: FloatArray) -> None:
        wanted = "a number in every cell"
        if name == "values":
            wanted += ", or weight 0 beside an empty one (NaN) that was not recorded"
        self._refuse(~np.isfinite(array), f"{name} that are not finite numbers", wanted, array)
        if name == "values" and self.outcome.kind in {"count", "rate"}:
            self._refuse(array < 0, f"negative {self.outcome.kind}s", "zero or more", array)
        if name == "values" and self.outcome.kind == "count":
            self._refuse(
                array != np.floor(array), "counts that are not whole", "whole numbers; for rates give rate = ...", array
            )
        if name == "values" and self.outcome.kind == "proportion":
            self._refuse((array < 0) | (array > 1), "proportions outside 0 to 1", "a share between 0 and 1", array)
        if name == "exposure":
            self._refuse(array <= 0, "exposure that is not above zero", "a positive number in every cell", array)
        if name == "weights":
            self._refuse(array < 0, "negative weights", "zero or more", array)

    def _refuse(self, at_fault: np.ndarray, what: str, wanted: str, array: FloatArray) -> None:
        if at_fault.any():
            cells = [
                f"{self.sites[site]} in {self.periods.labels[period]} ({array[site, period]:g})"
                for site, period in np.argwhere(at_fault)[:4]
            ]
            more = int(at_fault.sum()) - len(cells)
            shown = "; ".join(cells) + (f" and {more} more" if more else "")
            msg = f"{self.outcome.name}: {what}: {shown}; wanted is {wanted}"
            raise DataError(msg)

    @classmethod
    def from_long(
        cls,
        frame: Any,
        *,
        site: str,
        period: str,
        outcome: Outcome,
        count: str | None = None,
        value: str | None = None,
        exposure: str | Mapping[str, float] | None = None,
        weight: str | None = None,
        covariates: Sequence[str] = (),
        frequency: str | None = None,
        source: str = "the table",
        first_row: int = 0,
    ) -> Panel:
        """Read a table with one row for each site and period.

        Parameters
        ----------
        frame : a table of pandas, or of any library that narwhals knows (polars, pyarrow, duckdb, ...)
        site, period : columns that say where and when
        count, value : the column of the outcome; `count` for events, `value` for anything else
        exposure : a column, or one number for each site
        weight : column of analytic weights. An empty count (or value) with weight 0 is a missing cell: it was
            not recorded, and has no part in any estimate.
        covariates : columns of covariates
        frequency : length of a period, where it cannot be told from the data
        source, first_row : how messages name the table and its first row of data

        Raises
        ------
        DataError
            Columns that are not there, gaps, repeats, negatives, non-numbers, an empty count of which no weight
            says that it is missing; the message names the first.
        """
        table = _to_pandas(frame)
        column = count or value
        if column is None or (count and value):
            msg = "name one column of the outcome: count = '...' for events, or value = '...'"
            raise DataError(msg)
        wanted = [site, period, column, weight, exposure if isinstance(exposure, str) else None, *covariates]
        _require_columns(table, [name for name in wanted if name], source)
        if table.empty:
            msg = f"{source} has no rows"
            raise DataError(msg)
        reader = ColumnReader(table, source, first_row)
        names = reader.text(site, "a site")
        when = reader.text(period, "a period")
        try:
            periods = Periods.spanning(when.unique(), frequency)
        except DataError as problem:
            msg = f"{source}, column {period!r}: {problem}"
            raise DataError(msg) from problem
        places = when.map({text: periods.place(text) for text in when.unique()}).to_numpy()
        sites = tuple(sorted(names.unique()))
        rows = names.map({name: place for place, name in enumerate(sites)}).to_numpy()
        reader.refuse_repeats(rows, places, sites, periods)
        reader.refuse_gaps(rows, places, sites, periods)

        def grid(numbers: FloatArray) -> FloatArray:
            out = np.empty((len(sites), len(periods)))
            out[rows, places] = numbers
            return out

        def read(name: str) -> FloatArray:
            return reader.number(name, names, when)

        weights = read(weight) if weight else None

        return cls(
            outcome=outcome,
            sites=sites,
            periods=periods,
            values=grid(reader.outcome(column, names, when, weights)),
            exposure=_per_site(exposure, sites, len(periods))
            if isinstance(exposure, Mapping)
            else grid(read(exposure))
            if exposure
            else None,
            weights=None if weights is None else grid(weights),
            covariates={name: grid(read(name)) for name in covariates},
        )

    @cached_property
    def positions(self) -> Mapping[str, int]:
        """Row of each site."""
        return {site: row for row, site in enumerate(self.sites)}

    def rows(self, sites: Sequence[str]) -> np.ndarray:
        """Give the rows of some sites, in their order."""
        return np.array([self.positions[site] for site in sites], dtype=np.intp)


def _frozen(array: Any) -> FloatArray:
    out = np.array(array, float)
    out.setflags(write=False)
    return out


def _repeated(names: Sequence[str]) -> list[str]:
    return [name for name in dict.fromkeys(names) if names.count(name) > 1]


def _per_site(exposure: Mapping[str, float], sites: tuple[str, ...], periods: int) -> FloatArray:
    missing = [site for site in sites if site not in exposure]
    if missing:
        msg = f"no exposure for site {first_of(missing)}: give a number for each site"
        raise DataError(msg)
    return np.repeat(np.array([float(exposure[site]) for site in sites])[:, None], periods, axis=1)


def _to_pandas(frame: Any) -> pd.DataFrame:
    import pandas as pd

    if isinstance(frame, pd.DataFrame):
        return frame
    import narwhals as nw

    try:
        known = nw.from_native(frame)
    except TypeError as problem:
        msg = f"a panel is read from a table (pandas, polars, pyarrow, ...); there is a {type(frame).__name__}"
        raise DataError(msg) from problem
    return (known.collect() if isinstance(known, nw.LazyFrame) else known).to_pandas()


def _require_columns(table: pd.DataFrame, wanted: Sequence[str], source: str) -> None:
    known = [str(name) for name in table.columns]
    for name in wanted:
        if name not in known:
            msg = f"{source} has no column {name!r}; {nearest(name, known, 12)}"
            raise DataError(msg)
        if known.count(name) > 1:
            msg = f"{source} has {known.count(name)} columns named {name!r}; wanted is one"
            raise DataError(msg)


@dataclass(frozen=True)
class ColumnReader:
    """Reads columns of a long table, and names the first rows at fault."""

    table: pd.DataFrame
    source: str
    first_row: int

    def text(self, column: str, what: str) -> pd.Series:
        """Give a column as names of one line; codes stay whole, and none is empty."""
        series = self.table[column]
        missing = series.isna() | (series.astype(str).str.strip() == "")
        if missing.any():
            self._fail(missing, f"column {column!r} is empty", f"{what} in every row")
        if series.dtype.kind == "f":
            whole = series == np.floor(series)
            # past 2**53 a float no longer tells neighbouring codes apart
            unsafe = ~whole | (series.abs() > 2**53)
            if unsafe.any():
                self._fail(
                    unsafe, f"column {column!r} holds decimal numbers", f"{what} as text, so that codes stay whole"
                )
            series = series.astype("int64")
        texts = series.astype(str)
        return texts.map({text: one_line(text) for text in texts.unique()})

    def number(self, column: str, names: pd.Series, when: pd.Series) -> FloatArray:
        """Give a column as finite numbers, shape (rows,)."""
        nowhere = np.zeros(len(self.table), bool)
        return self._numbers(column, names, when, may_be_empty=nowhere, wanted="a number in every row")

    def outcome(self, column: str, names: pd.Series, when: pd.Series, weights: FloatArray | None) -> FloatArray:
        """Give a column as finite numbers, shape (rows,), and NaN where it is empty in a row of weight zero."""
        empty = np.zeros(len(self.table), bool) if weights is None else weights == 0
        wanted = f"a number; a missing count is not a zero: {_IF_MISSING}"
        return self._numbers(column, names, when, may_be_empty=empty, wanted=wanted)

    def _numbers(
        self, column: str, names: pd.Series, when: pd.Series, *, may_be_empty: np.ndarray, wanted: str
    ) -> FloatArray:
        import pandas as pd

        series = self.table[column]
        missing = series.isna() | (series.astype(str).str.strip() == "")
        read = pd.to_numeric(
            series.astype(str).str.strip() if series.dtype.kind not in "iuf" else series, errors="coerce"
        )
        numbers = read.to_numpy(float, na_value=np.nan)
        wrong = ~np.isfinite(numbers) & ~(missing.to_numpy() & may_be_empty) | (series.dtype.kind == "b")
        if wrong.any():
            row = int(np.argmax(wrong))
            where = f" ({names.iloc[row]}, {when.iloc[row]})"
            value = series.iloc[row]
            shown = "nothing" if missing.iloc[row] else repr(value.item() if isinstance(value, np.generic) else value)
            self._fail(
                wrong,
                f"column {column!r} holds {shown}{where}",
                wanted if missing.iloc[row] else "a number with a point for decimals",
            )
        return np.asarray(numbers)

    def refuse_repeats(self, rows: np.ndarray, places: np.ndarray, sites: tuple[str, ...], periods: Periods) -> None:
        """Refuse a second row for one site and period."""
        cells = rows.astype(np.int64) * len(periods) + places
        _, first, counts = np.unique(cells, return_index=True, return_counts=True)
        if (counts > 1).any():
            at = first[counts > 1]
            shown = [f"{sites[rows[i]]} in {periods.labels[places[i]]}" for i in np.sort(at)]
            msg = (
                f"{self.source}: more than one row for {'; '.join(shown[:3])}"
                f"{f' and {len(shown) - 3} more' if len(shown) > 3 else ''}; wanted is one row for each site and period"
            )
            raise DataError(msg)

    def refuse_gaps(self, rows: np.ndarray, places: np.ndarray, sites: tuple[str, ...], periods: Periods) -> None:
        """Refuse a site or a period without its row."""
        if len(rows) == len(sites) * len(periods):
            return
        seen = np.bincount(places, minlength=len(periods))
        empty = [periods.labels[place] for place in np.flatnonzero(seen == 0)]
        if empty:
            msg = (
                f"{self.source}: no row at all for {first_of(empty)}; "
                f"wanted is every {periods.frequency} from the first to the last; {_ROW_IF_MISSING}"
            )
            raise DataError(msg)
        present = np.zeros((len(sites), len(periods)), bool)
        present[rows, places] = True
        gaps = np.argwhere(~present)
        shown = "; ".join(f"{sites[site]} in {periods.labels[period]}" for site, period in gaps[:3])
        more = f" and {len(gaps) - 3} more" if len(gaps) > 3 else ""
        msg = (
            f"{self.source}: no row for {shown}{more}; a missing row is not a zero: write 0 where nothing happened, "
            f"and {_ROW_IF_MISSING}"
        )
        raise DataError(msg)

    def _fail(self, at_fault: pd.Series | np.ndarray, what: str, wanted: str) -> None:
        rows = np.flatnonzero(np.asarray(at_fault))
        shown = ", ".join(str(row + self.first_row) for row in rows[:3])
        more = f" and {len(rows) - 3} more" if len(rows) > 3 else ""
        msg = f"{self.source}, row {shown}{more}: {what}; wanted is {wanted}"
        raise DataError(msg)
