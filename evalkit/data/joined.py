"""Rows whose columns stand in several files of one folder, such as the incidents and offences of NIBRS."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from evalkit.data.chunks import read_chunks
from evalkit.data.preset import Preset
from evalkit.data.preset_sections import Join
from evalkit.data.written import Written, look
from evalkit.errors import DataError, first_of

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["joined_chunks"]


def joined_chunks(
    written: Written, chunks: Iterable[pd.DataFrame], names: Mapping[str, str], preset: Preset
) -> Iterator[pd.DataFrame]:
    """Give the chunks under our names of columns, with what other files of the folder say of each row.

    Raises
    ------
    DataError
        A column that no file gives, or several rows for one where there may be one.
    """
    others = [_other(written.path, join, preset) for join in preset.joins]
    for chunk in chunks:
        renamed = chunk.rename(columns=dict(names))
        for join, other in zip(preset.joins, others, strict=True):
            if other is None or join.on not in renamed:
                continue
            renamed[join.on] = renamed[join.on].str.strip()
            renamed = renamed.drop(columns=[each for each in other if each in renamed and each != join.on])
            renamed = renamed.merge(other, on=join.on, how="left").fillna("")
        lacking = [each for join in preset.joins for each in join.gives if each not in renamed]
        if lacking:
            wanted = " or ".join(join.file for join in preset.joins if lacking[0] in join.columns)
            msg = f"{written.path.name} says nothing of {lacking[0]}; wanted is a file beside it named like {wanted}"
            raise DataError(msg)
        yield renamed


def _other(path: Path, join: Join, preset: Preset) -> pd.DataFrame | None:
    import pandas as pd

    found = sorted(each for each in path.parent.iterdir() if re.fullmatch(join.file, each.name, re.IGNORECASE))
    if not found:
        return None  # an edition may hold its columns in another file: what is lacking in the end is refused
    if len(found) > 1:
        there = first_of([each.name for each in found])
        msg = f"{path.name} is read together with one file named like {join.file}; there are {there}"
        raise DataError(msg)
    columns = {**join.columns, join.on: join.key}
    own = dataclasses.replace(preset, columns=columns, required=(join.on,), joins=())
    written = look(found[0], own)
    names = {theirs: ours for ours, theirs in own.require(written.heading, found[0].name).items()}
    table = pd.concat([chunk.rename(columns=names) for chunk in read_chunks(written, list(names))])
    table[join.on] = table[join.on].str.strip()
    if not join.many and table[join.on].duplicated().any():
        twice = table.loc[table[join.on].duplicated(), join.on].iloc[0]
        msg = f"{found[0].name} has more than one row for {join.on} {twice!r}; wanted is one"
        raise DataError(msg)
    return table
