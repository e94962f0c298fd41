"""Documents for other programs: in the form that a shipped schema promises, or not written at all."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from evalkit.errors import ReportError

if TYPE_CHECKING:
    import jsonschema_rs

__all__ = ["checked_json", "schema_of"]


def checked_json(document: Mapping[str, Any], schema: str, what: str) -> str:
    """Check a document against a shipped schema and give it as JSON text, without NaN or infinity.

    Parameters
    ----------
    document : plain values
    schema : name of the schema, such as "result"
    what : the document in words, for the message

    Raises
    ------
    ReportError
        The document is not in the form that the schema promises.
    """
    fault = next(_validator(schema).iter_errors(document), None)
    if fault is not None:
        where = ".".join(str(part) for part in fault.instance_path) or "its top"
        msg = f"{what} does not keep its own schema at {where}: {fault.message[:200]}"
        raise ReportError(msg)
    return json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def schema_of(name: str) -> dict[str, Any]:
    """Give a schema that ships with evalkit."""
    loaded: dict[str, Any] = json.loads(
        files("evalkit").joinpath(f"schemas/{name}.schema.json").read_text(encoding="utf-8")
    )
    return loaded


@cache
def _validator(name: str) -> jsonschema_rs.Validator:
    """Give what checks documents; a compiled one, as to walk a long result in Python takes longer than to make it."""
    import jsonschema_rs

    return jsonschema_rs.validator_for(schema_of(name))
