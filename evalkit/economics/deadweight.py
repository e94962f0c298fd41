"""The deadweight of taxation: what is lost for each unit of money that is taxed, off unless it is chosen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evalkit.draws import Quantity
from evalkit.economics.appraisal import Assumption
from evalkit.errors import CostError, nearest

__all__ = ["DEADWEIGHTS", "Deadweight"]

_WSIPP = (
    "Washington State Institute for Public Policy, Benefit-Cost Technical Documentation; its middle of 0.5 is "
    "the one behind its page on hot spots policing (http://www.wsipp.wa.gov/BenefitCost/Program/236)"
)

# Named practices: what is lost, where that is from, and how it was read.
DEADWEIGHTS: Mapping[str, tuple[float | Mapping[str, float], str, str]] = {
    "none": (0.0, "", "chosen"),
    "wsipp": ({"low": 0.0, "mode": 0.5, "high": 1.0}, _WSIPP, "memory"),
}


@dataclass(frozen=True, kw_only=True)
class Deadweight:
    """What is lost for each unit of money taxed, and where that is from.

    It is charged on what public bearers pay and credited on what they save, never on what victims or others gain.
    """

    quantity: Quantity
    name: str = ""
    source: str = ""
    certainty: str = "chosen"

    @classmethod
    def of(cls, value: str | float | Mapping[str, Any] | Quantity) -> Deadweight:
        """Read a practice by name, such as "wsipp", or an amount."""
        if not isinstance(value, str):
            return cls(quantity=Quantity.of(value))
        if value not in DEADWEIGHTS:
            raise CostError(
                f"no deadweight {value!r}; {nearest(value, DEADWEIGHTS)}; or what is lost for each unit, such as 0.2"
            )
        amount, source, certainty = DEADWEIGHTS[value]
        return cls(quantity=Quantity.of(amount), name=value, source=source, certainty=certainty)

    @property
    def assumption(self) -> Assumption:
        """What the money rests on, for the table of assumptions."""
        named = f"{self.name}: " if self.source else ""
        return Assumption(
            what="deadweight of taxation",
            value=f"{named}{self.quantity.describe()} for each unit of public money",
            source=self.source,
            certainty=self.certainty,
        )
