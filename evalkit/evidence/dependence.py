"""Several effects of one study: not independent, and so made into one for a fit that takes them to be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from evalkit.draws import is_number
from evalkit.errors import EvidenceError
from evalkit.evidence.effect_size import EffectSize, Moderator

__all__ = ["one_a_study"]


def one_a_study(effects: Sequence[EffectSize], correlation: float) -> tuple[EffectSize, ...]:
    """Give one effect a study: the mean of its effects, with the error that their correlation leaves.

    The variance of the mean of m effects is the sum of all v_ij over m squared, v_ij = correlation * s_i * s_j
    (Borenstein and others 2009, chapter 24, doi:10.1002/9780470743386.ch24). Moderators that differ within a study are
    averaged where they are numbers and left out where they are text.

    Parameters
    ----------
    effects : those with one cluster belong together
    correlation : between errors of effects of one study, from 0 to 1
    """
    if not is_number(correlation) or not 0 <= correlation <= 1:
        raise EvidenceError(f"correlation of effects within a study lies between 0 and 1; there is {correlation!r}")
    groups: dict[str, list[EffectSize]] = {}
    for each in effects:
        groups.setdefault(each.cluster, []).append(each)
    return tuple(
        group[0] if len(group) == 1 else _combined(cluster, group, correlation) for cluster, group in groups.items()
    )


def _combined(cluster: str, group: Sequence[EffectSize], correlation: float) -> EffectSize:
    errors = np.array([each.error for each in group])
    shared = correlation * np.outer(errors, errors)
    np.fill_diagonal(shared, errors**2)
    outcomes = [each.outcome for each in group if each.outcome]
    note = f"mean of {len(group)} effects of this study, whose errors are taken to correlate by {correlation:g}"
    return replace(
        group[0],
        study=cluster,
        estimate=float(np.mean([each.estimate for each in group])),
        error=float(np.sqrt(shared.sum()) / len(group)),
        outcome=", ".join(dict.fromkeys(outcomes)),
        degrees_of_freedom=None,
        moderators=_common(group),
        made_from=f"mean of {len(group)} effects",
        notes=(note, *dict.fromkeys(text for each in group for text in each.notes)),
    )


def _common(group: Sequence[EffectSize]) -> dict[str, Moderator]:
    found: dict[str, Moderator] = {}
    for name in group[0].moderators:
        values = [each.moderators.get(name) for each in group]
        if all(isinstance(value, float) for value in values):
            found[name] = float(np.mean(np.asarray(values, float)))
        elif len(set(values)) == 1 and values[0] is not None:
            found[name] = values[0]
    return found
