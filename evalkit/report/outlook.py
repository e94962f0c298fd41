"""What a study can and cannot show, before anything is estimated: `evalkit check`."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from evalkit.domain import Design, Estimator
    from evalkit.study import Study

__all__ = ["outlook"]

_MARK = {True: "yes ", False: "no  ", None: "note"}


def outlook(study: Study) -> str:
    """Say what was read, what the design is, and what may be concluded from it."""
    lines = [study.title, *([study.question] if study.question else []), ""]
    for name, design in study.designs.items():
        role = "primary outcome" if name == study.primary else "secondary outcome"
        lines += [f"{name} ({role})", *_wrapped(_extent(design)), *_wrapped(_grade(design))]
        lines += [
            line for check in design.checks for line in _wrapped(f"{_MARK[check.passed]}  {check.name}: {check.detail}")
        ]
        lines.append("")
    for place, (name, estimator) in enumerate(study.estimators.items()):
        lines += _wrapped(f"{'estimated by' if place == 0 else 'held against'} {name}: {_card(estimator)}", indent="")
    for outcome, name in study.judged_by.items():
        lines += _wrapped(f"{outcome} is judged by {name}, and held against the others", indent="")
    lines += ["", *_cannot(study), "", *_wrapped(_money(study), indent=""), ""]
    return "\n".join(lines)


def _wrapped(text: str, indent: str = "  ") -> list[str]:
    return textwrap.wrap(text, 80, initial_indent=indent, subsequent_indent=indent + "  ")


def _extent(design: Design) -> str:
    panel = design.panel
    if panel is None:
        table = design.table
        around = ", a buffer around it" if table is not None and table.buffer is not None else ""
        beside = " and a comparison area" if design.has_comparison else ", nothing to compare it with"
        return f"before/after counts of {design.outcome.plural} in a treated area{around}{beside}"
    starts = (
        f"start {design.cohorts[0]}"
        if not design.is_staggered
        else f"{len(design.cohorts)} starts, {design.cohorts[0]} to {design.cohorts[-1]}"
    )
    buffer = f", {len(design.buffer)} buffer" if design.buffer else ""
    roles = f"{len(design.treated_sites)} treated, {len(design.comparison_sites)} comparison{buffer}"
    return (
        f"{len(panel.sites)} sites ({roles}) "
        f"by {len(panel.periods)} periods, {panel.periods.labels[0]} to {panel.periods.labels[-1]}; {starts}"
    )


def _grade(design: Design) -> str:
    return f"Scientific Methods Scale {design.methods_level.level} of 5: {design.methods_level.reason}"


def _card(estimator: Estimator) -> str:
    return f"{estimator.card.title}. It assumes: {estimator.card.assumes}"


def _cannot(study: Study) -> Iterator[str]:
    design = study.designs[study.primary]
    level = design.methods_level.level
    verdicts = {
        5: "can show what the measure caused, as sites were assigned by lot",
        4: "can support 'probably', not 'certainly': sites were not assigned by lot",
        3: "can support 'may have', no more: one comparison stands for what would have happened",
    }
    shown = verdicts.get(level, "can show that something changed, not that the measure changed it")
    yield from _wrapped(f"This design {shown}.", indent="")
    has_buffer = bool(design.buffer) or (design.table is not None and design.table.buffer is not None)
    if not has_buffer:
        yield from _wrapped("It cannot show whether crime moved next door: no buffer is named.", indent="")
    if all(each.outcome.source in {"", "police"} for each in study.designs.values()):
        yield from _wrapped(
            "It sees recorded crime only: a change in reporting looks like a change in crime.", indent=""
        )


def _money(study: Study) -> str:
    if study.costs is None:
        return "No costs are given, so there will be no cost per crime prevented."
    if study.prices is None:
        return "Costs are given but no prices: there will be a cost per crime prevented, and no benefits in money."
    return "Costs and prices are given: there will be a cost per crime prevented, and benefits against costs."
