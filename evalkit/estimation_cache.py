"""Estimates of an earlier run, kept by the content of everything that they rest on.

A run that changes a cost and nothing else finds its estimates here. The key is a hash of the design's data, the
estimator with its options, seed and number of draws, the code of the estimators and the versions of the libraries.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from evalkit.domain import Effect
from evalkit.evaluation import library_versions
from evalkit.kept import Kept, code_key, content_key
from evalkit.stored_effect import effect_from_bytes, effect_to_bytes

__all__ = ["EstimationCache"]

# What estimators are made of, next to their own module.
_CODE = ("models", "domain", "draws.py", "stored.py", "stored_effect.py", "quantiles.py")


@dataclass(frozen=True, kw_only=True)
class EstimationCache(Kept):
    """Effects by key in a folder."""

    ending: str = ".effect"

    def effect(self, parts: Sequence[Any], make: Callable[[], Effect]) -> Effect:
        """Give the effect that was kept of these parts, or make it and keep it.

        What is there and cannot be read is made anew; what has no key, no stored form, or no folder that can be
        written, is made every time.

        Parameters
        ----------
        parts : all that the effect rests on, see `content_key`
        """
        key = content_key(code_key(*_CODE), library_versions(), *parts)
        if key is None:
            return make()
        found = self.read(key, effect_from_bytes)
        if found is not None:
            return found
        found = make()
        with suppress(TypeError):
            self.write(key, effect_to_bytes(found))
        return found
