"""`evalkit pool`: many evaluations to one body of evidence, and the effect to expect somewhere new."""

from __future__ import annotations

import argparse
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evalkit.errors import EvidenceError, ReportError

if TYPE_CHECKING:
    from collections.abc import Callable

    from evalkit.pooling import Evidence

__all__ = ["add_pool", "run_pool"]

# Options that an evidence.toml says itself.
_OF_FILES = ("outcome", "estimator", "good", "scale", "prior", "moderators", "level", "at")


def add_pool(
    commands: Any,
    *,
    whole: Callable[[int], Any],
    formats: Callable[[str], tuple[str, ...]],
    bold: Callable[[], bool],
) -> None:
    """Add the command to the command line; how it reads numbers and forms, and when it may print bold, is given."""
    command = commands.add_parser(
        "pool", help="many evaluations to one body of evidence, and the effect to expect somewhere new"
    )
    command.add_argument(
        "files", nargs="+", metavar="FILE", help="result.json of evalkit, tables of effects (CSV), or one evidence.toml"
    )
    command.add_argument("--predict", action="store_true", help="say more of what to expect in a new place")
    command.add_argument(
        "--at", metavar="NAME=VALUE,...", type=_pairs, help="the new place: a value of every moderator"
    )
    command.add_argument("--outcome", metavar="NAME", help="of result.json files (default: each study's primary)")
    command.add_argument("--estimator", metavar="NAME", help="of result.json files (default: each study's own)")
    command.add_argument(
        "--good", choices=("fewer", "more"), help="which direction is an improvement, for tables that do not say it"
    )
    command.add_argument("--scale", metavar="NAME", help="of the effects in tables, such as log_odds_ratio")
    command.add_argument(
        "--prior", metavar="NAME", help="weakly informative (default), sceptical, wide, heavy tails, flat"
    )
    command.add_argument("--moderators", metavar="LIST", type=_names, help="what effects may differ by: a,b")
    command.add_argument("--level", type=float, metavar="SHARE", help="of the ranges (default: 0.95)")
    command.add_argument("--out", metavar="DIR", help="write pool.json and the report there")
    command.add_argument(
        "--format",
        type=formats,
        default=("html", "md", "json"),
        metavar="LIST",
        help="of html, md, json (default: all)",
    )
    command.add_argument("--allow-outside", action="store_true", help="let evidence.toml name files outside its folder")
    command.add_argument("--seed", type=whole(0), metavar="N", help="in place of the file's own")
    command.add_argument("--draws", type=whole(100), metavar="N", help="in place of the file's own (100 or more)")
    command.set_defaults(command=partial(run_pool, bold=bold))


def run_pool(options: argparse.Namespace, *, bold: Callable[[], bool]) -> None:
    """Pool, print, and write where that was asked for; an evidence.toml is written beside itself.

    Parameters
    ----------
    bold : may headings be bold?
    """
    from evalkit.report.evidence_text import render_evidence

    paths = [Path(name) for name in options.files]
    own = [path for path in paths if path.is_dir() or path.suffix == ".toml"]
    folder = Path(options.out) if options.out else _beside(own)
    if folder is not None and folder.exists() and not folder.is_dir():
        raise ReportError(f"--out {folder} is a file; wanted is a folder, which is made if it is not there")
    synthesis = _evidence(options, paths, own).synthesise(seed=options.seed, draws=options.draws)
    written = () if folder is None else synthesis.write(folder, formats=options.format)
    sys.stdout.write(render_evidence(synthesis, bold=bold(), predict=options.predict))
    if folder is not None:
        sys.stdout.write("\n" + "".join(f"{path}\n" for path in written if path.parent == folder))


def _beside(own: list[Path]) -> Path | None:
    if not own:
        return None
    return (own[0] if own[0].is_dir() else own[0].parent) / "report"


def _evidence(options: argparse.Namespace, paths: list[Path], own: list[Path]) -> Evidence:
    from evalkit.pooling.opening import evidence_from
    from evalkit.pooling.place import Place
    from evalkit.pooling.sources import Reading

    if own:
        said = [name for name in _OF_FILES if getattr(options, name) is not None]
        if said:
            raise EvidenceError(f"{own[0]} says --{said[0]} itself: change it there, or name files without it")
        return evidence_from(paths, Reading(), allow_outside=options.allow_outside)
    chosen: dict[str, Any] = {
        name: getattr(options, name) for name in ("prior", "moderators", "level") if getattr(options, name) is not None
    }
    if options.at is not None:
        chosen["place"] = Place(name="the new place", at=options.at)
    how = Reading(outcome=options.outcome, estimator=options.estimator, good=options.good, scale=options.scale)
    return evidence_from(paths, how, **chosen)


def _names(text: str) -> tuple[str, ...]:
    names = tuple(part.strip() for part in text.split(",") if part.strip())
    if not names:
        raise argparse.ArgumentTypeError(f"wanted are names, such as country,year; there is {text!r}")
    return names


def _pairs(text: str) -> dict[str, float | str]:
    found: dict[str, float | str] = {}
    for part in text.split(","):
        name, sign, value = part.partition("=")
        if not sign or not name.strip() or not value.strip():
            raise argparse.ArgumentTypeError(f"wanted are pairs, such as latitude=33,country=UK; there is {text!r}")
        try:
            found[name.strip()] = float(value)
        except ValueError:
            found[name.strip()] = value.strip()
    return found
