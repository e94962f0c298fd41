"""Studies from files: `study.toml` says it, `study.py` builds it."""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evalkit.data import Layout, read_table
from evalkit.domain import Design, Estimator, Intervention, Outcome, Panel, Table
from evalkit.errors import EvalkitError, StudyError, nearest
from evalkit.kept_designs import KeptDesigns
from evalkit.registry import estimator as find_estimator
from evalkit.study import Study
from evalkit.study_harm import read_harm
from evalkit.study_plan import settings_from_mapping
from evalkit.study_program import read_program
from evalkit.study_schema import OutcomeSection, StudyFile, read_sections
from evalkit.study_source import Source, as_columns, data_faults, read_source, source_paths
from evalkit.study_times import Times, read_times

if TYPE_CHECKING:
    import pandas as pd

    from evalkit.economics import Costs, Groups, HarmWeights, Learning, Prices
    from evalkit.economics.decisions import Option
    from evalkit.economics.unpriced import Intrusion, Perception

__all__ = ["StudyParts", "find_study", "load_study", "read_study_parts"]

# Keys of [appraisal] that choose among sets of assumptions; the others are arguments of `appraise`.
_NAMED_APART = {"assumptions", "compare"}

_KINDS = ("count", "rate", "proportion", "score")


def load_study(path: str | Path, *, allow_outside: bool = False, cache: Path | None = None) -> Study:
    """Read a study from a folder with `study.toml` or `study.py`, or from one of those files.

    A `study.toml` runs no code and reads no file outside its folder. A `study.py` is a program, runs with
    all your rights, and leaves a `Study` under the name `study`.

    Parameters
    ----------
    allow_outside : let a study.toml name files outside its folder
    cache : folder in which an earlier run may have kept the designs (`keep_designs`)

    Raises
    ------
    StudyError
        Every fault of the file at once.
    """
    file = find_study(Path(path))
    return read_program(file) if file.suffix == ".py" else _open(file, allow_outside=allow_outside).build(cache)


def keep_designs(path: str | Path, study: Study, cache: Path, *, allow_outside: bool = False) -> None:
    """Keep the designs of a study.toml that has been run, by the content of its data file and what it says of the data.

    `load_study` then gives them back where none of that has changed. Before a study has been run nothing is kept, so
    that one which has no answer leaves nothing behind.
    """
    file = find_study(Path(path))
    kept = None if file.suffix == ".py" else _open(file, allow_outside=allow_outside).kept_designs(cache)
    if kept is not None and kept.read() is None:
        kept.write(study.designs)


def find_study(path: Path) -> Path:
    """Give the study file that a path means; in a folder with both, `study.toml` comes first."""
    if path.is_dir():
        for name in ("study.toml", "study.py"):
            if (path / name).is_file():
                return path / name
        msg = f"no study in {path}/: wanted is a file study.toml or study.py (evalkit new DIR makes one)"
        raise StudyError(msg)
    if not path.is_file():
        msg = f"no study at {path}: wanted is a folder with study.toml or study.py, or one of those files"
        raise StudyError(msg)
    if path.suffix not in {".toml", ".py"}:
        msg = f"{path.name} is not a study: wanted is a .toml or a .py file"
        raise StudyError(msg)
    return path


def _open(file: Path, *, allow_outside: bool) -> _Builder:
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError as problem:
        msg = f"{file.name} is not written in UTF-8"
        raise StudyError(msg) from problem
    except OSError as problem:
        msg = f"{file.name} cannot be read: {problem.strerror or problem}"
        raise StudyError(msg) from problem
    except (ValueError, RecursionError) as problem:  # also numbers and nesting beyond what Python takes
        msg = f"{file.name} is not TOML: {problem}"
        raise StudyError(msg) from problem
    sections, faults = read_sections(document)
    if sections is None:
        raise StudyError(faults, where=file.name)
    return _Builder(file=file, sections=sections, allow_outside=allow_outside, faults=faults)


@dataclass(frozen=True, kw_only=True)
class StudyParts:
    """What a study.toml says about its primary outcome and its money, before anything is counted.

    Attributes
    ----------
    sections : the checked file
    outcome : the primary one
    estimator : made, or its name; the one that the file names or that its data ask for
    counts : the before/after table of the outcome, where it has one
    table : rows of the data file, unread; None where there is none yet
    times : began, ended and resumed by site; None where nothing says them yet
    panel : gives the outcome's panel from rows of the data file
    appraisal : keyword arguments of `evalkit.economics.appraise`
    """

    file: Path
    sections: StudyFile
    outcome: Outcome
    estimator: Estimator | str
    counts: Table | None
    table: pd.DataFrame | None
    times: Times | None
    panel: Callable[[pd.DataFrame], Panel]
    costs: Costs | None
    prices: Prices | None
    appraisal: Mapping[str, Any]
    learning: Learning | None


def read_study_parts(path: str | Path, *, allow_outside: bool = False) -> StudyParts:
    """Read what a plan rests on from a study.toml, whose data file need not be there yet.

    Raises
    ------
    StudyError
        Every fault of the file at once; or the study is a program.
    """
    file = find_study(Path(path))
    if file.suffix == ".py":
        msg = f"{file.name} is a program, which builds a study from data; a plan is read from a study.toml"
        raise StudyError(msg)
    return _open(file, allow_outside=allow_outside).parts()


@dataclass
class _Builder:
    """Turns checked sections into the vocabulary, and gathers every fault on the way."""

    file: Path
    sections: StudyFile
    allow_outside: bool
    faults: list[str] = field(default_factory=list)
    inputs: list[Path] = field(default_factory=list)
    source: Source | None = None

    def build(self, cache: Path | None = None) -> Study:
        kept = None if cache is None else self.kept_designs(cache)
        known = None if kept is None else kept.read()
        if kept is not None and known is not None:
            self.inputs.append(kept.data)
        if known is None:
            self._read_source()
        designs = dict(self._designs(self._table())) if known is None else known
        estimator = self._estimator()
        sensitivity = self._sensitivity()
        costs, prices = self._costs(), self._prices()
        intrusion, perception = self._intrusion(), self._perception()
        learning = self._learning()
        harm = self._harm()
        options = self._options(costs)
        appraisal = self._own_choices(prices)
        with self._gathering("[plan] "):
            settings_from_mapping(self.sections.plan or {})
        self._cross_checks()
        study: Study | None = None
        if not self.faults:
            with self._gathering():
                study = Study(
                    **self.sections.study.model_dump(),
                    designs=designs,
                    estimator=estimator,
                    sensitivity=sensitivity,
                    costs=costs,
                    prices=prices,
                    appraisal=appraisal,
                    assumptions=self.sections.appraisal.assumptions,
                    assumption_sets=self.sections.assumption_sets,
                    compared_sets=self.sections.appraisal.compare,
                    intrusion=intrusion,
                    perception=perception,
                    learning=learning,
                    options=options,
                    decision=self.sections.decision.model_dump(exclude_none=True),
                    harm_weights={
                        name: section.harm_weight
                        for name, section in self.sections.outcomes.items()
                        if section.harm_weight is not None
                    },
                    harm=harm,
                    judged_by={
                        name: section.estimate
                        for name, section in self.sections.outcomes.items()
                        if section.estimate is not None
                    },
                    inputs=(*self.inputs, self.file),
                    folder=self.file.parent,
                    data_quality=() if self.source is None else (self.source.quality,),
                )
        if study is None:
            raise StudyError(list(dict.fromkeys(self.faults)), where=self.file.name)
        return study

    def kept_designs(self, cache: Path) -> KeptDesigns | None:
        """Give where the designs are kept that rest on a data file.

        Files that a preset reads are read each time: what became of their rows is part of the result.
        """
        data = self.sections.data
        path = None if data is None or data.preset or not data.file else self._inside(data.file, "[data] file")
        return None if path is None else KeptDesigns.of(cache, path, self.sections)

    def parts(self) -> StudyParts:
        """Give what a plan rests on."""
        self._read_source(may_be_absent=True)
        data, section = self.sections.data, self.sections.outcomes.get(self.sections.study.primary)
        path = None if data is None or not data.file else self._inside(data.file, "[data] file")
        table = self._table() if self.source is not None or (path is not None and path.is_file()) else None
        times = self._times(table) if table is not None and _says_times(self.sections) else None
        outcome, counts = None, None
        with self._gathering(f"[outcomes.{self.sections.study.primary}] "):
            if section is not None:
                outcome = _outcome(self.sections.study.primary, section)
                counts = None if section.table is None else _counts(outcome, section)
        estimator = self._estimator()
        if data is None and counts is None and self.sections.analysis.estimator is None:
            estimator = "did-poisson"  # there will be a panel
        costs, prices, learning = self._costs(), self._prices(), self._learning()
        appraisal = self._appraisal_options(prices)
        self._cross_checks()
        if self.faults or outcome is None or section is None:
            raise StudyError(list(dict.fromkeys(self.faults)), where=self.file.name)
        return StudyParts(
            file=self.file,
            sections=self.sections,
            outcome=outcome,
            estimator=estimator,
            counts=counts,
            table=table,
            times=times,
            panel=partial(self._panel, outcome, section),
            costs=costs,
            prices=prices,
            appraisal=appraisal,
            learning=learning,
        )

    def _own_choices(self, prices: Prices | None) -> dict[str, Any]:
        """Give the arguments of `appraise` that the file names itself."""
        options = self.sections.appraisal.model_dump(exclude_none=True, exclude=_NAMED_APART) | self._groups()
        name = str(options.get("deflator", ""))
        if name.endswith(".csv") and (path := self._inside(name, "[appraisal] deflator")) is not None:
            from evalkit.economics import Deflator

            self.inputs.append(path)
            country = "" if prices is None else prices.country
            with self._gathering("[appraisal] deflator: "):
                options["deflator"] = Deflator.from_csv(path, country=country, index=name, source=name)
        return options

    def _appraisal_options(self, prices: Prices | None) -> dict[str, Any]:
        """Give the arguments of `appraise`, under the set of assumptions that the file names."""
        section, options = self.sections.appraisal, self._own_choices(prices)
        if section.assumptions is None:
            return options
        from evalkit.economics import assumption_set

        with self._gathering("[appraisal] "):
            return assumption_set(section.assumptions, self.sections.assumption_sets).under(options)
        return options

    @contextmanager
    def _gathering(self, where: str = "") -> Iterator[None]:
        try:
            yield
        except StudyError as problem:
            self.faults += [f"{where}{fault}" for fault in problem.faults]
        except EvalkitError as problem:
            self.faults.append(f"{where}{problem}")

    def _inside(self, name: str, key: str) -> Path | None:
        """Give the path of a file of the study, unless it leads out of the study's folder."""
        folder = self.file.parent.resolve()
        try:
            path = (folder / name).resolve()
            path.is_file()
        except (OSError, ValueError) as problem:
            self.faults.append(f"{key} = {name!r} is not a path that can be read: {problem}")
            return None
        if not self.allow_outside and not path.is_relative_to(folder):
            self.faults.append(
                f"{key} = {name!r} leads out of the study's folder: move the file into it, "
                "or run with --allow-outside if you trust this study"
            )
            return None
        return path

    def _read_source(self, *, may_be_absent: bool = False) -> None:
        """Read files that a preset describes; from then on the study is one of a table with named columns."""
        data = self.sections.data
        if data is None:
            return
        self.faults += data_faults(data)
        if self.faults or data.preset is None:
            return
        with self._gathering("[data] "):
            folder = self.file.parent.resolve()
            paths = source_paths(data, folder, self._inside)
            lookup = [] if data.areas is None else [self._inside(data.areas, "[data] areas")]
            if self.faults:
                return
            if may_be_absent and not all(path.is_file() for path in paths):
                self.sections = as_columns(self.sections, data, {})
                return
            self.source = read_source(self.sections, data, paths, folder)
            self.sections = self.source.sections
            self.inputs += [*paths, *(path for path in lookup if path is not None)]

    def _table(self) -> pd.DataFrame | None:
        data = self.sections.data
        if self.source is not None:
            return self.source.table
        if data is None or not (data.file and data.site and data.period) or data_faults(data):
            return None
        path = self._inside(data.file, "[data] file")
        if path is None:
            return None
        outcomes = self.sections.outcomes.values()
        numbers = [
            name
            for section in outcomes
            for name in (*(getattr(section, kind) for kind in _KINDS), section.exposure, section.weight)
            if name
        ]
        layout = Layout(
            separator=data.separator,
            encoding=data.encoding,
            decimal=data.decimal,
            thousands=data.thousands,
            sheet=data.sheet,
        )
        with self._gathering("[data] "):
            table = read_table(path, layout, [*numbers, *data.covariates, *([data.weight] if data.weight else [])])
            self.inputs.append(path)
            return table
        return None

    def _intervention(self, times: Times | None) -> Intervention | None:
        section = self.sections.intervention.model_dump(exclude={"began", "ended", "resumed", "partners"})
        with self._gathering("[intervention] "):
            found = times or {"began": {"unknown": "unknown"}}
            return Intervention(**section, partners=tuple(self.sections.intervention.partners), **found)
        return None

    def _times(self, table: pd.DataFrame | None) -> Times | None:
        with self._gathering():
            return read_times(self.sections, table)
        return None

    def _designs(self, table: pd.DataFrame | None) -> Iterator[tuple[str, Design]]:
        times = self._times(table)
        intervention = self._intervention(times)
        for name, section in self.sections.outcomes.items():
            with self._gathering(f"[outcomes.{name}] "):
                outcome = _outcome(name, section)
                if section.table is not None:
                    shape: dict[str, Any] = {"table": _counts(outcome, section)}
                elif self.sections.data is None:
                    self.faults.append(
                        f"[outcomes.{name}] has no counts: give [outcomes.{name}.table], or a [data] file"
                    )
                    continue
                elif table is None:
                    continue
                else:
                    shape = {"panel": self._panel(outcome, section, table), **self._roles()}
                if intervention is not None and times is not None:
                    treated = (
                        intervention
                        if section.table is None
                        else dataclasses.replace(intervention, began={"treated": "after"}, ended={}, resumed={})
                    )
                    yield name, Design(intervention=treated, **shape)

    def _roles(self) -> dict[str, Any]:
        design = self.sections.design
        return {
            "comparison": None if design.comparison is None else tuple(design.comparison),
            "buffer": tuple(design.buffer),
            "selection_window": None
            if design.selection_window is None
            else tuple(str(end) for end in design.selection_window),
            "assignment": design.assignment,
        }

    def _panel(self, outcome: Outcome, section: OutcomeSection, table: pd.DataFrame) -> Panel:
        data = self.sections.data
        if data is None:  # told to the type checker; `_designs` asks first
            msg = "a panel needs a [data] file"
            raise StudyError(msg)
        column = getattr(section, outcome.kind)
        return Panel.from_long(
            table,
            site=data.site,
            period=data.period,
            outcome=outcome,
            value=column,
            exposure=section.exposure,
            weight=section.weight or data.weight,
            covariates=data.covariates,
            frequency=data.frequency,
            source=data.file,
            first_row=2 if self.source is None else 0,  # the heading of a file is row 1
        )

    def _estimator(self) -> Estimator | str:
        analysis = self.sections.analysis
        name = analysis.estimator or ("table" if self.sections.data is None else "did-poisson")
        with self._gathering("[analysis] estimator: "):
            made = _with_options(name, analysis.options, "[analysis.options]")
            return made if analysis.options else name
        return name

    def _sensitivity(self) -> dict[str, Estimator | str]:
        found: dict[str, Estimator | str] = {}
        for entry in self.sections.analysis.sensitivity:
            with self._gathering("[analysis] sensitivity: "):
                if isinstance(entry, str):
                    find_estimator(entry)
                    found[entry] = entry
                    continue
                options = dict(entry)
                if "estimator" not in options:
                    self.faults.append("[analysis] sensitivity: an entry with options needs the key 'estimator'")
                    continue
                name = str(options.pop("estimator"))
                label = str(options.pop("name", name))
                if label in found:
                    self.faults.append(f"[analysis] sensitivity names {label!r} twice: give one of them another name")
                found[label] = _with_options(name, options, f"sensitivity {label!r}")
        return found

    def _costs(self) -> Costs | None:
        if self.sections.costs is None:
            return None
        from evalkit.economics import Costs

        with self._gathering("[costs] "):
            return Costs.from_mapping(self.sections.costs)
        return None

    def _options(self, costs: Costs | None) -> dict[str, Option]:
        if not self.sections.options or costs is None:
            return {}
        from evalkit.economics.decisions import read_options

        with self._gathering("[options] "):
            return read_options(self.sections.options, costs)
        return {}

    def _prices(self) -> Prices | None:
        if self.sections.prices is None:
            return None
        from evalkit.economics import Prices
        from evalkit.economics.price_mapping import schedules_named

        for key, schedule in schedules_named(self.sections.prices):
            path = self._inside(schedule, f"[prices] {key}") if schedule.endswith(".csv") else None
            if path is not None:
                self.inputs.append(path)
            elif schedule.endswith(".csv"):
                return None
        with self._gathering("[prices] "):
            return Prices.from_mapping(self.sections.prices, folder=self.file.parent)
        return None

    def _groups(self) -> dict[str, Groups]:
        if self.sections.incidence is None:
            return {}
        from evalkit.economics import Groups

        with self._gathering("[incidence] "):
            return {"groups": Groups.from_mapping(self.sections.incidence)}
        return {}

    def _intrusion(self) -> Intrusion | None:
        if self.sections.intrusion is None:
            return None
        from evalkit.economics.unpriced import intrusion_from_mapping

        with self._gathering("[intrusion] "):
            return intrusion_from_mapping(self.sections.intrusion)
        return None

    def _perception(self) -> Perception | None:
        if self.sections.perception is None:
            return None
        from evalkit.economics.unpriced import perception_from_mapping

        with self._gathering("[perception] "):
            return perception_from_mapping(self.sections.perception)
        return None

    def _learning(self) -> Learning | None:
        if self.sections.learning is None:
            return None
        from evalkit.economics.information.plan_file import learning_from_mapping

        with self._gathering("[learning] "):
            return learning_from_mapping(self.sections.learning.model_dump())
        return None

    def _harm(self) -> tuple[HarmWeights, ...] | None:
        def inside(name: str) -> Path | None:
            path = self._inside(name, "[harm] weights")
            if path is not None:
                self.inputs.append(path)
            return path

        section = self.sections.harm
        found, faults = read_harm(section.weights, section.weighed_as, list(self.sections.outcomes), inside)
        self.faults += faults
        return found

    def _cross_checks(self) -> None:
        sections = self.sections
        if sections.study.primary not in sections.outcomes:
            self.faults.append(
                f"[study] primary = {sections.study.primary!r} is not among the outcomes; "
                f"{nearest(sections.study.primary, sections.outcomes)}"
            )
        if sections.prices is not None and sections.costs is None:
            self.faults.append("there are [prices] but no [costs]: without costs nothing can be appraised")
        if sections.incidence is not None and sections.costs is None:
            self.faults.append("there is [incidence] but no [costs]: without costs there is nothing to share out")
        if sections.options and sections.costs is None:
            self.faults.append(
                "there are [options] but no [costs]: options are compared with the measure and its costs"
            )
        if sections.data is None and (sections.design.comparison or sections.design.buffer):
            self.faults.append("[design] names sites, but there is no [data] file that has any")


def _says_times(sections: StudyFile) -> bool:
    data = sections.data
    return bool(sections.intervention.began or (data is not None and (data.began or data.treated)))


def _outcome(name: str, section: OutcomeSection) -> Outcome:
    given = [kind for kind in _KINDS if getattr(section, kind) is not None] + (["table"] if section.table else [])
    if len(given) != 1:
        shown = " and ".join(given) if given else "none"
        msg = f"wanted is exactly one of count, rate, proportion, score (a column) or table; there is {shown}"
        raise StudyError(msg)
    return Outcome(
        name=name,
        crime=section.crime,
        kind="count" if given == ["table"] else given[0],  # type: ignore[arg-type]
        source=section.source,
        unit=section.unit,
        good=section.good,  # type: ignore[arg-type]
        minimum_worthwhile=section.minimum_worthwhile,
        changes_reporting=section.changes_reporting or "",
    )


def _counts(outcome: Outcome, section: OutcomeSection) -> Table:
    if section.exposure or section.weight:
        msg = "exposure and weight are columns of a data file; a table has areas and periods instead"
        raise StudyError(msg)
    given = section.table
    if given is None:  # told to the type checker; the caller asks first
        msg = "there is no table"
        raise StudyError(msg)
    cells = given.model_dump(exclude={"periods", "areas"}, exclude_none=True)
    return Table(
        outcome=outcome,
        **{name: cell if cell == "shared" else tuple(cell) for name, cell in cells.items()},
        lengths=tuple(given.periods),  # type: ignore[arg-type]
        areas=tuple(given.areas.items()),
    )


def _with_options(name: str, options: Mapping[str, Any], where: str) -> Estimator:
    """Make an estimator with options, and name the nearest option where one is not known."""
    made = find_estimator(name)
    known = {each.name: each.type for each in dataclasses.fields(made)}  # type: ignore[arg-type]  # the registry asks
    faults = [
        f"{where}: {name} has no option {key!r}; {nearest(key, known, 20)}" for key in options if key not in known
    ]
    faults += [
        f"{where}: {key} is true or false; there is {value!r}"
        for key, value in options.items()
        if known.get(key) in {bool, "bool"} and not isinstance(value, bool)
    ]
    if faults:
        raise StudyError(faults)
    try:
        return made(**{key: tuple(value) if isinstance(value, list) else value for key, value in options.items()})
    except TypeError as problem:
        msg = f"{where}: {problem}"
        raise StudyError(msg) from problem
