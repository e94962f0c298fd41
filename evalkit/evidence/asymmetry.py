"""What small and unseen studies may do to a body of evidence, or why nothing can be said of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evalkit.errors import EvidenceError
from evalkit.evidence.bias import SmallStudies, small_studies
from evalkit.evidence.effect_size import EffectSize
from evalkit.evidence.selection import Selected, selection_model

__all__ = ["FEWEST", "Asymmetry", "asymmetry_of"]

# Sterne and others 2011, doi:10.1136/bmj.d4002: below ten studies chance and a slant are not told apart.
FEWEST = 10


@dataclass(frozen=True, kw_only=True, eq=False)
class Asymmetry:
    """A test of the funnel's slant, and a model of what was published.

    Attributes
    ----------
    slant : Egger's regression, or None with `slant_reason`
    selection : what the studies say if results that were no benefit were less likely to be seen, or None with
        `selection_reason`
    """

    slant: SmallStudies | None
    slant_reason: str
    selection: Selected | None
    selection_reason: str


def asymmetry_of(studies: Sequence[EffectSize]) -> Asymmetry:
    """Test and model as far as there are studies enough; one effect a study."""
    slant, slant_reason = None, ""
    try:
        slant = small_studies(studies)
    except EvidenceError as problem:
        slant_reason = str(problem)
    selection, why = None, f"with {len(studies)} studies it would tell next to nothing; it is fitted from {FEWEST} on"
    if len(studies) >= FEWEST:
        try:
            selection, why = selection_model(studies), ""
        except EvidenceError as problem:
            why = str(problem)
    return Asymmetry(slant=slant, slant_reason=slant_reason, selection=selection, selection_reason=why)
