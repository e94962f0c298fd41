"""`evidence.toml`: which studies, what is asked of them, and of which place."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evalkit.domain import Outcome
from evalkit.draws import Quantity
from evalkit.errors import EvalkitError, StudyError
from evalkit.hierarchy import PriorSet, prior_set_from_mapping
from evalkit.pooling.evidence import Evidence
from evalkit.pooling.pilot import Pilot
from evalkit.pooling.place import Place
from evalkit.pooling.schema import EvidenceFile, PilotSection, PredictSection
from evalkit.pooling.sources import Reading, Sources, read_inline, read_sources
from evalkit.study_schema import read_file

if TYPE_CHECKING:
    from evalkit.economics import Costs, Prices

__all__ = ["digests", "find_evidence", "load_evidence"]

_NAME = "evidence.toml"
# Keys of [appraisal] that choose among sets of assumptions, which an evidence file does not have.
_NO_SETS = ("assumptions", "compare")


def load_evidence(path: str | Path, *, allow_outside: bool = False) -> Evidence:
    """Read a folder with `evidence.toml`, or that file.

    Parameters
    ----------
    allow_outside : let it name files outside its folder

    Raises
    ------
    StudyError
        Every fault of the file that was found.
    """
    file = find_evidence(Path(path))
    sections = _sections(file)
    return _Reader(file, sections, allow_outside=allow_outside).evidence()


def find_evidence(path: Path) -> Path:
    """Give the evidence file that a path means."""
    if path.is_dir():
        if not (path / _NAME).is_file():
            raise StudyError(
                f"no evidence in {path}/: wanted is a file {_NAME}, or result.json files and tables by name"
            )
        return path / _NAME
    if not path.is_file():
        raise StudyError(f"no evidence at {path}: wanted is a folder with {_NAME}, or that file")
    return path


def digests(paths: Sequence[Path]) -> dict[str, str]:
    """Give the sha256 of files by name; by path where two have one name."""
    names = [path.name for path in paths]
    return {
        path.name if names.count(path.name) == 1 else path.as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in paths
    }


def _sections(file: Path) -> EvidenceFile:
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError as problem:
        raise StudyError(f"{file.name} is not written in UTF-8") from problem
    except OSError as problem:
        raise StudyError(f"{file.name} cannot be read: {problem.strerror or problem}") from problem
    except (ValueError, RecursionError) as problem:
        raise StudyError(f"{file.name} is not TOML: {problem}") from problem
    if "study" in document and "evidence" not in document:
        raise StudyError(f"{file.name} is a study and not evidence: run it (evalkit run), and pool its result.json")
    sections, faults = read_file(document, EvidenceFile)
    if sections is None or faults:
        raise StudyError(faults, where=file.name)
    return sections


class _Reader:
    """Turns checked sections into the vocabulary, and gathers every fault on the way."""

    def __init__(self, file: Path, sections: EvidenceFile, *, allow_outside: bool) -> None:
        self.file, self.sections, self.allow_outside = file, sections, allow_outside
        self.faults: list[str] = []
        self.inputs: list[Path] = [file]

    def evidence(self) -> Evidence:
        """Give everything that the file says."""
        sections, asked = self.sections, self.sections.evidence
        sources = self._try("[evidence] ", self._sources)
        prior = self._try("[pooling] prior: ", self._prior)
        place = self._try("[predict] ", self._place)
        pilot = self._try("[pilot] ", self._pilot)
        costs, prices = self._try("[costs] ", self._costs), self._try("[prices] ", self._prices)
        appraisal = self._try("[appraisal] deflator: ", lambda: self._appraisal(prices))
        self._cross_checks()
        if self.faults or appraisal is None or sources is None or prior is None:
            raise StudyError(list(dict.fromkeys(self.faults)), where=self.file.name)
        return Evidence(
            title=asked.title,
            question=asked.question,
            measure=asked.measure,
            sources=sources,
            prior=prior,
            moderators=tuple(sections.pooling.moderators),
            correlation=sections.pooling.correlation,
            place=place,
            costs=costs,
            prices=prices,
            appraisal=appraisal,
            pilot=pilot,
            seed=asked.seed,
            draws=asked.draws,
            level=asked.level,
            inputs=digests(self.inputs),
            suggestion=asked.suggestion,
        )

    def _try[Found](self, where: str, read: Callable[[], Found]) -> Found | None:
        try:
            return read()
        except StudyError as problem:
            self.faults += [f"{where}{fault}" for fault in problem.faults]
        except EvalkitError as problem:
            self.faults.append(f"{where}{problem}")
        return None

    def _sources(self) -> Sources:
        asked = self.sections.evidence
        how = Reading(**{name: getattr(asked, name) for name in Reading.__dataclass_fields__})
        paths = [path for name in asked.files if (path := self._inside(name, "files")) is not None]
        if len(paths) < len(asked.files):
            raise StudyError("not every file may be read")
        self.inputs += [path for path in paths if path.is_file()]
        if not paths and not asked.studies:
            raise StudyError("there are no studies: name files = [...], or give rows of [[evidence.studies]]")
        inline = read_inline(Path(self.file.name), asked.studies, how) if asked.studies else None
        return read_sources(paths, how, inline=inline)

    def _inside(self, name: str, key: str) -> Path | None:
        folder = self.file.parent
        try:
            real = (folder / name).resolve()
        except (OSError, ValueError) as problem:
            self.faults.append(f"{key} = {name!r} is not a path that can be read: {problem}")
            return None
        if not self.allow_outside and not real.is_relative_to(folder.resolve()):
            self.faults.append(
                f"{key} = {name!r} leads out of the folder of {self.file.name}: move the file into it, or run with "
                "--allow-outside if you trust it"
            )
            return None
        return folder / name

    def _prior(self) -> str | PriorSet:
        given = self.sections.pooling.prior
        return given if isinstance(given, str) else prior_set_from_mapping(given)

    def _place(self) -> Place | None:
        section = self.sections.predict
        return None if section is None else place_of(section)

    def _pilot(self) -> Pilot | None:
        section = self.sections.pilot
        return None if section is None else pilot_of(section)

    def _costs(self) -> Costs | None:
        if self.sections.costs is None:
            return None
        from evalkit.economics import Costs

        return Costs.from_mapping(self.sections.costs)

    def _prices(self) -> Prices | None:
        if self.sections.prices is None:
            return None
        from evalkit.economics import Prices
        from evalkit.economics.price_mapping import schedules_named

        for key, schedule in schedules_named(self.sections.prices):
            if schedule.endswith(".csv"):
                path = self._inside(schedule, f"[prices] {key}")
                if path is None:
                    return None
                self.inputs.append(path)
        return Prices.from_mapping(self.sections.prices, folder=self.file.parent)

    def _appraisal(self, prices: Prices | None) -> dict[str, Any]:
        """Give the arguments of `appraise` that the file names, a price index of its own among them."""
        options = self.sections.appraisal.model_dump(exclude_none=True)
        name = str(options.get("deflator", ""))
        if name.endswith(".csv") and (path := self._inside(name, "[appraisal] deflator")) is not None:
            from evalkit.economics import Deflator

            self.inputs.append(path)
            country = "" if prices is None else prices.country
            options["deflator"] = Deflator.from_csv(path, country=country, index=name, source=name)
        return options

    def _cross_checks(self) -> None:
        sections = self.sections
        for key in _NO_SETS:
            if getattr(sections.appraisal, key) is not None:
                self.faults.append(f"[appraisal] {key} belongs to a study; say here what is to be assumed itself")
        if sections.prices is not None and sections.costs is None:
            self.faults.append("there are [prices] but no [costs]: without costs nothing can be appraised")
        if sections.predict is None:
            for key in ("costs", "pilot"):
                if getattr(sections, key) is not None:
                    self.faults.append(f"there is [{key}] but no [predict]: name the new place that it is for")
            return
        if sections.costs is not None and not sections.predict.expected:
            self.faults.append(
                "[predict] needs periods and expected: without counts there is nothing to divide costs by"
            )
        if sections.pilot is not None and sections.costs is None:
            self.faults.append("there is a [pilot] but no [costs]: what it is worth is reckoned in money")
        if sections.pilot is not None and sections.pilot.periods >= max(len(sections.predict.expected), 1):
            self.faults.append(
                f"[pilot] periods = {sections.pilot.periods} leaves none of the {len(sections.predict.expected)} "
                "periods of [predict] in which its answer could be used"
            )


def place_of(section: PredictSection) -> Place:
    """Give the new place that a section describes."""
    labels = section.periods or [f"period {number}" for number in range(1, len(section.expected) + 1)]
    return Place(
        name=section.place,
        at=dict(section.at),
        outcome=Outcome(name=section.outcome, crime=section.crime, unit=section.unit),
        periods=tuple(str(label) for label in labels),
        expected=tuple(Quantity.of(each) for each in section.expected),
        expected_error=section.expected_error,
        base_risk=section.base_risk,
    )


def pilot_of(section: PilotSection) -> Pilot:
    """Give the pilot that a section describes."""
    given: dict[str, Any] = section.model_dump(exclude={"cost"})
    pilot = Pilot(**given, cost=Quantity.of(section.cost))
    _ = pilot.standard_error  # asked here, where what is missing can be told with its key
    return pilot
