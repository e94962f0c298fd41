"""The names of what there is to find in a file, and what each means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

__all__ = ["FINDINGS", "Kind"]


@dataclass(frozen=True, kw_only=True)
class Kind:
    """What a finding of some name means.

    Attributes
    ----------
    says : in words, for tables
    unit : what is counted
    drops : are its rows left out of the counts? Every row of a file is counted, or is in one such finding
    """

    says: str
    unit: Literal["rows", "cells", "periods", "columns", "points", "files", "lines"] = "rows"
    drops: bool = False


FINDINGS: Mapping[str, Kind] = {
    # rows that are not counted, in the order in which they are looked for
    "unreadable-period": Kind(says="the date or period cannot be read", drops=True),
    "outside-window": Kind(says="before or after the window of the study", drops=True),
    "repeated-id": Kind(says="the same incident again", drops=True),
    "without-place": Kind(says="no area, or no point where areas are found by points", drops=True),
    "other-area": Kind(says="in an area that is not on the list of areas", drops=True),
    "other-level": Kind(says="of another level of areas, which contains or is contained in those counted", drops=True),
    "total": Kind(says="a sum of other rows", drops=True),
    "other-unit": Kind(says="a rate, or another unit than the one counted", drops=True),
    "repeated-cell": Kind(says="a second row for the same area, period and type, with the same count", drops=True),
    "revised": Kind(says="published again in a later file, which is the one counted", drops=True),
    # rows that are counted all the same
    "without-id": Kind(says="no number of the incident, so that repeats cannot be found"),
    "without-point": Kind(says="no coordinates"),
    "unknown-crime": Kind(says="a type of crime that the layout does not know"),
    # cells of files of counts: missing is not zero
    "suppressed": Kind(says="not published, to protect persons", unit="cells"),
    "missing": Kind(says="empty, or marked as not available", unit="cells"),
    "not-a-count": Kind(says="not a whole number of zero or more", unit="cells"),
    "flagged": Kind(says="published with a mark (a break, an estimate, provisional)", unit="cells"),
    # periods
    "partial-period": Kind(says="not covered to its end, or not from its beginning", unit="periods"),
    "source-gap": Kind(says="no rows from a source between periods that it has", unit="periods"),
    "source-ends": Kind(says="no rows from a source at the beginning or end of the window", unit="periods"),
    # how the file is written
    "byte-order-mark": Kind(says="the file begins with a byte-order mark", unit="files"),
    "padded-heading": Kind(says="blanks around the name of a column", unit="columns"),
    "renamed-column": Kind(says="a column has another name than in the usual edition", unit="columns"),
    "heading-not-first": Kind(says="they stand above the heading", unit="lines"),
    "padded-code": Kind(says="blanks around a code"),
    "lost-zeros": Kind(says="a code is shorter than codes are: it lost its leading zeros"),
    "two-digit-year": Kind(says="years have two digits"),
    "decimal-comma": Kind(says="a comma marks decimals", unit="cells"),
    "thousands-mark": Kind(says="thousands are marked inside numbers", unit="cells"),
    "zero-point": Kind(says="coordinates that stand for unknown, such as 0, 0", unit="points"),
    "snapped": Kind(says="points are moved for privacy", unit="points"),
}
