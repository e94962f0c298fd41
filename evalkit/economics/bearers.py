"""Who pays and gains: the bearers that evalkit knows, those of the user's own, and which of them are public."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

from evalkit.errors import CostError, nearest

__all__ = [
    "BEARERS",
    "CITY",
    "JUSTICE",
    "NOT_NAMED",
    "PUBLIC_BEARERS",
    "PUBLIC_PURSE",
    "SOCIETY",
    "Purse",
    "check_cashable",
    "public_among",
    "read_bearers",
]

type Purse = Literal["public", "private"]

# The justice system stands once more as a whole, because schedules of unit costs often do not split it.
BEARERS: tuple[str, ...] = (
    "city",
    "police",
    "courts and prisons",
    "police, courts and prisons",
    "health",
    "national taxpayer",
    "victims",
    "residents",
    "businesses",
    "insurers",
    "offenders and participants",
    "volunteers",
)
CITY = BEARERS[0]
PUBLIC_BEARERS = frozenset(BEARERS[:6])
JUSTICE = frozenset(BEARERS[1:4])

# Perspectives that are no single bearer's, so no bearer may have their name.
SOCIETY = "society"
PUBLIC_PURSE = "public purse"
# The other side of a transfer of which the ledger names one side only.
NOT_NAMED = "others, not named"

_PURSES = ("public", "private")


def read_bearers(given: Mapping[Any, Any] | Sequence[Any]) -> Mapping[str, Purse]:
    """Give the user's own bearers, each with its purse; of a plain list every one is private.

    >>> dict(read_bearers({"housing association": "public"}))
    {'housing association': 'public'}

    Raises
    ------
    CostError
        Where a purse is neither public nor private, or a name is taken.
    """
    if not _is_collection(given):
        raise CostError(f"'bearers' is a table such as {{ 'housing association' = 'public' }}; there is {given!r}")
    for name in given:
        if not isinstance(name, str) or not name.strip():
            raise CostError(f"a bearer of your own has a name; there is {name!r}")
    twice = next((name for name in given if not isinstance(given, Mapping) and list(given).count(name) > 1), None)
    if twice is not None:
        raise CostError(f"the bearer {twice!r} stands twice in 'bearers'; name it once")
    purses: dict[str, Any] = dict(given) if isinstance(given, Mapping) else dict.fromkeys(given, "private")
    for name, purse in purses.items():
        if purse not in _PURSES:
            shown = nearest(purse, _PURSES) if isinstance(purse, str) else f"there is {list(_PURSES)}"
            raise CostError(f"no purse {purse!r} of the bearer {name!r}; {shown}")
        if name in {SOCIETY, PUBLIC_PURSE}:
            raise CostError(f"{name!r} is a perspective and no bearer; give your bearer another name")
        if isinstance(given, Mapping) and name in BEARERS and purse != _purse(name):
            raise CostError(f"the bearer {name!r} is known to evalkit as {_purse(name)}; give your own another name")
    return purses


def _is_collection(given: object) -> bool:
    return isinstance(given, Mapping | Sequence) and not isinstance(given, str)


def _purse(bearer: str) -> Purse:
    return "public" if bearer in PUBLIC_BEARERS else "private"


def public_among(*declared: Mapping[str, Purse]) -> frozenset[str]:
    """Give every public bearer, those of the user's own too.

    Raises
    ------
    CostError
        Where the ledger and the prices do not agree on one.
    """
    found: dict[str, Purse] = {}
    for own in declared:
        for name, purse in own.items():
            if found.setdefault(name, purse) != purse:
                raise CostError(
                    f"the bearer {name!r} is public in one of the costs and prices and private in the other"
                )
    return PUBLIC_BEARERS | {name for name, purse in found.items() if purse == "public"}


def check_cashable(what: str, bearer: str, public: Iterable[str], *, is_money: bool) -> None:
    """Refuse a saving as cashable that no public budget can be cut by."""
    if bearer not in public:
        raise CostError(
            f"{what} cannot be cashable: {bearer!r} is not public, and only a public budget can be cut by what is saved"
        )
    if not is_money:
        raise CostError(f"{what} cannot be cashable: what is in kind or not tangible is no money in a budget")
