"""When a measure began, ended and resumed, from a study file and its data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from evalkit.data import began_by_site, spells_by_site
from evalkit.errors import DataError, StudyError
from evalkit.study_schema import DataSection, InterventionSection, StudyFile

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Times", "read_times"]

# Times by site, by field of an intervention: period, or periods.
type Times = Mapping[str, Any]


def read_times(sections: StudyFile, table: pd.DataFrame | None) -> Times | None:
    """Give `began`, `ended` and `resumed` by site, as an `Intervention` takes them.

    None where the data that hold them could not be read.

    Raises
    ------
    StudyError
        Times that are given twice or not at all, or a column that does not hold them.
    """
    data, named = sections.data, sections.intervention
    if data is None:
        # a table has one start, and no place for an end: the design says so
        return {"began": {"treated": "after"}, "ended": named.ended, "resumed": named.resumed}
    _require_one_way(data, named)
    if table is None and (data.began or data.ended or data.treated):
        return None
    try:
        return _read(data, named, table)
    except DataError as problem:
        msg = f"[data] {problem}"
        raise StudyError(msg) from problem


def _read(data: DataSection, named: InterventionSection, table: Any) -> Times:
    site, source = data.site, data.file
    if data.treated:
        return spells_by_site(
            table, site=site, period=data.period, treated=data.treated, source=source, frequency=data.frequency
        )
    began: Mapping[str, Any] = named.began
    ended: Mapping[str, Any] = named.ended
    if data.began:
        began = began_by_site(table, site=site, began=data.began, source=source)
    if data.ended:
        ended = began_by_site(table, site=site, began=data.ended, source=source, what=("end", "ended"))
    return {"began": began, "ended": ended, "resumed": named.resumed}


def _require_one_way(data: DataSection, named: InterventionSection) -> None:
    """Starts are given once, and so are ends; a column of ones and zeros gives both."""
    starts = [key for key, given in (("[data] began", data.began), ("[intervention.began]", named.began)) if given]
    ends = [key for key, given in (("[data] ended", data.ended), ("[intervention.ended]", named.ended)) if given]
    others = [*starts, *ends, *(["[intervention.resumed]"] if named.resumed else [])]
    msg = ""
    if data.treated and others:
        msg = f"[data] treated says when the measure began and ended, and so does {' and '.join(others)}: keep one"
    elif len(starts) > 1:
        msg = "starts are given twice, by [data] began and by [intervention.began]: keep one"
    elif not starts and not data.treated:
        msg = (
            "[data] needs the key 'began': the column with the first treated period of each site (empty: never "
            "treated); or 'treated': the column with 1 where the site had the measure in the period, otherwise 0; or "
            "give [intervention.began] with site = period"
        )
    elif len(ends) > 1:
        msg = "ends are given twice, by [data] ended and by [intervention.ended]: keep one"
    if msg:
        raise StudyError(msg)
