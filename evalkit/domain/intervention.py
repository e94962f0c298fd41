"""What was done, where, and from when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from types import MappingProxyType
from typing import Any, Literal, get_args

from evalkit.domain.text import one_line
from evalkit.errors import DomainError, first_of, nearest

__all__ = ["Approach", "Intervention", "Target", "Times"]

type Approach = Literal[
    "social", "situational", "reoffending", "enforcement", "technology", "mediation", "design", "regulation", "other"
]
type Target = Literal["place", "group", "time"]
type Times = str | Sequence[str]


@dataclass(frozen=True, kw_only=True)
class Intervention:
    """A prevention measure: what was done, by what mechanism, to which target, where, from when and until when.

    A measure that is not said to have ended goes on. One that comes and goes, as a surge of patrols does,
    ended and resumed in turn: with `began={"A": "2004"}`, `ended={"A": ("2006", "2010")}` and
    `resumed={"A": "2008"}` site A had it in 2004, 2005, 2008 and 2009.

    Attributes
    ----------
    name : what people call it
    began : first treated period of each treated site, by site; a site that is absent was never treated
    ended : first period without the measure again, by site; several where it ended more than once
    resumed : first treated period of each later spell, by site; kept, as `ended` is, as a tuple for each site
    approach : the family of prevention it belongs to
    mechanism : why it should work, in words
    target : a place, a group of people, or a time of day
    dose : how much of it was delivered, in words (hours, cameras, households reached)
    partners : who delivered it
    place : where, for the heading of a report
    evaluated_by, paid_by : who evaluated and who paid, so that readers can judge independence
    """

    name: str
    began: Mapping[str, str]
    approach: Approach = "other"
    mechanism: str = ""
    target: Target = "place"
    dose: str = ""
    partners: tuple[str, ...] = ()
    place: str = ""
    evaluated_by: str = ""
    paid_by: str = ""
    ended: Mapping[str, Times] = field(default_factory=dict)
    resumed: Mapping[str, Times] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for each in ("name", "mechanism", "dose", "place", "evaluated_by", "paid_by"):
            object.__setattr__(self, each, one_line(getattr(self, each)))
        if isinstance(self.partners, str):
            msg = f"partners of an intervention is a list of names; there is the text {self.partners!r}"
            raise DomainError(msg)
        if not self.name:
            msg = "an intervention has a name; there is an empty one"
            raise DomainError(msg)
        if not self.began:
            msg = f"intervention {self.name!r} began nowhere: give the first treated period of at least one site"
            raise DomainError(msg)
        for field_name, value, known in (
            ("approach", self.approach, get_args(Approach.__value__)),
            ("target", self.target, get_args(Target.__value__)),
        ):
            if value not in known:
                msg = f"no {field_name} {value!r} of an intervention; {nearest(value, known, limit=9)}"
                raise DomainError(msg)
        began = {one_line(str(site)): str(start) for site, start in self.began.items()}
        object.__setattr__(self, "began", MappingProxyType(began))
        for each in ("ended", "resumed"):
            object.__setattr__(self, each, MappingProxyType(_times(getattr(self, each))))
        self._check_turns()
        object.__setattr__(self, "partners", tuple(one_line(str(each)) for each in self.partners))

    def _check_turns(self) -> None:
        """A measure ends after it began, and resumes after it ended, in turn."""
        for word, named, known, before in (
            ("ended", self.ended, self.began, "begun"),
            ("resumed", self.resumed, self.ended, "ended"),
        ):
            unknown = [site for site in named if site not in known]
            if unknown:
                msg = (
                    f"intervention {self.name!r} {word} in site {first_of(unknown)}, but is not said to have "
                    f"{before} there; {nearest(unknown[0], known)}"
                )
                raise DomainError(msg)
        for site, ends in self.ended.items():
            again = len(self.resumed.get(site, ()))
            if len(ends) - again not in {0, 1}:
                msg = (
                    f"intervention {self.name!r} ended {len(ends)} times in site {site!r} and resumed {again} times; "
                    "between two ends it must have resumed once"
                )
                raise DomainError(msg)

    def spells(self, site: str) -> tuple[tuple[str, str | None], ...]:
        """Give each spell of a site as its first treated period and the first without; None where it went on.

        >>> patrols = Intervention(name="patrols", began={"A": "1"}, ended={"A": ("3", "6")}, resumed={"A": "5"})
        >>> patrols.spells("A")
        (('1', '3'), ('5', '6'))
        """
        if site not in self.began:
            return ()
        starts = (self.began[site], *self.resumed.get(site, ()))
        return tuple(zip_longest(starts, self.ended.get(site, ())))


def _times(named: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Periods of each site as a tuple of texts; a site without any is left out."""
    read = {
        one_line(str(site)): tuple(str(each) for each in times)
        if isinstance(times, Sequence) and not isinstance(times, str)
        else (str(times),)
        for site, times in named.items()
    }
    return {site: times for site, times in read.items() if times}
