"""Evidence from files to an answer: studies read, pooled, carried to a new place, and appraised there."""

from evalkit.pooling.evidence import Evidence, Synthesis
from evalkit.pooling.file import load_evidence
from evalkit.pooling.opening import pool

__all__ = ["Evidence", "Synthesis", "load_evidence", "pool"]
