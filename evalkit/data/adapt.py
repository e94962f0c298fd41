"""A layout for any file, fitted to one: how its periods are written, and how long they are."""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import islice, pairwise

from evalkit.data.chunks import read_chunks
from evalkit.data.period_form import PeriodForm
from evalkit.data.preset import Preset
from evalkit.data.preset_sections import FileForm
from evalkit.data.written import Written
from evalkit.domain.periods import Frequency, Periods
from evalkit.errors import DataError, first_of

__all__ = ["adapted"]

_SAMPLE = 5_000
# Of the periods in the sample, so many must be read by a format for it to be the file's.
_MOST = 0.8
_DAY_FIRST = ("%d/%m/%Y", "%d-%m-%Y", "%d/%m/%y")
_MONTH_FIRST = ("%m/%d/%Y", "%m-%d-%Y", "%m/%d/%y")
_WITH_TIME = re.compile(r"(\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4})[T ,].*")


def adapted(preset: Preset, written: Written) -> Preset:
    """Fit a layout for any file to this one; a layout of a source stays as it is.

    Raises
    ------
    DataError
        Periods that cannot be read, or that can be read in two ways.
    """
    if not preset.general:
        return preset
    texts = _periods(preset, written)
    if not texts:
        return preset
    form = _form(preset, texts, written.path.name)
    return dataclasses.replace(preset, period=form, file=_marks(preset, written))


def _periods(preset: Preset, written: Written) -> list[str]:
    """Give the different periods of the first rows, or of the heading."""
    found = preset.locate(written.heading)
    if preset.kind == "counts-wide":
        return [name.strip() for name in preset.wide_columns(written.heading)]
    if "period" not in found:
        return []
    chunk = next(iter(read_chunks(written, [found["period"]], chunk_rows=_SAMPLE)), None)
    if chunk is None:
        return []
    return [text for text in chunk[found["period"]].str.strip().unique().tolist() if text not in preset.file.missing]


def _marks(preset: Preset, written: Written) -> FileForm:
    """Tell a point that marks thousands: where counts have one, three digits always stand behind it."""
    count = preset.locate(written.heading).get("count")
    columns = preset.wide_columns(written.heading) or ([count] if count else [])
    chunk = next(iter(read_chunks(written, columns, chunk_rows=_SAMPLE)), None) if columns else None
    if chunk is None or preset.file.thousands:
        return preset.file
    cells = {text.strip() for name in columns for text in chunk[name].unique().tolist()}
    pointed = [text for text in cells if "." in text and any(letter.isdigit() for letter in text)]
    if pointed and all(re.fullmatch(r"\d{1,3}(?:\.\d{3})+", text) for text in pointed):
        return dataclasses.replace(preset.file, thousands=".", decimal=",")
    return preset.file


def _form(preset: Preset, texts: Sequence[str], name: str) -> PeriodForm:
    plain = _frequency(texts)
    if plain is not None:
        # incidents have days, and are counted by month unless somebody says otherwise
        by_day = plain == "date" and preset.kind == "incidents"
        return PeriodForm(
            frequency=preset.period.frequency if by_day else plain, formats=("%Y-%m-%d",) if by_day else ()
        )
    cut = max(len(match[1]) for match in matches) if (matches := _times(texts)) else None
    read = {}
    for formats in (preset.period.formats, _DAY_FIRST, _MONTH_FIRST):
        form = PeriodForm(formats=formats, frequency="date", cut=cut if len(formats) == 3 or cut == 10 else None)
        days = [form.day(text) for text in texts]
        if sum(day is not None for day in days) >= _MOST * len(days):
            read[formats] = (form, [day for day in days if day is not None])
    if not read:
        msg = (
            f"{name}: cannot tell how {first_of(texts)} is written; say so in a preset of your own, as formats under "
            "[period] (evalkit inspect FILE --write own.toml makes one)"
        )
        raise DataError(msg)
    if len(read) > 1 and len({tuple(days) for _, days in read.values()}) > 1:
        msg = (
            f"{name}: {first_of(texts)} may be day or month first; say which in a preset of your own, as formats = "
            "['%d/%m/%Y'] or ['%m/%d/%Y'] under [period] (evalkit inspect FILE --write own.toml makes one)"
        )
        raise DataError(msg)
    form, known = next(iter(read.values()))
    frequency: Frequency = preset.period.frequency if preset.kind == "incidents" else _spacing(known)
    return dataclasses.replace(form, frequency=frequency)


def _times(texts: Sequence[str]) -> list[re.Match[str]]:
    matches = [_WITH_TIME.fullmatch(text) for text in texts]
    return [match for match in matches if match] if all(matches) else []


def _frequency(texts: Sequence[str]) -> Frequency | None:
    """Give the length of periods that are written as evalkit writes them; None where they are not."""
    kinds = Counter(kind for text in texts if (kind := _kind(text)) is not None)
    if not kinds:
        return None
    (kind, often), *_ = kinds.most_common(1)
    if often < _MOST * len(texts):
        return None
    if kind == "date":
        return _spacing([dt.date.fromisoformat(text[:10]) for text in texts if _kind(text) == "date"])
    return kind


def _kind(text: str) -> Frequency | None:
    try:
        return Periods.spanning([text]).frequency
    except DataError:
        return "month" if re.fullmatch(r"(?:19|20)\d{2}(?:0[1-9]|1[0-2])", text) else None


def _spacing(days: Iterable[dt.date]) -> Frequency:
    """Give the length of periods that are named by their first days."""
    there = sorted(set(days))
    if all(day.day == 1 for day in there):
        if all(day.month == 1 for day in there) and len(there) > 1:
            return "year"
        return "quarter" if all(day.month in {1, 4, 7, 10} for day in there) and len(there) > 1 else "month"
    if len(there) > 1 and all((after - before).days % 7 == 0 for before, after in islice(pairwise(there), 500)):
        return "week"
    return "date"
