"""How many crimes happen for each one recorded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from evalkit.draws import Quantity
from evalkit.economics.amounts import read_amount
from evalkit.economics.plausible import refuse_absurd
from evalkit.errors import CostError

__all__ = ["Multiplier", "Multipliers", "read_multipliers"]


# Of the crimes that were surveyed, some tens happen for one recorded at most.
_HIDDEN = 1e5


@dataclass(frozen=True, kw_only=True)
class Multiplier:
    """How many crimes happen for each one recorded.

    It is taken not to change with the measure: where a measure makes people report more, it is wrong.

    Attributes
    ----------
    crime : of the schedule
    amount : 1 or more; a number or a distribution
    source : where it is from
    """

    crime: str
    amount: float | Mapping[str, Any] | Quantity
    source: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "amount", read_amount(self.amount, f"the multiplier of {self.crime!r}"))
        refuse_absurd(
            self.quantity, f"the multiplier of {self.crime!r}", "give crimes that happen for one recorded", _HIDDEN
        )
        if self.quantity.mean < 1:
            raise CostError(
                f"the multiplier of {self.crime!r} is crimes that happened for one recorded, so 1 or more; "
                f"there is {self.quantity.mean:g}"
            )

    @property
    def quantity(self) -> Quantity:
        """The amount as a quantity."""
        return Quantity.of(self.amount)

    @classmethod
    def of(cls, crime: str, value: float | Mapping[str, Any] | Quantity | Multiplier) -> Multiplier:
        """Read a number, a distribution, or a table `{value = 6.2, source = "..."}`."""
        if isinstance(value, Multiplier):
            return value
        if not isinstance(value, Mapping):
            return cls(crime=crime, amount=value)
        amount = {key: item for key, item in value.items() if key != "source"}
        plain = amount["value"] if set(amount) == {"value"} else amount
        return cls(crime=crime, amount=plain, source=str(value.get("source", "")))


type Multipliers = Mapping[str, Multiplier] | Literal["none"] | None


def read_multipliers(given: object) -> Multipliers:
    """Give multipliers by crime; "none" is the explicit choice to count recorded crimes only."""
    if given is None or given == "none":
        return given
    if not isinstance(given, Mapping):
        raise CostError(f"multipliers are a table such as {{ robbery = 6.2 }}, or 'none'; there is {given!r}")
    return {str(crime): Multiplier.of(str(crime), value) for crime, value in given.items()}
