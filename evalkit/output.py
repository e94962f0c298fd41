"""Files of an evaluation: written whole or not at all."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from evalkit.errors import ReportError
from evalkit.result import result_document, result_text

if TYPE_CHECKING:
    from evalkit.evaluation import Evaluation
    from evalkit.pooling import Synthesis
    from evalkit.report.tables import ExportTable

__all__ = ["FORMATS", "write_evaluation", "write_synthesis", "write_whole"]

FORMATS = ("html", "md", "json")


def write_evaluation(
    evaluation: Evaluation, folder: str | Path, formats: tuple[str, ...], cache: Path | None = None
) -> tuple[Path, ...]:
    """Write result.json, the report in the formats asked for, and the tables and figures behind it.

    Parameters
    ----------
    cache : folder in which pictures are kept by content, so that one which would be the same is not drawn again
    """
    from evalkit.report import figures, html, markdown, tables
    from evalkit.report.kept_pictures import KeptPictures

    _require_known(formats)
    kept = None if cache is None else KeptPictures(folder=cache)
    drawn = figures.all_figures(evaluation, kept)
    files: dict[str, str] = {"result.json": result_text(result_document(evaluation))}
    if "html" in formats:
        files["report.html"] = html.render(evaluation)
    if "md" in formats:
        files["report.md"] = markdown.render(evaluation)
    files |= {f"tables/{table.name}.csv": _csv(table) for table in tables.all_tables(evaluation)}
    files |= {f"figures/{figure.name}.svg": figure.svg for figure in drawn}
    if kept is not None:
        kept.forget_others()
    written = write_whole(Path(folder), files)
    _remove_stale(Path(folder), set(written))
    return written


def write_synthesis(synthesis: Synthesis, folder: str | Path, formats: tuple[str, ...]) -> tuple[Path, ...]:
    """Write pool.json, the report in the formats asked for, and the figures and the table of effects behind it."""
    from evalkit.pooling.document import pool_text
    from evalkit.report import evidence_markdown, html
    from evalkit.report.evidence_figures import evidence_figures
    from evalkit.report.tables import ExportTable

    _require_known(formats)
    files: dict[str, str] = {"pool.json": pool_text(synthesis)}
    if "html" in formats:
        files["report.html"] = html.render_evidence(synthesis)
    if "md" in formats:
        files["report.md"] = evidence_markdown.render_evidence(synthesis)
    for figure in evidence_figures(synthesis):
        files[f"figures/{figure.name}.svg"] = figure.svg
        table = ExportTable(name=f"figure-{figure.name}", columns=figure.columns, rows=figure.rows)
        files[f"tables/{table.name}.csv"] = _csv(table)
    written = write_whole(Path(folder), files)
    _remove_stale(Path(folder), set(written))
    return written


def _require_known(formats: tuple[str, ...]) -> None:
    if any(name not in FORMATS for name in formats):
        msg = f"formats is a tuple of {', '.join(FORMATS)}; there is {formats!r}"
        raise ReportError(msg)


def _remove_stale(folder: Path, written: set[Path]) -> None:
    """Remove what an earlier run left in the two folders that are evalkit's own, and reports of another form."""
    old = [*(folder / "tables").glob("*.csv"), *(folder / "figures").glob("*.svg")]
    old += [folder / name for name in ("report.html", "report.md") if (folder / name).exists()]
    for file in old:
        if file not in written:
            file.unlink(missing_ok=True)


def write_whole(folder: Path, files: Mapping[str, str]) -> tuple[Path, ...]:
    """Write files under temporary names, and give them their own only when all are complete.

    Raises
    ------
    ReportError
        The folder cannot be written; nothing is left behind.
    """
    finished = {folder / name: folder / f"{name}.part" for name in files}
    try:
        for (final, part), text in zip(finished.items(), files.values(), strict=True):
            final.parent.mkdir(parents=True, exist_ok=True)
            part.write_text(text, encoding="utf-8", newline="\n")
        for final, part in finished.items():
            os.replace(part, final)  # noqa: PTH105 - the same call, with its name
    except OSError as problem:
        msg = f"cannot write to {folder}: {problem.strerror or problem}"
        raise ReportError(msg) from problem
    finally:
        for part in finished.values():
            with suppress(OSError):
                part.unlink(missing_ok=True)
    return tuple(finished)


def _csv(table: ExportTable) -> str:
    from evalkit.report.tables import safe_cell

    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([safe_cell(name) for name in table.columns])
    writer.writerows([safe_cell(cell) for cell in row] for row in table.rows)
    return out.getvalue()
