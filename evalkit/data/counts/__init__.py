"""Files of counts: what a source published by area, period and type, and what it did not."""

from evalkit.data.counts.files import read_counts
from evalkit.data.counts.laid import Counts

__all__ = ["Counts", "read_counts"]
