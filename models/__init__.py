"""The estimators that ship with evalkit, one file a family; installed as ``evalkit.models``.

``evalkit.models`` is this package, and calling it gives the names of all estimators that are installed: a
package and a function cannot share a name otherwise, as importing the one would hide the other.
"""

import sys
from types import ModuleType

if __name__ == "models":
    raise ImportError("the estimators are imported as 'evalkit.models', never as 'models'")


class _Models(ModuleType):
    def __call__(self) -> tuple[str, ...]:
        """Give the names of all estimators that are installed, in order; none is loaded."""
        from evalkit.registry import models

        return models()


sys.modules[__name__].__class__ = _Models
