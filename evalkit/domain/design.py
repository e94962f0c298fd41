"""Which site-periods are compared with which, and what such a comparison can show."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Literal, get_args

import numpy as np

from evalkit.domain.design_checks import ScientificMethodsLevel, design_checks, grade
from evalkit.domain.effect_parts import Check
from evalkit.domain.intervention import Intervention
from evalkit.domain.outcome import Outcome
from evalkit.domain.panel import Panel
from evalkit.domain.table import Table
from evalkit.errors import DataError, DesignError, first_of, nearest

__all__ = ["Assignment", "Design"]

type Assignment = Literal["chosen", "randomised"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Design:
    """An intervention laid over data: which sites and periods are treated, and what they are compared with.

    Attributes
    ----------
    intervention : its `began` says which sites are treated, and from when; its `ended` and `resumed`, until when
    panel, table : the data, exactly one of them
    comparison : sites to compare with; by default every site that is neither treated nor buffer
    buffer : sites that crime may have moved to, or a benefit spread to; never used as comparison
    selection_window : first and last period on which the treated sites were chosen for being bad
    assignment : how sites came to be treated
    """

    intervention: Intervention
    panel: Panel | None = None
    table: Table | None = None
    comparison: tuple[str, ...] | None = None
    buffer: tuple[str, ...] = ()
    selection_window: tuple[str, str] | None = None
    assignment: Assignment = "chosen"

    def __post_init__(self) -> None:
        if (self.panel is None) == (self.table is None):
            msg = "a design rests on exactly one shape of data: give a panel or a table"
            raise DesignError(msg)
        if self.assignment not in get_args(Assignment.__value__):
            msg = f"no assignment {self.assignment!r}; {nearest(self.assignment, get_args(Assignment.__value__))}"
            raise DesignError(msg)
        object.__setattr__(self, "buffer", tuple(self.buffer))
        if self.comparison is not None:
            object.__setattr__(self, "comparison", tuple(self.comparison))
        if self.panel is not None:
            self._check_sites(self.panel)
            self._check_starts(self.panel)
            self._check_spells(self.panel)
            if self.selection_window is not None:
                self._check_window(self.panel)
        elif self.intervention.ended:
            msg = "a table has one period before and one after: a measure that ended needs a panel"
            raise DesignError(msg)
        elif self.comparison is not None or self.buffer or self.selection_window is not None:
            msg = "comparison, buffer and selection window name sites and periods of a panel; a table carries its own"
            raise DesignError(msg)

    def _check_sites(self, panel: Panel) -> None:
        named = {
            "treated": tuple(self.intervention.began),
            "comparison": self.comparison or (),
            "buffer": self.buffer,
        }
        for role, sites in named.items():
            unknown = [site for site in sites if site not in panel.positions]
            if unknown:
                msg = f"{role} site {first_of(unknown)} is not in the data; {nearest(unknown[0], panel.sites)}"
                raise DesignError(msg)
        for one, other in (("treated", "comparison"), ("treated", "buffer"), ("comparison", "buffer")):
            both = sorted(set(named[one]) & set(named[other]))
            if both:
                msg = f"site {first_of(both)} is named both as {one} and as {other}; wanted is one role for each site"
                raise DesignError(msg)

    def _check_starts(self, panel: Panel) -> None:
        first, last = panel.periods.labels[0], panel.periods.labels[-1]
        late, early = [], []
        for site, start in self.intervention.began.items():
            try:
                place = panel.periods.place(start)
            except DataError as problem:
                msg = f"start of site {site!r}: {problem}"
                raise DesignError(msg) from problem
            if place >= len(panel.periods):
                late.append(f"{site} ({start})")
            elif place <= 0:
                early.append(f"{site} ({start})")
        if late:
            msg = (
                f"sites that start after the last period of the data ({last}): {_first_places(late)}; "
                "leave the start empty where a site was never treated in these periods"
            )
            raise DesignError(msg)
        if early:
            msg = (
                f"there is no period before the start of {_first_places(early)}: the data begin in {first}; "
                "add earlier periods, or leave the sites out"
            )
            raise DesignError(msg)

    def _check_spells(self, panel: Panel) -> None:
        """Ends and new starts come in the order of the calendar."""
        for site in self.intervention.ended:
            turns = [turn for spell in self.intervention.spells(site) for turn in spell if turn is not None]
            try:
                places = [panel.periods.place(turn) for turn in turns]
            except DataError as problem:
                msg = f"end of site {site!r}: {problem}"
                raise DesignError(msg) from problem
            for earlier, later in pairwise(range(len(turns))):
                if places[later] <= places[earlier]:
                    words = ("ends", "begins") if later % 2 else ("begins again", "ended")
                    msg = (
                        f"the measure {words[0]} in site {site!r} in {turns[later]}, and {words[1]} there in "
                        f"{turns[earlier]}: wanted is a later period (the end is the first period without the measure)"
                    )
                    raise DesignError(msg)

    def _check_window(self, panel: Panel) -> None:
        window = self.selection_window
        if window is None or len(window) != 2:
            msg = f"the selection window is its first and last period; there is {self.selection_window!r}"
            raise DesignError(msg)
        try:
            first, last = (panel.periods.place(end) for end in window)
        except DataError as problem:
            msg = f"selection window: {problem}"
            raise DesignError(msg) from problem
        if first > last:
            msg = f"the selection window ends ({window[1]}) before it begins ({window[0]})"
            raise DesignError(msg)

    @property
    def outcome(self) -> Outcome:
        """What is measured."""
        return self._data.outcome

    @property
    def _data(self) -> Panel | Table:
        data = self.panel if self.panel is not None else self.table
        assert data is not None  # noqa: S101 - held by __post_init__, told to the type checker
        return data

    @property
    def treated_sites(self) -> tuple[str, ...]:
        """Sites that were treated at some time."""
        return tuple(self.intervention.began)

    @cached_property
    def comparison_sites(self) -> tuple[str, ...]:
        """Sites that were never treated and serve as comparison."""
        if self.panel is None:
            return ()
        if self.comparison is not None:
            return self.comparison
        taken = {*self.treated_sites, *self.buffer}
        return tuple(site for site in self.panel.sites if site not in taken)

    @property
    def has_comparison(self) -> bool:
        """Is there anything to compare with?"""
        if self.table is not None:
            return self.table.comparison is not None
        return bool(self.comparison_sites)

    @cached_property
    def starts(self) -> np.ndarray:
        """Place of each panel site's first treated period, shape (sites,); the number of periods where never.

        It is the first start also where the measure ended and resumed; `treatment` has the spells.
        """
        panel = self.require_panel("the start of each site", may_end=True)
        starts = np.full(len(panel.sites), len(panel.periods), dtype=np.intp)
        for site, start in self.intervention.began.items():
            starts[panel.positions[site]] = panel.periods.place(start)
        return starts

    @cached_property
    def treatment(self) -> np.ndarray:
        """Does this site have the measure in this period? Boolean, shape (sites, periods) of the panel."""
        panel = self.require_panel("treated site-periods", may_end=True)
        on = np.arange(len(panel.periods))[None, :] >= self.starts[:, None]
        for site in self.intervention.ended:
            row = on[panel.positions[site]]
            for start, end in self.intervention.spells(site):
                row[panel.periods.place(start) :] = True
                if end is not None:
                    row[panel.periods.place(end) :] = False
        return on

    @cached_property
    def switches_off(self) -> bool:
        """Did the measure end in a site within the periods of the data?

        Then a method that takes a site to be treated for good from its start has no answer.
        """
        if self.panel is None:
            return False
        on = self.treatment
        return bool((on[:, :-1] & ~on[:, 1:]).any())

    @cached_property
    def cohorts(self) -> tuple[str, ...]:
        """The different first treated periods, in order."""
        panel = self.require_panel("adoption dates", may_end=True)
        return tuple(
            panel.periods.labels[place] for place in sorted(set(self.starts.tolist())) if place < len(panel.periods)
        )

    @property
    def is_staggered(self) -> bool:
        """Did sites start at different times?"""
        return self.panel is not None and len(self.cohorts) > 1

    @cached_property
    def periods_before(self) -> int:
        """How many periods the earliest start has before it."""
        return int(self.starts.min()) if self.panel is not None else 1

    @cached_property
    def periods_after(self) -> tuple[str, ...]:
        """The calendar periods from the first start on.

        Where the measure ended, those after its end are among them: its effect may outlast it, and nobody
        can say beforehand for how long.
        """
        return ("after",) if self.panel is None else self.panel.periods.labels[self.periods_before :]

    @property
    def window(self) -> tuple[str, str]:
        """First and last of the periods after the first start."""
        return (self.periods_after[0], self.periods_after[-1])

    def require_panel(self, what: str, *, may_end: bool = False) -> Panel:
        """Give the panel, or say that this needs one, and one in which the measure lasts.

        Parameters
        ----------
        what : needs the panel, for the message
        may_end : does it take account of a measure that ended (see `switches_off`)? By default it does not,
            and is refused the panel: a site that no longer has the measure would count as treated
        """
        if self.panel is None:
            msg = f"{what} needs a panel (counts by site and period); this design rests on a before/after table"
            raise DesignError(msg)
        if not may_end and self.switches_off:
            raise DesignError(self._ended(what))
        return self.panel

    def _ended(self, what: str) -> str:
        panel = self.require_panel(what, may_end=True)
        on = self.treatment
        off = np.argwhere(on[:, :-1] & ~on[:, 1:])
        named = [f"{panel.sites[site]} ({panel.periods.labels[period + 1]})" for site, period in off]
        return (
            f"{what} takes the measure to go on once it has begun, but it ended in {_first_places(named)}: use "
            "'local-projections', which follows a measure on and off, or data that stop before the first end"
        )

    @cached_property
    def methods_level(self) -> ScientificMethodsLevel:
        """The level on the Maryland Scientific Methods Scale (Farrington et al. 2002), derived, never typed in."""
        return grade(self)

    @cached_property
    def checks(self) -> tuple[Check, ...]:
        """What the design itself says, before anything is estimated."""
        return design_checks(self)


def _first_places(named: list[str], limit: int = 3) -> str:
    return ", ".join(named[:limit]) + (f" and {len(named) - limit} more" if len(named) > limit else "")
