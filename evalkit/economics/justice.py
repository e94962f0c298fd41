"""What police, courts and prisons save by one crime less: at the margin, on average, or not counted.

An average (all that is spent, over all crimes) is no saving: buildings and most posts stay when there is one
crime less. What does vary with one crime is known for few: Hunt, Saunders and Kilmer 2019
(doi:10.1017/bca.2018.19) give 10,900 dollars of police response for a recorded violent crime (6,900 to 15,400, 10th
and 90th percentile) and 1,300 for one of property (700 to 1,700). Their abstract does not say in prices of which
year, so the figures do not ship in a schedule and have to be given with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, get_args

from evalkit.economics.ledger import JUSTICE
from evalkit.economics.unit_costs import UnitCost
from evalkit.errors import CostError, nearest

__all__ = ["JusticeChoice", "chosen_justice", "refuse_average_saving", "refuse_unknown_justice", "without_transfers"]

type JusticeChoice = Literal["marginal", "average", "none"]
type Lines = tuple[UnitCost, ...]

_BUDGETS = JUSTICE | {"public purse"}


def chosen_justice(
    counted: Lines, reference: Lines, left_out: Lines, choice: object, marginal: Sequence[UnitCost]
) -> Mapping[str, Any]:
    """Give the components counted, shown and left out, with the choice made."""
    known = get_args(JusticeChoice.__value__)
    if choice not in known:
        raise CostError(f"no choice {choice!r} of the costs of justice; {nearest(choice, known)}")
    wrong = [line for line in marginal if line.costing != "marginal" or not line.is_justice]
    if wrong:
        raise CostError(
            f"{wrong[0].name} is given as a marginal cost of justice: wanted is costing = 'marginal', and a bearer "
            "such as 'police' or the stage 'response'"
        )
    if marginal and choice != "marginal":
        raise CostError(f"{marginal[0].name} is a marginal cost of justice, and justice is {choice!r}")
    if choice == "average":
        return {"justice": choice}
    dropped = tuple(line for line in counted if line.is_justice and (choice == "none" or line.costing != "marginal"))
    shown = (*reference, *marginal)
    taken = tuple(line for line in shown if choice == "marginal" and line.costing == "marginal")
    replaced = {line.crime for line in (*taken, *(line for line in counted if line.costing == "marginal"))}
    kept = tuple(line for line in counted if line not in dropped)
    if not kept and not taken:
        raise CostError(f"nothing is left of the prices without the costs of justice, such as {counted[0].name}")
    return {
        "unit_costs": (*kept, *taken),
        "reference": (*(line for line in shown if line not in taken), *dropped),
        "left_out": (*left_out, *(line for line in dropped if line.crime not in replaced)),
        "justice": choice,
    }


def refuse_unknown_justice(
    choice: JusticeChoice | None, counted: Lines, left_out: Lines, crimes: Sequence[str]
) -> None:
    """Refuse a choice that the figures of a crime which is priced do not allow; nothing is guessed."""
    if choice not in {"marginal", "none"}:
        return
    for crime in crimes:
        lines = [line for line in counted if line.crime == crime]
        whole = [line for line in lines if line.is_undivided]
        if whole:
            raise CostError(
                f"justice = {choice!r} and {whole[0].name}: the source does not say how much of it is spent by police, "
                "courts and prisons, so it cannot be taken out; choose a schedule that parts it, or justice = 'average'"
            )
        averages = [line for line in left_out if line.crime == crime and line.is_justice]
        if choice == "marginal" and not any(line.costing == "marginal" for line in lines):
            instead = f" in place of {averages[0].name}" if averages else ""
            raise CostError(
                f"justice = 'marginal' and no marginal cost of justice of {crime!r} is known{instead}; give it with "
                "its source in 'marginal' (Hunt, Saunders and Kilmer 2019, doi:10.1017/bca.2018.19, have what the "
                "police of the United States spend on a recorded crime), or choose justice = 'none' or 'average'"
            )


def refuse_average_saving(choice: JusticeChoice | None, lines: Sequence[UnitCost], perspective: str) -> None:
    """Refuse an average cost of justice as money that a public budget saves."""
    if choice is not None or perspective not in _BUDGETS:
        return
    average = [line for line in lines if line.costing == "average"]
    if average:
        raise CostError(
            f"{average[0].name} is an average and no saving: most of it is spent whether or not this crime happens, "
            f"and the perspective is {perspective!r}; choose justice = 'marginal' or 'none', or justice = 'average' to "
            "count it all the same"
        )


def without_transfers(name: str, counted: Lines, reference: Lines, left_out: Lines) -> Mapping[str, Any]:
    """Give the components counted, shown and left out, without what only changes hands."""
    whole = [line for line in counted if line.is_undivided]
    if whole:
        raise CostError(
            f"transfers cannot be left out of {whole[0].name}: the source does not say how much of it is stolen "
            "property; choose a schedule that parts it, or count transfers"
        )
    dropped = tuple(line for line in counted if line.transfer)
    kept = tuple(line for line in counted if not line.transfer)
    if not dropped or not kept:
        raise CostError(
            f"prices {name!r} hold {'nothing but transfers' if dropped else 'no component that is marked a transfer'}, "
            "so there is nothing to leave out; count transfers, the convention of the Home Office"
        )
    return {"unit_costs": kept, "reference": (*reference, *dropped), "left_out": (*left_out, *dropped)}
