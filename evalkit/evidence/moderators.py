"""What effects may differ by, as columns of a regression."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from evalkit.draws import FloatArray
from evalkit.errors import EvidenceError, first_of, nearest
from evalkit.evidence.effect_size import EffectSize, Moderator

__all__ = ["Columns", "columns_of"]

_LABELS = ("outcome", "country", "year", "methods_level")


@dataclass(frozen=True, kw_only=True, eq=False)
class Columns:
    """An intercept, a column a numeric moderator, and one a level of a text but its first in the alphabet.

    Attributes
    ----------
    moderators : names as asked for
    names : of the columns, shape (p,), "intercept" first, levels as "country: UK"
    values : shape (effects, p)
    levels : of text moderators, all of them, the reference first
    """

    moderators: tuple[str, ...]
    names: tuple[str, ...]
    values: FloatArray
    levels: Mapping[str, tuple[str, ...]]

    def row(self, at: Mapping[str, Moderator]) -> FloatArray:
        """Give the columns of one place, shape (p,), with a value for every moderator and for nothing else."""
        for name in at:
            if name not in self.moderators:
                raise EvidenceError(f"no moderator {name!r} in this fit; {nearest(name, self.moderators)}")
        missing = [name for name in self.moderators if name not in at]
        if missing:
            raise EvidenceError(
                f"the effect to expect depends on {first_of(missing)}: give a value, as in {{{missing[0]!r}: ...}}"
            )
        return np.concatenate([[1.0], *(self._cells(name, at[name]) for name in self.moderators)])

    def _cells(self, name: str, value: Moderator) -> list[float]:
        if name not in self.levels:
            if isinstance(value, str | bool) or not np.isfinite(value):
                raise EvidenceError(f"moderator {name!r} is a number; there is {value!r}")
            return [float(value)]
        if value not in self.levels[name]:
            raise EvidenceError(
                f"no study has {name!r} as {value!r}; {nearest(value, self.levels[name])}: what was never studied "
                "cannot be predicted from"
            )
        return [float(value == level) for level in self.levels[name][1:]]


def columns_of(effects: Sequence[EffectSize], moderators: Sequence[str] = ()) -> Columns:
    """Give the columns of a regression on the named moderators.

    A moderator is one of the effects' own, or their outcome, country, year or level of the Scientific Methods Scale.

    Raises
    ------
    EvidenceError
        A moderator is not known of every effect, is text in some and a number in others, or is the same everywhere; or
        columns repeat each other.
    """
    names, columns, levels = ["intercept"], [np.ones(len(effects))], {}
    for moderator in moderators:
        found = [_known(effects, each, moderator) for each in effects]
        kinds = {isinstance(value, str) for value in found}
        if len(kinds) == 2:
            raise EvidenceError(f"moderator {moderator!r} is text in some studies and a number in others; use one")
        if len(set(found)) == 1:
            raise EvidenceError(
                f"moderator {moderator!r} is {found[0]!r} in every study, so that nothing differs by it"
            )
        if kinds == {False}:
            names.append(moderator)
            columns.append(np.array(found, float))
            continue
        levels[moderator] = tuple(sorted({str(value) for value in found}))
        for level in levels[moderator][1:]:
            names.append(f"{moderator}: {level}")
            columns.append(np.array([float(value == level) for value in found]))
    values = np.column_stack(columns)
    _require_rank(values, names)
    return Columns(moderators=tuple(moderators), names=tuple(names), values=values, levels=levels)


def _known(effects: Sequence[EffectSize], effect: EffectSize, moderator: str) -> Moderator:
    found = _value(effect, moderator)
    if found is not None:
        return found
    without = [each.study for each in effects if _value(each, moderator) is None]
    if len(without) == len(effects):
        known = {name for each in effects for name in (*each.moderators, *_LABELS) if _value(each, name) is not None}
        raise EvidenceError(f"no study has a moderator {moderator!r}; {nearest(moderator, known)}")
    raise EvidenceError(
        f"moderator {moderator!r} is not known of {first_of(without)}: fill it in, or leave these studies out"
    )


def _value(effect: EffectSize, name: str) -> Moderator | None:
    """Give a moderator, or a label that effects may differ by as well; None where it is not known."""
    if name in effect.moderators:
        return effect.moderators[name]
    value = getattr(effect, name) if name in _LABELS else None
    return None if value in {None, ""} else value if isinstance(value, str) else float(value)


def _require_rank(values: FloatArray, names: Sequence[str]) -> None:
    scaled = values / np.linalg.norm(values, axis=0)
    if len(values) < len(names):
        raise EvidenceError(f"{len(names)} coefficients ({first_of(names, 9)}) for {len(values)} effects; use fewer")
    if np.linalg.matrix_rank(scaled, tol=1e-9) < len(names):
        raise EvidenceError(f"the columns {first_of(names, 9)} repeat each other; leave one out")
