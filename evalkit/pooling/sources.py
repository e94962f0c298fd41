"""Effects from files of several kinds, brought together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from evalkit.draws import FloatArray
from evalkit.errors import EvidenceError, first_of
from evalkit.evidence import EffectSize, EffectTable, read_effects, read_results, require_one_scale
from evalkit.evidence.effect_table import effects_of_rows
from evalkit.evidence.table_rows import read_rows

__all__ = ["Reading", "Sources", "read_inline", "read_sources"]

_TABLES = (".csv", ".tsv", ".txt")


@dataclass(frozen=True, kw_only=True)
class Reading:
    """How files are read: what they do not say of themselves.

    Attributes
    ----------
    outcome, estimator : which effect of a result.json; the study's own where they are not named
    good : which direction is an improvement, "fewer" or "more"; needed for tables without a column of that name
    scale, form, dispersion, separator, decimal : of tables; see `evalkit.evidence.read_effects`
    """

    outcome: str | None = None
    estimator: str | None = None
    good: str | None = None
    scale: str | None = None
    form: str | None = None
    dispersion: float = 1.0
    separator: str = ","
    decimal: str = "."


@dataclass(frozen=True, kw_only=True, eq=False)
class Sources:
    """Effects of all sources together.

    Attributes
    ----------
    effects : in the order of the sources
    told : how each source was understood, a sentence each
    form, counts : of the tables, where all effects come from tables of one form with counts; counts has shape
        (effects, 4)
    """

    effects: tuple[EffectSize, ...]
    told: tuple[str, ...] = ()
    form: str = ""
    counts: FloatArray | None = None


def read_sources(paths: Sequence[Path], how: Reading, *, inline: EffectTable | None = None) -> Sources:
    """Read result.json files and tables of effects, and bring their effects together.

    Raises
    ------
    EvidenceError
        A file cannot be read or is there twice, an effect is there twice, or effects are on different scales.
    """
    _refuse_twice(paths)
    results = [path for path in paths if path.suffix == ".json"]
    others = [path for path in paths if path.suffix != ".json"]
    odd = [path for path in others if path.suffix.lower() not in _TABLES]
    if odd:
        raise EvidenceError(
            f"{odd[0]} is neither a result nor a table: wanted are result.json files, tables of effects "
            f"({', '.join(_TABLES)}), or one evidence.toml that names them"
        )
    tables = [_table(path, how) for path in others] + ([] if inline is None else [inline])
    found = read_results(results, outcome=how.outcome, estimator=how.estimator, good=_good(how)) if results else ()
    effects = (*found, *(effect for table in tables for effect in table.effects))
    _refuse_repeats(effects)
    require_one_scale(effects)
    forms = {table.form for table in tables}
    counted = not results and len(forms) == 1 and all(table.counts is not None for table in tables)
    told = tuple(f"{path}: {effect.study}, {effect.outcome}" for path, effect in zip(results, found, strict=True))
    return Sources(
        effects=effects,
        told=(*told, *(table.told for table in tables)),
        form=forms.pop() if counted else "",
        counts=np.vstack([table.counts for table in tables if table.counts is not None]) if counted else None,
    )


def _refuse_twice(paths: Sequence[Path]) -> None:
    seen: dict[Path, Path] = {}
    for path in paths:
        real = path.resolve()
        if real in seen:
            raise EvidenceError(f"{path} is named twice; a study counts once")
        seen[real] = path


def _refuse_repeats(effects: Sequence[EffectSize]) -> None:
    seen: set[tuple[str, str, float, float]] = set()
    for each in effects:
        same = (each.study, each.outcome, each.estimate, each.error)
        if same in seen:
            of = f" on {each.outcome!r}" if each.outcome else ""
            raise EvidenceError(f"study {each.study!r} gives the same effect{of} twice; it counts once: leave one out")
        seen.add(same)


def _good(how: Reading) -> Any:
    return how.good


def _table(path: Path, how: Reading) -> EffectTable:
    separator = "\t" if path.suffix.lower() == ".tsv" and how.separator == "," else how.separator
    heading, _ = read_rows(path, separator)
    return read_effects(
        path,
        good=_direction(path, heading, how),
        scale=how.scale,  # type: ignore[arg-type]  # refused by the reader if unknown
        form=how.form,
        dispersion=how.dispersion,
        separator=separator,
        decimal=how.decimal,
    )


def _direction(path: Path, heading: Sequence[str], how: Reading) -> Any:
    """Give the direction that is an improvement, or say that nobody says it; it is never guessed."""
    if how.good is None and "good" not in heading:
        raise EvidenceError(
            f"{path} does not say whether fewer or more of what it counts is an improvement: say good = 'fewer' (such "
            "as reconvictions) or 'more' (such as people not reconvicted), or give the table a column 'good'"
        )
    return how.good or "fewer"


def read_inline(where: Path, rows: Sequence[Mapping[str, Any]], how: Reading) -> EffectTable:
    """Read rows that stand in the file itself, by the same columns as those of a table.

    Raises
    ------
    EvidenceError
        Naming the row.
    """
    heading = tuple(dict.fromkeys(str(key) for row in rows for key in row))
    cells = [(place, {name: _cell(row.get(name, "")) for name in heading}) for place, row in enumerate(rows, 1)]
    odd = [name for row in rows for name, value in row.items() if not isinstance(value, str | int | float)]
    if odd:
        raise EvidenceError(f"{where}: {first_of(odd)} of a study is a number or a text")
    if "study" not in heading:
        raise EvidenceError(f"{where}: a row of [[evidence.studies]] has the key 'study', the study's name")
    return effects_of_rows(
        where,
        heading,
        cells,
        good=_direction(where, heading, how),
        scale=how.scale,  # type: ignore[arg-type]
        form=how.form,
        dispersion=how.dispersion,
    )


def _cell(value: Any) -> str:
    return repr(value) if isinstance(value, float) else str(value).strip()
