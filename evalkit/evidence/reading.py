"""Effects from the results that evalkit wrote, one file a study."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from evalkit.domain.text import one_line
from evalkit.errors import EvidenceError, first_of, nearest
from evalkit.evidence.effect_size import SCALE_NAMES, EffectSize, Good, Scale

__all__ = ["read_result", "read_results"]

_SCHEMA = "evalkit.result/1"
_LOGS = ("log_rate_ratio", "log_odds_ratio", "log_hazard_ratio")
# Labels of a study that effects may differ by.
_MODERATORS = ("approach", "mechanism", "target")


def read_results(
    paths: Sequence[Path], *, outcome: str | None = None, estimator: str | None = None, good: Good | None = None
) -> tuple[EffectSize, ...]:
    """Read one effect from each file, all on one scale.

    Parameters
    ----------
    paths : files written by `evalkit run`
    outcome, estimator, good : see `read_result`

    Raises
    ------
    EvidenceError
        A file cannot be read; two are on different scales, which the message names; or the same effect is there twice.
    """
    if not paths:
        raise EvidenceError("there is no file to read; name at least one result.json")
    effects = [read_result(path, outcome=outcome, estimator=estimator, good=good) for path in paths]
    first = effects[0]
    for path, effect in zip(paths[1:], effects[1:], strict=True):
        if effect.scale != first.scale:
            raise EvidenceError(
                f"{paths[0]} holds a {SCALE_NAMES[first.scale]} and {path} a {SCALE_NAMES[effect.scale]}, which are "
                "not pooled together; run one of the studies with an estimator on the other's scale, or pool them apart"
            )
    seen: dict[tuple[str, str, float, float], Path] = {}
    for path, effect in zip(paths, effects, strict=True):
        same = (effect.study, effect.outcome, effect.estimate, effect.error)
        if same in seen:
            raise EvidenceError(
                f"{seen[same]} and {path} hold the same effect of the same study ({effect.study!r}); it counts once"
            )
        seen[same] = path
    return tuple(effects)


def read_result(
    path: Path, *, outcome: str | None = None, estimator: str | None = None, good: Good | None = None
) -> EffectSize:
    """Read the effect of one study on a log scale from its result.json.

    Checks that failed in the study stand in `notes`; approach, mechanism and target are moderators.

    Parameters
    ----------
    path : file written by `evalkit run`
    outcome : which outcome; the study's primary where it is not named
    estimator : which estimate of it; that of the study's own estimator where it is not named
    good : which direction of the outcome is an improvement, for files that do not say so

    Raises
    ------
    EvidenceError
        There is no such file, outcome or estimator; the file is no result; or the effect is not on a log scale.
    """
    document = _document(path)
    study, design = (_table(path, document, key) for key in ("study", "design"))
    wanted = outcome if outcome is not None else _text(path, study, "primary")
    found = _effect(path, document, wanted, estimator)
    scale = _scale(path, document, wanted, found)
    labels: dict[str, Any] = {
        "study": _text(path, study, "title"),
        "outcome": wanted,
        "methods_level": design.get("sms_level"),
        "degrees_of_freedom": found.get("degrees_of_freedom"),
        "moderators": _moderators(study.get("intervention")),
        "made_from": f"evalkit's estimate by {found.get('estimator')} ({found.get('basis')})",
        "notes": _failed_checks((*_list(design.get("checks")), *_list(found.get("checks")))),
    }
    sign = -1.0 if _good(path, found, good) == "more" else 1.0
    try:
        return EffectSize(
            estimate=sign * _number(path, found, "estimate"),
            error=_number(path, found, "std_error"),
            scale=scale,
            **labels,
        )
    except EvidenceError as problem:
        raise EvidenceError(f"{path}: {problem}") from None


def _document(path: Path) -> Mapping[str, Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8-sig"), parse_constant=_no_constant)
    except OSError as problem:
        raise EvidenceError(f"cannot read {str(path)!r}: {problem.strerror}") from None
    except (ValueError, RecursionError) as problem:
        raise EvidenceError(f"{path} is not a result of evalkit: it is no JSON text ({problem})") from None
    kind = document.get("schema") if isinstance(document, dict) else None
    if kind != _SCHEMA:
        raise EvidenceError(f"{path} is not a result of evalkit: its schema is {kind!r}, and {_SCHEMA!r} is wanted")
    return cast("Mapping[str, Any]", document)


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is no number")


def _table(path: Path, document: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = document.get(key)
    if not isinstance(value, dict):
        raise EvidenceError(f"{path} is not a whole result of evalkit: there is no table {key!r}")
    return value


def _text(path: Path, table: Mapping[str, Any], key: str) -> str:
    value = table.get(key)
    if not isinstance(value, str) or not value.strip():
        raise EvidenceError(f"{path}: {key!r} is a text; there is {value!r}")
    return value


def _number(path: Path, table: Mapping[str, Any], key: str) -> float:
    value = table.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise EvidenceError(f"{path}: {key!r} is a finite number; there is {value!r}")
    return float(value)


def _list(value: object) -> tuple[Mapping[str, Any], ...]:
    return tuple(each for each in value if isinstance(each, dict)) if isinstance(value, list) else ()


def _effect(path: Path, document: Mapping[str, Any], outcome: str, estimator: str | None) -> Mapping[str, Any]:
    """Give the effect on an outcome: that of the study's own estimator, or of the one that is named."""
    effects = _list(document.get("effects"))
    of_outcome = [each for each in effects if each.get("outcome") == outcome]
    if not of_outcome:
        known = {str(each.get("outcome")) for each in effects}
        raise EvidenceError(f"{path}: no effect on outcome {outcome!r}; {nearest(outcome, known)}")
    if estimator is not None:
        by_name = [each for each in of_outcome if each.get("estimator") == estimator]
        if not by_name:
            known = {str(each.get("estimator")) for each in of_outcome}
            raise EvidenceError(f"{path}: no estimator {estimator!r} of {outcome!r}; {nearest(estimator, known)}")
        return by_name[0]
    own = [each for each in of_outcome if each.get("role") == "primary"]
    if not own:
        raise EvidenceError(f"{path}: no effect on {outcome!r} is the study's own; name one with estimator")
    return own[0]


def _scale(path: Path, document: Mapping[str, Any], outcome: str, found: Mapping[str, Any]) -> Scale:
    scale = found.get("scale")
    if scale in _LOGS:
        return cast("Scale", scale)
    others = [
        str(each.get("estimator"))
        for each in _list(document.get("effects"))
        if each.get("outcome") == outcome and each.get("scale") in _LOGS
    ]
    way = (
        f"the file has {first_of(others)} on a log scale: name it with estimator"
        if others
        else "run the study with an estimator that gives a ratio"
    )
    raise EvidenceError(
        f"{path}: the effect on {outcome!r} by {found.get('estimator')!r} is a {str(scale).replace('_', ' ')}, whose "
        f"size depends on how much there was, so that places are not pooled on it; {way}"
    )


def _good(path: Path, found: Mapping[str, Any], good: str | None) -> Good:
    """Give the direction that is an improvement: what the file says, or the caller where it says nothing."""
    said = found.get("good")
    for value in (said, good):
        if value not in {None, "fewer", "more"}:
            raise EvidenceError(f"{path}: good is 'fewer' or 'more'; there is {value!r}")
    if said is None and good is None:
        raise EvidenceError(
            f"{path}: the file does not say whether fewer or more of {found.get('outcome')!r} is an improvement: say "
            "so with good, or run the study anew"
        )
    if said is not None and good is not None and said != good:
        raise EvidenceError(
            f"{path}: {said!r} of {found.get('outcome')!r} is an improvement by the file, and {good!r} was asked for"
        )
    return cast("Good", said or good)


def _moderators(intervention: object) -> dict[str, str]:
    given = intervention if isinstance(intervention, dict) else {}
    return {name: given[name] for name in _MODERATORS if isinstance(given.get(name), str) and given[name].strip()}


def _failed_checks(checks: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    return tuple(
        one_line(f"failed in the study: {each.get('name')}. {each.get('detail')}")
        for each in checks
        if each.get("passed") is False
    )
