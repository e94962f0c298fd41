"""An effect as bytes, and back."""

from __future__ import annotations

from evalkit.domain import Effect
from evalkit.stored import from_bytes, to_bytes

__all__ = ["effect_from_bytes", "effect_to_bytes"]


def effect_to_bytes(effect: Effect) -> bytes:
    """Lay an effect out; every number comes back as it was, to the last bit.

    Raises
    ------
    TypeError
        An estimator put something on the effect that has no stored form, see `evalkit.stored`.
    """
    return to_bytes(effect)


def effect_from_bytes(content: bytes) -> Effect:
    """Read an effect back.

    Raises
    ------
    ValueError
        The content is not what `effect_to_bytes` wrote.
    """
    found = from_bytes(content)
    if not isinstance(found, Effect):
        msg = "there is something else than an effect in this content"
        raise ValueError(msg)  # noqa: TRY004 - the content is wrong, and no argument's type
    return found
