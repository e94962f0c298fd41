"""Effects from a table: a row an effect, in whichever form the studies printed them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from evalkit.domain.text import listed, one_line
from evalkit.draws import FloatArray
from evalkit.errors import EvidenceError, nearest
from evalkit.evidence.effect_size import EffectSize, Good, Scale
from evalkit.evidence.from_counts import from_before_after, from_rates, from_two_by_two
from evalkit.evidence.from_published import facing, from_interval, from_means, from_p_value
from evalkit.evidence.table_rows import is_number, number, read_rows, refuse

__all__ = ["FORMS", "EffectTable", "effects_of_rows", "read_effects"]

# Columns that make an effect, by the name of the form.
FORMS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "two by two": ("treated_events", "treated_total", "comparison_events", "comparison_total"),
        "before and after": ("treated_before", "treated_after", "comparison_before", "comparison_after"),
        "rates": ("treated_events", "treated_exposure", "comparison_events", "comparison_exposure"),
        "means": (
            "treated_mean", "treated_sd", "treated_n", "comparison_mean", "comparison_sd", "comparison_n",
        ),
        "standard error": ("estimate", "std_error"),
        "interval": ("estimate", "lower", "upper"),
        "interval of a ratio": ("ratio", "lower", "upper"),
        "p-value": ("estimate", "p_value"),
        "p-value of a ratio": ("ratio", "p_value"),
    }
)  # fmt: skip
_TEXTS = ("outcome", "cluster", "country", "unit")
_WHOLE = ("year", "methods_level")
_OPTIONS = ("scale", "good", "level", "dispersion", "degrees_of_freedom")
_OWN_SCALE = {
    "before and after": "log_rate_ratio", "rates": "log_rate_ratio", "means": "standardised_mean_difference",
}  # fmt: skip
# Of what a paper prints in several ways the most direct is read; all of them tell the same.
_PRINTED = ("standard error", "interval", "p-value", "interval of a ratio", "p-value of a ratio")


@dataclass(frozen=True, kw_only=True)
class EffectTable:
    """What a table of effects holds, and how it was read.

    Attributes
    ----------
    effects : one a row
    form : which columns made them, a key of `FORMS`
    moderators : names of the columns that were taken for moderators
    told : the same in a sentence, for whoever wants to know how the file was understood
    counts : the four counts of each effect in the order of `FORMS`, shape (effects, 4), for two-by-two tables and
        counts before and after; None for every other form
    """

    effects: tuple[EffectSize, ...]
    form: str
    moderators: tuple[str, ...]
    told: str
    counts: FloatArray | None = None


def read_effects(
    path: Path,
    *,
    good: Good,
    scale: Scale | None = None,
    form: str | None = None,
    dispersion: float = 1.0,
    level: float = 0.95,
    separator: str = ",",
    decimal: str = ".",
) -> EffectTable:
    """Read a table of effects: a column `study`, the columns of one of `FORMS`, and what else is known.

    Columns `outcome`, `cluster`, `country`, `year`, `methods_level`, `unit`, `scale`, `good`, `level`, `dispersion` and
    `degrees_of_freedom` say what `EffectSize` and the functions that make it take; every other column is a moderator,
    a number where all its cells are and text otherwise. An empty cell is not known.

    Parameters
    ----------
    path : a CSV file in UTF-8
    good : which direction of what was measured is an improvement, "fewer" or "more"; a column `good` stands over it
    scale : of the effects; needed for estimates, "log_odds_ratio" where it is not named for two-by-two tables; a
        column `scale` stands over it
    form : a key of `FORMS`, where the table has columns for several
    dispersion : of counts over time; see `from_before_after`; a column stands over it
    level : of intervals; a column stands over it
    separator, decimal : between cells, and inside numbers

    Raises
    ------
    EvidenceError
        Naming up to ten rows that cannot be, each with what is wrong.
    """
    heading, rows = read_rows(path, separator)
    return effects_of_rows(
        path, heading, rows, good=good, scale=scale, form=form, dispersion=dispersion, level=level, decimal=decimal
    )


def effects_of_rows(
    path: Path,
    heading: Sequence[str],
    rows: Sequence[tuple[int, Mapping[str, str]]],
    *,
    good: Good,
    scale: Scale | None = None,
    form: str | None = None,
    dispersion: float = 1.0,
    level: float = 0.95,
    decimal: str = ".",
) -> EffectTable:
    """Make effects of rows that were read already, each with the number of its line; see `read_effects`."""
    if good not in {"fewer", "more"}:
        raise EvidenceError(f"good is 'fewer' or 'more' of what the table counts; there is {good!r}")
    form = _form(path, heading, form)
    moderators = _moderators(heading)
    numbers = {name for name in moderators if all(is_number(row[name], decimal) for _, row in rows if row[name])}
    defaults = {"good": good, "scale": scale, "dispersion": dispersion, "level": level}
    numeric = {name: name in numbers for name in moderators}
    effects, faults = [], []
    for place, (line, row) in enumerate(rows, 1):
        try:
            effects.append(_effect(row, form, defaults, numeric, decimal))
        except EvidenceError as problem:
            faults.append(f"row {place} (line {line}): {problem}")
    refuse(path, faults)
    return EffectTable(
        effects=tuple(effects),
        form=form,
        moderators=moderators,
        told=_told(path, effects, form, moderators),
        counts=_counts(rows, form, decimal),
    )


def _counts(rows: Sequence[tuple[int, Mapping[str, str]]], form: str, decimal: str) -> FloatArray | None:
    if form not in {"two by two", "before and after"}:
        return None
    return np.array([[number(row, name, decimal) for name in FORMS[form]] for _, row in rows])


def _form(path: Path, heading: Sequence[str], asked: str | None) -> str:
    """Say which form the columns are of."""
    if "study" not in heading:
        raise EvidenceError(f"{path}: no column 'study'; {nearest('study', heading)}")
    if asked is not None and asked not in FORMS:
        raise EvidenceError(f"no form {asked!r} of a table of effects; {nearest(asked, FORMS, 9)}")
    found = [form for form, columns in FORMS.items() if set(columns) <= set(heading)]
    if asked in found:
        return str(asked)
    if asked is None and found and (len(found) == 1 or set(found) <= set(_PRINTED)):
        return min(found, key=[*_PRINTED, *FORMS].index)
    if asked is None and found:
        raise EvidenceError(
            f"{path} has columns for {listed([repr(form) for form in found])}: say with form which of them to read"
        )
    wanted = asked or max(FORMS, key=lambda form: len(set(FORMS[form]) & set(heading)))
    missing = [name for name in FORMS[wanted] if name not in heading]
    closest = f", which is nearest to {wanted!r}" if asked is None else ""
    ways = "; ".join(f"{form}: {', '.join(columns)}" for form, columns in FORMS.items())
    raise EvidenceError(f"{path} has no column {missing[0]!r}{closest}. A table of effects has one of these: {ways}")


def _moderators(heading: Sequence[str]) -> tuple[str, ...]:
    """Give the columns that are neither labels nor of any form."""
    taken = {"study", *_TEXTS, *_WHOLE, *_OPTIONS, *(name for columns in FORMS.values() for name in columns)}
    return tuple(name for name in heading if name and name not in taken)


def _effect(
    row: Mapping[str, str], form: str, defaults: Mapping[str, Any], moderators: Mapping[str, bool], decimal: str
) -> EffectSize:
    """Make the effect of a row."""
    options = {
        **defaults,
        **{name: row[name] for name in ("scale", "good") if row.get(name)},
        **{name: number(row, name, decimal) for name in _OPTIONS[2:] if row.get(name)},
    }
    labels: dict[str, Any] = {name: row[name] for name in _TEXTS if row.get(name)}
    labels |= {name: _whole(row, name, decimal) for name in _WHOLE if row.get(name)}
    labels["moderators"] = {
        name: number(row, name, decimal) if numeric else row[name] for name, numeric in moderators.items() if row[name]
    }
    values = {name: number(row, name, decimal) for name in FORMS[form]}
    if form in _PRINTED and options["scale"] is None:
        raise EvidenceError("no scale: say with scale what the estimates are, such as 'log_odds_ratio'")
    own = _OWN_SCALE.get(form)
    if own is not None and options["scale"] not in {None, own}:
        raise EvidenceError(f"{form!r} gives a {own}, and {options['scale']!r} was asked for; leave scale out")
    return _MAKERS[form](row["study"], values, options, labels)


def _whole(row: Mapping[str, str], name: str, decimal: str) -> int:
    value = number(row, name, decimal)
    if not value.is_integer():
        raise EvidenceError(f"study {row['study']!r}: {name} is a whole number; there is {row[name]!r}")
    return int(value)


type Maker = Callable[[str, dict[str, float], Mapping[str, Any], dict[str, Any]], EffectSize]


def _two_by_two(study: str, values: dict[str, Any], options: Mapping[str, Any], labels: dict[str, Any]) -> EffectSize:
    scale: Any = options["scale"] or "log_odds_ratio"
    return from_two_by_two(study, **values, scale=scale, good=options["good"], **labels)


def _counted(maker: Callable[..., EffectSize]) -> Maker:
    return lambda study, values, options, labels: maker(
        study, **values, dispersion=options["dispersion"], good=options["good"], **labels
    )


def _printed(maker: Callable[..., EffectSize], given_as: str) -> Maker:
    def make(study: str, values: dict[str, float], options: Mapping[str, Any], labels: dict[str, Any]) -> EffectSize:
        if "ratio" in values:
            values = {"estimate" if name == "ratio" else name: value for name, value in values.items()}
        taken = {name: options[name] for name in ("scale", "good", "degrees_of_freedom") if name in options}
        if maker is from_interval:
            taken["level"] = options["level"]
        return maker(study, **values, **taken, given_as=given_as, **labels)

    return make


def _means(study: str, values: dict[str, Any], options: Mapping[str, Any], labels: dict[str, Any]) -> EffectSize:
    return from_means(study, **values, good=options["good"], **labels)


def _plain(study: str, values: dict[str, float], options: Mapping[str, Any], labels: dict[str, Any]) -> EffectSize:
    """Take estimate and standard error as they stand, turned where more is good."""
    estimate = facing(study, values["estimate"], options["scale"], options["good"])
    turned = options["good"] == "more"
    return EffectSize(
        study=study,
        estimate=estimate,
        error=values["std_error"],
        scale=options["scale"],
        degrees_of_freedom=options.get("degrees_of_freedom"),
        notes=("more of what was measured is good, so the effect was turned round",) if turned else (),
        **labels,
    )


_MAKERS: Mapping[str, Maker] = {
    "two by two": _two_by_two,
    "before and after": _counted(from_before_after),
    "rates": _counted(from_rates),
    "means": _means,
    "standard error": _plain,
    "interval": _printed(from_interval, "log"),
    "interval of a ratio": _printed(from_interval, "ratio"),
    "p-value": _printed(from_p_value, "log"),
    "p-value of a ratio": _printed(from_p_value, "ratio"),
}


def _told(path: Path, effects: Sequence[EffectSize], form: str, moderators: Sequence[str]) -> str:
    studies = len({each.cluster for each in effects})
    rest = f"; moderators: {listed(moderators)}" if moderators else ""
    return one_line(
        f"{path.name}: {len(effects)} effects of {studies} studies, read as {form!r} from {listed(FORMS[form])}{rest}"
    )
