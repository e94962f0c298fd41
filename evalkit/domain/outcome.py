"""What is measured, and which direction is good."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal, get_args

from evalkit.domain.text import one_line
from evalkit.errors import DomainError, nearest

__all__ = ["CrimeClass", "Kind", "Outcome", "crime_classes"]

type Kind = Literal["count", "rate", "proportion", "score", "index"]


@dataclass(frozen=True, kw_only=True)
class CrimeClass:
    """A class of crime that outcomes and prices share.

    Attributes
    ----------
    key : what study files call it
    label, singular, plural : what people call it
    iccs : code in the International Classification of Crime for Statistical Purposes; empty for a mixture
    iccs_verified : was the code read in the classification itself?
    """

    key: str
    label: str
    singular: str
    plural: str
    iccs: str
    iccs_verified: bool


@cache
def crime_classes() -> dict[str, CrimeClass]:
    """Give the classes of crime that evalkit knows, by key."""
    text = files("evalkit.domain").joinpath("crime_classes.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines())
    return {
        row["key"]: CrimeClass(**{**row, "iccs_verified": row["iccs_verified"] == "yes"})  # type: ignore[arg-type]
        for row in rows
    }


_REPORTING = {
    "more": "The measure may make people report more of what happens: the count of {what} then rises, or falls less, "
    "than what happened, so that what was prevented is understated. How many happen for each one counted is taken not "
    "to change, which then is wrong as well.",
    "less": "The measure may make people report less of what happens: the count of {what} then falls more than what "
    "happened, so that what was prevented is overstated. How many happen for each one counted is taken not to change, "
    "which then is wrong as well.",
}


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What is measured in every site and period.

    Attributes
    ----------
    name : key of the outcome in the study
    crime : key of a class of crime (`crime_classes`), or None where it is not a crime
    kind : "count" of events; anything else is not events and never becomes crimes prevented
    source : who recorded it, such as "police"
    unit : what one is, for tables; by default the plural of the crime class
    good : which direction is an improvement, "fewer" or "more"
    minimum_worthwhile : smallest change in percent that would matter to the city, positive; None where
        none was named, and then a small effect is never called "little or no difference"
    changes_reporting : does the measure itself make people report "more" or "less" of it? Empty where it is
        taken to do neither
    """

    name: str
    crime: str | None = None
    kind: Kind = "count"
    source: str = ""
    unit: str = ""
    good: Literal["fewer", "more"] = "fewer"
    minimum_worthwhile: float | None = None
    changes_reporting: Literal["", "more", "less"] = ""

    def __post_init__(self) -> None:
        for each in ("name", "source", "unit"):
            if not isinstance(getattr(self, each), str):
                msg = f"{each} of an outcome is text; there is {getattr(self, each)!r}"
                raise DomainError(msg)
            object.__setattr__(self, each, one_line(getattr(self, each)))
        if not self.name:
            msg = "an outcome has a name; there is an empty one"
            raise DomainError(msg)
        if self.kind not in get_args(Kind.__value__):
            msg = f"no kind {self.kind!r} of outcome ({self.name!r}); {nearest(self.kind, get_args(Kind.__value__))}"
            raise DomainError(msg)
        if self.crime is not None and self.crime not in crime_classes():
            msg = (
                f"no class of crime {self.crime!r} (outcome {self.name!r}); {nearest(self.crime, crime_classes(), 20)}"
            )
            raise DomainError(msg)
        if self.good not in {"fewer", "more"}:
            msg = f"good of outcome {self.name!r} is 'fewer' or 'more'; there is {self.good!r}"
            raise DomainError(msg)
        if self.changes_reporting not in {"", "more", "less"}:
            msg = (
                f"changes_reporting of outcome {self.name!r} says that people report 'more' or 'less' because of the "
                f"measure; there is {self.changes_reporting!r}"
            )
            raise DomainError(msg)
        if self.minimum_worthwhile is not None and not 0 < self.minimum_worthwhile < 100:
            msg = (
                f"the minimum worthwhile change of outcome {self.name!r} is a percentage between 0 and 100; "
                f"there is {self.minimum_worthwhile}"
            )
            raise DomainError(msg)

    @property
    def counts_events(self) -> bool:
        """Is it a count of events, so that some of them can be prevented?"""
        return self.kind == "count"

    @property
    def reporting_caution(self) -> str:
        """What a changed reporting does to the estimate, and in which direction; empty where it is not expected."""
        if not self.changes_reporting:
            return ""
        return _REPORTING[self.changes_reporting].format(what=self.plural)

    @property
    def plural(self) -> str:
        """What several of them are called."""
        if self.unit:
            return self.unit
        if self.crime is not None:
            return crime_classes()[self.crime].plural
        return self.name if not self.counts_events else "events"

    @property
    def singular(self) -> str:
        """What one of them is called."""
        if self.crime is not None and not self.unit:
            return crime_classes()[self.crime].singular
        return f"one of the {self.plural}"
