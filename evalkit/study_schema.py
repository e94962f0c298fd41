"""The sections of a study file and their keys: what may stand where, and of what type."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from evalkit.draws import DEFAULT_DRAWS
from evalkit.errors import nearest

__all__ = ["AppraisalSection", "Section", "Share", "StudyFile", "Text", "read_file", "read_sections"]

type Text = Annotated[str, Field(min_length=1)]
type Share = Annotated[float, Field(gt=0, lt=1)]


class Section(BaseModel):
    """A table of the file; a key that is not listed is a fault."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class StudySection(Section):
    """[study]: the question, and what the study is judged by."""

    title: Text
    primary: Text
    question: str = ""
    seed: Annotated[int, Field(ge=0)] = 1
    draws: Annotated[int, Field(ge=100, le=1_000_000)] = DEFAULT_DRAWS
    level: Share = 0.95
    suggestion: str = ""


class InterventionSection(Section):
    """[intervention]: what was done, by what mechanism, to which target, where and by whom."""

    name: Text
    approach: str = "other"
    mechanism: str = ""
    target: str = "place"
    place: str = ""
    dose: str = ""
    partners: list[str] = []
    evaluated_by: str = ""
    paid_by: str = ""
    began: dict[str, Any] = {}
    ended: dict[str, Any] = {}
    resumed: dict[str, Any] = {}


class DataSection(Section):
    """[data]: the file with one row for each site and period, and how it is laid out; or files of a known layout."""

    file: str = ""
    files: list[Text] = []
    preset: Text | None = None
    window: Annotated[list[Any], Field(min_length=2, max_length=2)] | None = None
    missing: Literal["refuse", "drop", "weight"] | None = None
    level: Text | None = None
    areas: Text | None = None
    site: str = ""
    period: str = ""
    began: str | None = None
    ended: str | None = None
    treated: str | None = None
    frequency: str | None = None
    weight: str | None = None
    covariates: list[str] = []
    separator: Annotated[str, Field(min_length=1, max_length=1)] = ","
    encoding: Text = "utf-8"
    decimal: Annotated[str, Field(min_length=1, max_length=1)] = "."
    thousands: Annotated[str, Field(max_length=1)] = ""
    sheet: str | None = None


class DesignSection(Section):
    """[design]: which sites are compared, and how the treated ones were chosen."""

    comparison: list[str] | None = None
    buffer: list[str] = []
    selection_window: Annotated[list[Any], Field(min_length=2, max_length=2)] | None = None
    assignment: str = "chosen"


class TableSection(Section):
    """[outcomes.NAME.table]: before/after counts in place of a data file."""

    treated: list[float]
    comparison: list[float] | None = None
    buffer: list[float] | None = None
    buffer_comparison: list[float] | Literal["shared"] | None = None
    periods: list[float] = [1.0, 1.0]
    areas: dict[str, float] = {}


class OutcomeSection(Section):
    """[outcomes.NAME]: what is measured."""

    count: str | None = None
    rate: str | None = None
    proportion: str | None = None
    score: str | None = None
    types: list[Text] = []
    table: TableSection | None = None
    exposure: str | None = None
    weight: str | None = None
    crime: str | None = None
    source: str = ""
    unit: str = ""
    good: str = "fewer"
    minimum_worthwhile: float | None = None
    changes_reporting: Literal["more", "less"] | None = None
    harm_weight: Annotated[float, Field(gt=0)] | None = None
    estimate: str | None = None


class AnalysisSection(Section):
    """[analysis]: the estimator named in advance, and those it is held against."""

    estimator: str | None = None
    sensitivity: list[str | dict[str, Any]] = []
    options: dict[str, Any] = {}


class AppraisalSection(Section):
    """[appraisal]: how effects and costs become money."""

    horizon: Annotated[int, Field(ge=1, le=100)] | None = None
    discounting: str | float | dict[str, Any] | None = None
    health_discounting: dict[str, Any] | None = None
    retention: float | dict[str, Any] | None = None
    stop: dict[str, Any] | None = None
    deadweight: str | float | dict[str, Any] | None = None
    perspective: str | None = None
    price_year: int | str | None = None
    deflator: str | None = None
    financial_year_as: Literal["first", "second"] | None = None
    period_years: float | dict[str, float] | None = None
    disjoint: bool | None = None
    optimism_bias: float | None = None
    sensitivity: dict[str, Any] | None = None
    assumptions: str | None = None
    compare: list[str] | None = None


class RollOutSection(Section):
    """[learning] roll_out: what the decision governs."""

    sites: Annotated[float, Field(gt=0)]
    years: Annotated[float, Field(gt=0, le=100)]


class PlanSection(Section):
    """[[learning.plans]]: a way to learn more before the roll-out is decided, or several of one kind."""

    name: Text
    months: float | list[float] = 0.0
    sites: float | list[float] = 0.0
    cost: float | dict[str, Any] = 0.0
    cost_per_month: float = 0.0
    cost_per_site: float = 0.0


class LearningSection(Section):
    """[learning]: what is decided with the study, and how more could be learnt before."""

    roll_out: RollOutSection
    plans: list[PlanSection] = []
    share_lasting: Annotated[float, Field(ge=0, le=1)] = 0.0
    scenario: Literal["observed window", "extrapolation"] = "observed window"
    waits: bool = True


class HarmSection(Section):
    """[harm]: the tables that weigh crimes by the harm they do."""

    weights: list[str] | None = None
    weighed_as: dict[str, str] = {}


class DecisionSection(Section):
    """[decision]: how options are chosen from."""

    comparator: str | None = None
    budget: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None
    budget_of: str | None = None
    exclusive: list[list[str]] | None = None
    requires: dict[str, list[str]] | None = None
    values: list[float] | None = None
    scenario: Literal["observed window", "extrapolation"] | None = None


class StudyFile(Section):
    """The whole file."""

    study: StudySection
    intervention: InterventionSection
    outcomes: Annotated[dict[str, OutcomeSection], Field(min_length=1)]
    data: DataSection | None = None
    design: DesignSection = DesignSection()
    analysis: AnalysisSection = AnalysisSection()
    costs: dict[str, Any] | None = None
    prices: dict[str, Any] | None = None
    incidence: dict[str, Any] | None = None
    appraisal: AppraisalSection = AppraisalSection()
    intrusion: dict[str, Any] | None = None
    perception: dict[str, Any] | None = None
    learning: LearningSection | None = None
    harm: HarmSection = HarmSection()
    assumption_sets: dict[str, dict[str, Any]] = {}
    options: dict[str, dict[str, Any]] = {}
    decision: DecisionSection = DecisionSection()
    plan: dict[str, Any] | None = None


def read_sections(document: Mapping[str, Any]) -> tuple[StudyFile | None, list[str]]:
    """Check a study file against its sections; see `read_file`."""
    return read_file(document, StudyFile)


def read_file[File: Section](document: Mapping[str, Any], kind: type[File]) -> tuple[File | None, list[str]]:
    """Check a parsed file against the sections, and give every fault as a sentence.

    Keys that nobody knows are faults, but do not keep the rest from being read: what else is wrong can be
    told in the same breath. None stands where something that is needed is missing or of the wrong type.
    """
    try:
        return kind.model_validate(document), _needed(document, kind)
    except ValidationError as problem:
        found = problem.errors(include_url=False)
    faults = [*_sentences(found, kind), *_needed(document, kind)]
    if any(fault["type"] != "extra_forbidden" for fault in found):
        return None, faults
    known = copy.deepcopy(dict(document))
    for fault in found:
        *above, key = fault["loc"]
        section: Any = known
        for part in above:
            section = section[part]
        del section[key]
    return kind.model_validate(known), faults


def _needed(document: Mapping[str, Any], kind: type[Section]) -> list[str]:
    """Name what [data] of a study lacks where it names no layout that would know it."""
    data = document.get("data")
    if kind is not StudyFile or not isinstance(data, Mapping) or data.get("preset"):
        return []
    lacking = [key for key in ("file", "site", "period") if data.get(key) is None or data[key] == ""]
    return [f"[data] needs the key {key!r}, which is not there" for key in lacking]


def _sentences(found: Sequence[Any], kind: type[Section]) -> list[str]:
    """Say each fault once, also where a key may be of several types and is of none."""
    sentences: list[str] = []
    by_place: dict[tuple[str, str], list[str]] = {}
    for fault in found:
        place, wanted, shown = _parts(fault, kind)
        if shown:
            by_place.setdefault((place, shown), []).append(wanted)
        else:  # a key that is not known, or not there
            sentences.append(f"{place}{wanted}")
    return [*sentences, *(f"{place}{_one_of(wanted)}{shown}" for (place, shown), wanted in by_place.items())]


def _one_of(wanted: Sequence[str]) -> str:
    if _FINITE in wanted:
        return _FINITE
    first, *others = dict.fromkeys(wanted)
    return " or ".join([first, *(each.removeprefix("wanted is ") for each in others)])


_FINITE = "wanted is a finite number"


def _parts(fault: Any, kind: type[Section]) -> tuple[str, str, str]:
    """Give where a fault is, what is wanted there, and what is there."""
    *above, last = [part for part in fault["loc"] if _names_a_key(part)] or ["study"]
    if isinstance(last, int) and above:  # a place in a list: name the list with it
        last = f"{above.pop()}[{last}]"
    where = f"[{'.'.join(str(part) for part in above)}] " if above else ""
    if fault["type"] == "extra_forbidden":
        return where, f"has no key {last!r}; {nearest(last, _known(above, kind), 20)}", ""
    if fault["type"] == "missing":
        return where, f"needs the key {last!r}, which is not there", ""
    return f"{where}{last}: ", _wanted(fault), f"; there is {_shown(fault.get('input'))}"


def _names_a_key(part: object) -> bool:
    """Tell keys and places from the marks that pydantic leaves for the types it tried."""
    return isinstance(part, int) or (
        part not in {"str", "float", "int", "bool"}
        and not str(part).startswith(("list[", "dict[", "literal[", "constrained-", "function-"))
    )


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) < 80 else text[:77] + "..."


_IN_WORDS = {
    "string_too_short": "wanted is text that is not empty",
    "too_short": "wanted are more entries",
    "too_long": "wanted are fewer entries",
    "dict_type": "wanted is a table of keys",
    "list_type": "wanted is a list",
    "string_type": "wanted is text in quotes",
    "int_type": "wanted is a whole number",
    "float_type": "wanted is a number",
    "bool_type": "wanted is true or false",
}


def _wanted(fault: Any) -> str:
    message = str(fault["msg"]).replace("Input should be", "wanted is")
    return _IN_WORDS.get(fault["type"], message[0].lower() + message[1:])


def _known(above: list[Any], kind: type[Section]) -> list[str]:
    section: Any = kind
    for part in above:
        annotation = None if section is None else dict(_fields(section)).get(part)
        section = annotation if annotation is not None else section
    return [name for name, _ in _fields(section)]


def _fields(section: Any) -> Iterator[tuple[Any, Any]]:
    for name, info in section.model_fields.items():
        yield name, _section_in(info.annotation)


def _section_in(annotation: Any) -> Any:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for part in getattr(annotation, "__args__", ()):
        found = _section_in(part)
        if found is not None:
            return found
    return None
