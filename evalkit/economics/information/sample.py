"""What it is worth to learn more about the effect before deciding: a longer pilot, or more sites.

More data sharpen the effect. How much follows from what made the present error: a part that passes from month
to month and shrinks with the time that is observed, and a part that lasts at a site and shrinks with sites
only. What is then expected of net benefit lies closer to its present mean than it would with perfect knowledge,
by the root of the share of the variance that goes (moment matching: Heath, Manolopoulou and Baio 2018,
doi:10.1177/0272989X17738515; exact where net benefit is linear in a normal effect).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evalkit.draws import FloatArray, is_number
from evalkit.economics.information.partial import expected_given
from evalkit.economics.information.perfect import expected_value_of_perfect_information, value_of_deciding
from evalkit.errors import CostError

__all__ = ["Observed", "expected_value_of_sample_information"]


@dataclass(frozen=True, kw_only=True)
class Observed:
    """What the present estimate of the effect rests on.

    Attributes
    ----------
    sites : that were treated
    months : under the measure, on average by treated site
    share_lasting : of the error's variance that is due to shifts which last at a site. It falls with sites and
        not with months. By default 0, where a longer pilot teaches most, so that its worth is an upper bound
    """

    sites: float
    months: float
    share_lasting: float = 0.0

    def __post_init__(self) -> None:
        for name in ("sites", "months"):
            if not is_number(getattr(self, name)) or getattr(self, name) <= 0:
                raise CostError(f"{name} that were observed is a number above zero; there is {getattr(self, name)!r}")
        if not is_number(self.share_lasting) or not 0 <= self.share_lasting <= 1:
            raise CostError(f"share_lasting is a share between 0 and 1; there is {self.share_lasting!r}")

    def variance_resolved(self, *, months: float = 0.0, sites: float = 0.0) -> float:
        """Give the share of the effect's variance that more data take away, between 0 and 1.

        Parameters
        ----------
        months : for which all treated sites are observed longer
        sites : that are added, with as many comparison sites for each as there are now. They are observed for
            `months`, or as long as the present ones were where `months` is 0

        >>> Observed(sites=4, months=12).variance_resolved(months=12)
        0.5
        >>> Observed(sites=4, months=12, share_lasting=0.5).variance_resolved(months=12)
        0.25
        """
        if months < 0 or sites < 0:
            raise CostError(f"more months and sites are zero or more; there is {months} and {sites}")
        # in units of the present variance: of one site for a month, passing, and of one site, lasting
        passing, lasting = (1 - self.share_lasting) * self.sites * self.months, self.share_lasting * self.sites
        present = self.sites / (lasting + passing / (self.months + months))
        added = sites / (lasting + passing / (months or self.months))
        return 1 - 1 / (present + added)


def expected_value_of_sample_information(
    net_benefit: FloatArray, effects: FloatArray, resolved: Sequence[float]
) -> tuple[float, ...]:
    """Give what it is worth to learn more about the effects before deciding (EVSI), for each share resolved.

    It is 0 where nothing is resolved, rises with the share, and ends at the value of knowing the effects.

    Parameters
    ----------
    net_benefit : shape (draws,) against doing without the measure, or (draws, options)
    effects : what the new data speak of, shape (draws,) or (draws, effects); rows go with net benefit. The
        present draws are what is believed before the new data come
    resolved : shares of the variance of the effects that go, from 0 to 1, such as `Observed.variance_resolved`
    """
    faulty = [share for share in resolved if not 0 <= share <= 1]
    if faulty:
        raise CostError(f"a share of the variance lies between 0 and 1; there is {faulty[0]!r}")
    known = expected_given(net_benefit, effects, name="effects")
    middle = known.mean(axis=0)
    most = expected_value_of_perfect_information(net_benefit)
    values = (value_of_deciding(np.asarray(middle + math.sqrt(s) * (known - middle))) for s in resolved)
    return tuple(min(value, most) for value in values)
