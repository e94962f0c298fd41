"""The breakdown value in a sentence."""

from __future__ import annotations

import math

__all__ = ["relative_sentence", "smoothness_sentence", "target_words"]


def target_words(post: int, target: str) -> str:
    """Name what the intervals are of."""
    if post == 1 or target == "first":
        return "the change in the first period after the start"
    return f"the average change over the first {post} periods after the start"


def relative_sentence(breakdown: float | None, largest: float, changes: int, target: str) -> str:
    """Say how much more than before the start trends may have parted."""
    if breakdown is None:
        return (
            f"Even if treated and comparison sites had moved exactly in parallel after the start, {target} could not "
            "be told from no change, so there is no conclusion that a difference in trends could overturn."
        )
    seen = (
        "the one change seen between two neighbouring periods before it"
        if changes == 1
        else "the largest change seen between two neighbouring periods before it"
    )
    if breakdown >= largest:
        return (
            f"The conclusion about {target} holds even if the difference in trends changed, in every period after the "
            f"start, by {_down(largest)} times {seen}; more was not tried."
        )
    if breakdown < _LITTLE:
        return (
            f"The conclusion about {target} rests on treated and comparison sites moving exactly in parallel after the "
            f"start: a difference in trends of a twentieth of {seen} would overturn it."
        )
    return (
        f"The conclusion about {target} holds unless the difference in trends changed, in some period after the start, "
        f"by more than {_down(breakdown)} times {seen}."
    )


def smoothness_sentence(breakdown: float | None, target: str, *, is_log: bool) -> str:
    """Say how far from a straight line the difference in trends may have bent."""
    line = "any difference in trends seen before the start had gone on in a straight line"
    if breakdown is None:
        return f"If {line}, {target} could not be told from no change."
    size = f"{_down(100 * breakdown)} percentage points" if is_log else _down(breakdown)
    return (
        f"If {line}, there was a change; that holds for {target} unless the slope of the difference bent by more than "
        f"{size} from one period to the next."
    )


# A breakdown below this is told as a twentieth, not as a number that looks measured.
_LITTLE = 0.05


def _down(value: float) -> str:
    """Round to two digits, never up: what is said to hold does hold.

    >>> _down(1.87), _down(0.0129), _down(10.0), _down(0.0)
    ('1.8', '0.012', '10', '0')
    """
    if value <= 0:
        return "0"
    places = 1 - math.floor(math.log10(value) + 1e-12)
    return f"{math.floor(value * 10.0**places * (1 + 1e-12)) / 10.0**places:.10g}"
