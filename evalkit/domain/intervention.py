"""What was done, where, and from when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, get_args

from evalkit.domain.text import one_line
from evalkit.errors import DomainError, nearest

__all__ = ["Approach", "Intervention", "Target"]

type Approach = Literal[
    "social", "situational", "reoffending", "enforcement", "technology", "mediation", "design", "regulation", "other"
]
type Target = Literal["place", "group", "time"]


@dataclass(frozen=True, kw_only=True)
class Intervention:
    """A prevention measure: what was done, by what mechanism, to which target, where and from when.

    Attributes
    ----------
    name : what people call it
    began : first treated period of each treated site, by site; a site that is absent was never treated
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
        object.__setattr__(self, "partners", tuple(one_line(str(each)) for each in self.partners))
