"""A quick look at a document beside its schema: what passes it keeps the schema.

It knows as much of JSON Schema (2020-12) as the schema of results uses. A schema with more in it, and a document that
does not pass, are left to `jsonschema`, which decides and words the fault: to import that, and to walk a long result
with it, takes longer than the result takes to make.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["surely_keeps"]

type Schema = Mapping[str, Any]
type Test = Callable[[Any], bool]

# What says nothing of a document; `then` is read with its `if`.
_REMARKS = {"$schema", "$id", "$defs", "title", "description", "then"}
_DEFINED = "#/$defs/"


def surely_keeps(document: Any, schema: Schema) -> bool:
    """Does a document keep its schema for sure? Where not, it may keep it all the same."""
    try:
        return _Tests(schema).of(schema)(document)
    except (NotImplementedError, RecursionError):  # the schema says something that is not known here
        return False


class _Tests:
    """Makes tests of schemas, each definition once."""

    def __init__(self, root: Schema) -> None:
        self.root = root
        self.defined: dict[str, Test] = {}

    def of(self, schema: Schema) -> Test:
        """Give the test of one schema."""
        parts = [self._part(name, schema) for name in schema if name not in _REMARKS]
        return parts[0] if len(parts) == 1 else lambda value: all(part(value) for part in parts)

    def _part(self, name: str, schema: Schema) -> Test:
        if name in _PLAIN:
            return _PLAIN[name](schema[name])
        made: Callable[[Schema], Test] | None = {
            "items": self._items,
            "properties": self._properties,
            "additionalProperties": self._additional,
            "allOf": self._all_of,
            "anyOf": self._any_of,
            "if": self._if,
            "$ref": self._definition,
        }.get(name)
        if made is None:
            raise NotImplementedError(name)
        return made(schema)

    def _items(self, schema: Schema) -> Test:
        each = self.of(schema["items"])
        return lambda value: not isinstance(value, list) or all(map(each, value))

    def _properties(self, schema: Schema) -> Test:
        tests = {key: self.of(part) for key, part in schema["properties"].items()}
        return lambda value: (
            not isinstance(value, dict) or all(test(value[key]) for key, test in tests.items() if key in value)
        )

    def _additional(self, schema: Schema) -> Test:
        known, wanted = schema.get("properties", {}).keys(), schema["additionalProperties"]
        rest: Test = self.of(wanted) if isinstance(wanted, dict) else lambda _: bool(wanted)
        return lambda value: not isinstance(value, dict) or all(rest(value[key]) for key in value.keys() - known)

    def _all_of(self, schema: Schema) -> Test:
        parts = [self.of(part) for part in schema["allOf"]]
        return lambda value: all(part(value) for part in parts)

    def _any_of(self, schema: Schema) -> Test:
        parts = [self.of(part) for part in schema["anyOf"]]
        return lambda value: any(part(value) for part in parts)

    def _if(self, schema: Schema) -> Test:
        asked, then = self.of(schema["if"]), self.of(schema.get("then", {}))
        return lambda value: not asked(value) or then(value)

    def _definition(self, schema: Schema) -> Test:
        name = schema["$ref"].removeprefix(_DEFINED)
        if name not in self.defined:
            found = self.root.get("$defs", {}).get(name)
            if found is None:
                raise NotImplementedError(schema["$ref"])
            self.defined[name] = self.of(found)
        return self.defined[name]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


_TYPES: dict[str, Test] = {
    "null": lambda value: value is None,
    "boolean": lambda value: isinstance(value, bool),
    "string": lambda value: isinstance(value, str),
    "integer": lambda value: _is_number(value) and value == value // 1,
    "number": _is_number,
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
}


def _typed(wanted: str | list[str]) -> Test:
    tests = [_TYPES[name] for name in ([wanted] if isinstance(wanted, str) else wanted)]
    return tests[0] if len(tests) == 1 else lambda value: any(test(value) for test in tests)


def _one_of(wanted: list[Any]) -> Test:
    if not all(each is None or isinstance(each, str) for each in wanted):
        raise NotImplementedError("enum")  # 1 equals 1.0 there, and does not equal true
    return lambda value: (value is None or isinstance(value, str)) and value in wanted


_PLAIN: dict[str, Callable[[Any], Test]] = {
    "type": _typed,
    "enum": _one_of,
    "const": lambda wanted: _one_of([wanted]),
    "minimum": lambda least: lambda value: not _is_number(value) or value >= least,
    "maximum": lambda most: lambda value: not _is_number(value) or value <= most,
    "pattern": lambda wanted: lambda value: not isinstance(value, str) or re.search(wanted, value) is not None,
    "minItems": lambda least: lambda value: not isinstance(value, list) or len(value) >= least,
    "maxItems": lambda most: lambda value: not isinstance(value, list) or len(value) <= most,
    "required": lambda keys: lambda value: not isinstance(value, dict) or all(key in value for key in keys),
}
