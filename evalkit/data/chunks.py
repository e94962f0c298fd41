"""The rows of a file, some thousand at a time, as text under our names of the columns."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from evalkit.data.written import Written, open_bytes, workbook_cell
from evalkit.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["read_chunks"]


def read_chunks(written: Written, columns: Sequence[str], *, chunk_rows: int = 200_000) -> Iterator[pd.DataFrame]:
    """Give some columns of a file, so many rows at a time; every cell is text, and an empty one is "".

    Parameters
    ----------
    written : how the file is written (`evalkit.data.written.look`)
    columns : names as they stand in the heading

    Raises
    ------
    DataError
        Ragged rows, or letters of another encoding.
    """
    if not written.separator:
        yield _workbook(written, columns)
    elif written.compound > 1:
        yield _compound(written, columns)
    else:
        yield from _text(written, columns, chunk_rows)


def _text(written: Written, columns: Sequence[str], chunk_rows: int) -> Iterator[pd.DataFrame]:
    import pandas as pd

    places = [written.heading.index(name) for name in columns]
    try:
        with (
            warnings.catch_warnings(),
            open_bytes(written.path) as raw,
            # all columns, as the parser cuts longer rows to size without a word when it is told which ones to read
            pd.read_csv(
                raw,
                sep=written.separator,
                encoding=written.encoding,
                skiprows=written.above + 1,
                header=None,
                names=list(range(len(written.heading))),
                dtype=str,
                keep_default_na=False,
                na_filter=False,
                index_col=False,
                on_bad_lines="error",
                chunksize=chunk_rows,
            ) as reader,
        ):
            # a first row with too many cells is cut to size with no more than a warning
            warnings.simplefilter("error", pd.errors.ParserWarning)
            for chunk in reader:
                # a row that ends early has empty cells
                yield chunk[places].set_axis(list(columns), axis=1).fillna("")
    except UnicodeDecodeError as problem:
        msg = f"{written.path.name} is not written in {written.encoding}; say which encoding it is in, such as 'cp1252'"
        raise DataError(msg) from problem
    except (pd.errors.ParserError, pd.errors.ParserWarning) as problem:
        said = " ".join(str(problem).split())
        msg = f"{written.path.name}: rows do not have as many cells as the heading ({len(written.heading)}): {said}"
        raise DataError(msg) from problem


def _compound(written: Written, columns: Sequence[str]) -> pd.DataFrame:
    """Read a file whose first cell holds several columns, with commas between them."""
    import pandas as pd

    with open_bytes(written.path) as raw, io.TextIOWrapper(raw, encoding=written.encoding, newline=None) as file:
        lines = file.read().splitlines()[written.above + 1 :]
    rows = []
    for number, line in enumerate(filter(None, lines), written.above + 2):
        first, *rest = line.split(written.separator)
        cells = [*first.split(","), *rest]
        if len(cells) != len(written.heading):
            msg = f"{written.path.name}, row {number}: {len(cells)} cells; the heading has {len(written.heading)}"
            raise DataError(msg)
        rows.append(cells)
    return pd.DataFrame(rows, columns=list(written.heading), dtype=str)[list(columns)]


def _workbook(written: Written, columns: Sequence[str]) -> pd.DataFrame:
    import pandas as pd
    from python_calamine import CalamineWorkbook

    sheet = CalamineWorkbook.from_path(written.path).get_sheet_by_name(str(written.sheet))
    places = [written.heading.index(name) for name in columns]
    rows = sheet.to_python()[written.above + 1 :]
    cells = [[workbook_cell(row[place]) for place in places] for row in rows if any(map(workbook_cell, row))]
    return pd.DataFrame(cells, columns=list(columns), dtype=str)
