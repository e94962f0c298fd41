"""Options compared, as plain data for other programs."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from evalkit.result_amounts import amount_document

if TYPE_CHECKING:
    from evalkit.economics.decisions import Acceptability, IncrementalLine, OptionsCompared, Plane, Portfolio
    from evalkit.economics.unpriced import Preference

__all__ = ["options_document"]


def options_document(options: OptionsCompared | None) -> dict[str, Any] | None:
    """Give the comparison in the form of the shipped schema."""
    if options is None:
        return None
    return {
        "scenario": options.scenario,
        "currency": options.currency,
        "price_year": options.price_year,
        "events": options.events_are,
        "level": options.level,
        "comparator": options.comparator,
        "lines": [_line(line, options) for line in options.incremental.lines],
        "planes": [_plane(each) for each in options.planes],
        "acceptability": _acceptability(options.acceptability),
        "portfolio": _portfolio(options.portfolio),
        "barred": list(options.barred),
        "preference": _preference(options.preference),
        "assumptions": {
            name: [asdict(each) for each in appraisal.assumptions] for name, appraisal in options.appraisals.items()
        },
        "warnings": list(options.warnings),
    }


def _preference(found: Preference | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {
        "best": found.best,
        "preferred": found.preferred,
        "barred": list(found.barred),
        "reason": found.reason,
        "comparisons": [
            {
                "option": each.option,
                "best": each.best,
                "prob_better": each.prob_better,
                "equal": each.equal,
                "difference": amount_document(each.difference),
                "ordering": each.ordering,
                "reason": each.reason or None,
            }
            for each in found.comparisons
        ],
    }


def _line(line: IncrementalLine, options: OptionsCompared) -> dict[str, Any]:
    place = options.names.index(line.option)
    net = options.expected_net_benefit(line.option)
    return {
        "label": line.label,
        **asdict(line),
        "because": list(line.because),
        "reason": line.reason or None,
        "net_benefit": None if net is None else amount_document(net),
        "prob_best": None if options.prob_best is None else float(options.prob_best[place]),
    }


def _plane(plane: Plane) -> dict[str, Any]:
    return {
        "label": plane.label,
        "option": plane.option,
        "comparator": plane.comparator,
        "extra_cost": amount_document(plane.extra_cost),
        "extra_effect": amount_document(plane.extra_effect),
        "quadrants": asdict(plane.quadrants),
    }


def _acceptability(found: Acceptability) -> dict[str, Any]:
    return {
        "values": found.values.tolist(),
        "chosen_by": found.chosen_by,
        "prob_best": {name: found.best[:, place].tolist() for place, name in enumerate(found.names)},
        "expected_loss": {name: found.expected_loss[:, place].tolist() for place, name in enumerate(found.names)},
        "switches": [{"from": value, "option": name} for value, name in found.switches],
        "best_in_expectation": [found.names[place] for place in found.best_in_expectation],
        "frontier": found.frontier.tolist(),
        "perfect_information": found.perfect_information.tolist(),
    }


def _portfolio(found: Portfolio | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {
        **asdict(found),
        "chosen": list(found.chosen),
        "next_chosen": list(found.next_chosen),
        "value_of_more": found.value_of_more,
        "reason": found.reason or None,
    }
