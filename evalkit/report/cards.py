"""What the estimators need, assume, and how well they did, for `evalkit models`."""

from __future__ import annotations

import dataclasses
import textwrap

from evalkit.domain import Card
from evalkit.registry import estimator, models

__all__ = ["card_of", "list_of_cards"]

_WIDTH = 80


def list_of_cards() -> str:
    """List every estimator that is installed with what it is."""
    names = models()
    longest = max((len(name) for name in names), default=0)
    lines = [f"{name:<{longest}}  {estimator(name).card.title}" for name in names]
    return "\n".join([*lines, "", "evalkit models NAME says what one needs and assumes, and how well it did.", ""])


def card_of(name: str) -> str:
    """Give the whole card of one estimator, with its options."""
    found = estimator(name)
    card = found.card
    parts = [
        f"{name}: {card.title}",
        "",
        _entry("takes", " or ".join(f"a {shape}" for shape in card.shapes)),
        _entry("needs", card.needs),
        _entry("assumes", card.assumes),
        _entry("source", card.source),
        "",
        "options",
        *(_entry(f"  {each.name}", f"default: {_default(each)}") for each in dataclasses.fields(found)),  # type: ignore[arg-type]
        "",
        "how well it did",
        *(_entry(f"  {what}", f"against {against}: {result}") for what, against, result in card.calibration),
        "",
        *_simulations(card),
    ]
    return "\n".join(parts)


def _simulations(card: Card) -> list[str]:
    """Tell how it did on every simulated design, the figures first."""
    if not card.simulations:
        return []
    lines = ["on simulated designs (share of 95 % ranges that hold the truth; share of true nulls rejected at 5 %)"]
    for each in card.simulations:
        figures = "no answer" if each.coverage is None else f"{_share(each.coverage)} {_share(each.rejected)}"
        lines.append(f"  {figures:<15}{each.standing:<19}{each.scenario}")
        if each.standing in {"refuses", "assumption broken"}:
            lines += textwrap.wrap(
                each.reason or each.breaks, _WIDTH, initial_indent=" " * 36, subsequent_indent=" " * 36
            )
    return [*lines, f"  {min(each.runs for each in card.simulations):,} panels or more each", ""]


def _share(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.1f}%"


def _entry(head: str, text: str) -> str:
    if len(head) > 14:
        body = textwrap.wrap(text, _WIDTH, initial_indent=" " * 16, subsequent_indent=" " * 16)
        return "\n".join([*textwrap.wrap(head, _WIDTH, subsequent_indent="  "), *body])
    return "\n".join(textwrap.wrap(text, _WIDTH, initial_indent=f"{head:<16}", subsequent_indent=" " * 16))


def _default(each: dataclasses.Field[object]) -> str:
    if each.default is not dataclasses.MISSING:
        return repr(each.default)
    return repr(each.default_factory()) if each.default_factory is not dataclasses.MISSING else "none: it must be given"
