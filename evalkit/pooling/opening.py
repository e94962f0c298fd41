"""The door from Python and from the command line: files or effects in, a synthesis out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from evalkit.errors import EvidenceError
from evalkit.evidence import EffectSize
from evalkit.evidence.priors import DEFAULT_PRIOR
from evalkit.hierarchy import PriorSet
from evalkit.pooling.evidence import Evidence, Synthesis
from evalkit.pooling.file import digests, load_evidence
from evalkit.pooling.place import Place
from evalkit.pooling.sources import Reading, Sources, read_sources

__all__ = ["evidence_from", "pool"]

_TITLE = "What {count} studies say together"


def pool(
    studies: Sequence[EffectSize] | Sequence[str | Path] | str | Path,
    *,
    prior: str | Mapping[str, Any] | PriorSet = DEFAULT_PRIOR,
    moderators: Sequence[str] = (),
    place: Place | None = None,
    seed: int = 1,
    draws: int | None = None,
    level: float = 0.95,
    **reading: Any,
) -> Synthesis:
    """Pool effects of several studies, exactly and without sampling.

    Parameters
    ----------
    studies : effects, or files: result.json of evalkit and tables of effects. A folder with an evidence.toml says all
        of it itself: `load_evidence(path).synthesise()`
    prior : name of a prior, or one that was written out (`evalkit.hierarchy.PRIORS`)
    moderators : what effects may differ by
    place : a new place to predict, or None
    reading : how files are read: outcome, estimator, good, scale, form, dispersion

    Raises
    ------
    EvidenceError
        One study only, scales that differ, a file twice, or a file that is none of these.

    >>> effects = [EffectSize(study=name, estimate=value, error=0.1, scale="log_rate_ratio")
    ...            for name, value in {"A": -0.3, "B": -0.1, "C": -0.2}.items()]
    >>> round(pool(effects).body.mean.mean, 2)
    -0.2
    """
    given = [studies] if isinstance(studies, str | Path) else list(studies)
    own = {} if draws is None else {"draws": draws}
    options: dict[str, Any] = {
        "prior": prior, "moderators": tuple(moderators), "place": place, "seed": seed, "level": level, **own,
    }  # fmt: skip
    if given and all(isinstance(each, EffectSize) for each in given):
        if reading:
            raise EvidenceError(f"{next(iter(reading))!r} says how files are read, and there are effects already")
        sources = Sources(effects=tuple(given))  # type: ignore[arg-type]
        return Evidence(title=_title(sources), sources=sources, **options).synthesise()
    if not all(isinstance(each, str | Path) for each in given):
        raise EvidenceError("studies are effects, or files, and not both")
    paths = [Path(each) for each in given]  # type: ignore[arg-type]
    return evidence_from(paths, Reading(**reading), **options).synthesise()


def evidence_from(paths: Sequence[Path], how: Reading, *, allow_outside: bool = False, **options: Any) -> Evidence:
    """Give evidence from files, or from the one evidence.toml that says all of it itself."""
    own = [path for path in paths if path.is_dir() or path.suffix == ".toml"]
    if own and len(paths) > 1:
        raise EvidenceError(
            f"{own[0]} says itself which studies there are: name the other files in it, or leave it out"
        )
    if own:
        return load_evidence(own[0], allow_outside=allow_outside)
    sources = read_sources(paths, how)
    return Evidence(title=_title(sources), sources=sources, inputs=digests(paths), **options)


def _title(sources: Sources) -> str:
    return _TITLE.format(count=len({effect.cluster for effect in sources.effects}))
