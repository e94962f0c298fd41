"""The sections of an evidence file and their keys."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from evalkit.draws import DEFAULT_DRAWS
from evalkit.evidence.priors import DEFAULT_PRIOR
from evalkit.study_schema import AppraisalSection, Section, Share, Text

__all__ = ["EvidenceFile", "EvidenceSection", "PilotSection", "PoolingSection", "PredictSection"]


class EvidenceSection(Section):
    """[evidence]: the question, and where the studies are."""

    title: Text
    question: str = ""
    measure: str = ""
    good: Literal["fewer", "more"] | None = None
    files: list[Text] = Field(default_factory=list)
    studies: list[dict[str, Any]] = Field(default_factory=list)
    outcome: str | None = None
    estimator: str | None = None
    scale: str | None = None
    form: str | None = None
    dispersion: Annotated[float, Field(ge=1)] = 1.0
    separator: Annotated[str, Field(min_length=1, max_length=1)] = ","
    decimal: Annotated[str, Field(min_length=1, max_length=1)] = "."
    seed: Annotated[int, Field(ge=0)] = 1
    draws: Annotated[int, Field(ge=100, le=1_000_000)] = DEFAULT_DRAWS
    level: Share = 0.95
    suggestion: str = ""


class PoolingSection(Section):
    """[pooling]: what is believed beforehand, and what effects may differ by."""

    prior: str | dict[str, Any] = DEFAULT_PRIOR
    moderators: list[Text] = Field(default_factory=list)
    correlation: Annotated[float, Field(ge=0, le=1)] = 0.8


class PredictSection(Section):
    """[predict]: the new place, and what is expected there without the measure."""

    place: Text
    at: dict[str, float | str] = Field(default_factory=dict)
    outcome: Text = "events"
    crime: str | None = None
    unit: str = ""
    periods: list[str | int] = Field(default_factory=list)
    expected: list[float | dict[str, Any]] = Field(default_factory=list)
    expected_error: Annotated[float, Field(ge=0, le=1)] = 0.0
    base_risk: Share | None = None


class PilotSection(Section):
    """[pilot]: a trial in the new place before it is decided there."""

    name: Text = "a pilot"
    error: Annotated[float, Field(gt=0)] | None = None
    events: Annotated[float, Field(gt=0)] | None = None
    comparison_events: Annotated[float, Field(gt=0)] | None = None
    dispersion: Annotated[float, Field(ge=1)] | None = None
    periods: Annotated[int, Field(ge=0)] = 0
    cost: float | dict[str, Any] = 0.0


class EvidenceFile(Section):
    """The whole file."""

    evidence: EvidenceSection
    pooling: PoolingSection = PoolingSection()
    predict: PredictSection | None = None
    pilot: PilotSection | None = None
    costs: dict[str, Any] | None = None
    prices: dict[str, Any] | None = None
    appraisal: AppraisalSection = AppraisalSection()
