"""The quick look at a result lets nothing through that `jsonschema` refuses."""

import copy
import json
from importlib.resources import files

import jsonschema
import pytest

import evalkit as ek
from evalkit.errors import ReportError
from evalkit.result import result_document, result_text
from evalkit.schema_walk import surely_keeps

SCHEMA = json.loads(files("evalkit").joinpath("schemas/result.schema.json").read_text(encoding="utf-8"))
VALUES = (None, True, 1, 1.0, -5, 2.5, "", "x", [], {}, [None], {"a": 1})


@pytest.fixture(scope="module")
def document(repo):
    """The result of a study with an appraisal, options and everything that is reckoned unasked."""
    return json.loads(result_text(result_document(ek.load_study(repo / "studies" / "hot_spots_table").run(draws=200))))


def places(value, above=()):
    """Give the way to every part of a document; of lists only to the first two entries, as the others are alike."""
    yield above
    inner = value.items() if isinstance(value, dict) else enumerate(value[:2]) if isinstance(value, list) else ()
    for key, part in inner:
        yield from places(part, (*above, key))


def changes(document):
    """Give the document with one part replaced, left out, or added, and what was done; parts from all over it."""
    every = list(places(document))[1:]
    for turn, (*above, last) in enumerate(every[:: 1 + len(every) // 80]):
        for kind, value in (("is", VALUES[turn % len(VALUES)]), ("is", 3), ("without", None), ("added", 1)):
            changed = copy.deepcopy(document)
            part = changed
            for key in above:
                part = part[key]
            if kind == "is":
                part[last] = value
            elif kind == "without":
                del part[last]
            elif isinstance(part, dict):
                part["unknown"] = value
            yield (*above, last, kind, value), changed


def test_it_agrees_with_jsonschema_about_every_changed_part(document):
    """A result with another value, a part too few or one too many is accepted by both or by neither."""
    known = jsonschema.Draft202012Validator(SCHEMA)
    assert surely_keeps(document, SCHEMA)
    assert known.is_valid(document)
    seen = {True: 0, False: 0}
    for what, changed in changes(document):
        accepted = known.is_valid(changed)
        assert surely_keeps(changed, SCHEMA) == accepted, what
        seen[accepted] += 1
    assert min(seen.values()) > 20


@pytest.mark.parametrize(
    ("schema", "document"),
    [
        ({"not": {"type": "null"}}, 1),
        ({"oneOf": [{"type": "integer"}]}, 1),
        ({"patternProperties": {"a": {"type": "string"}}}, {}),
        ({"if": {"not": {}}, "then": {"type": "string"}}, 1),
        ({"enum": [1, "a"]}, 1),
        ({"$ref": "elsewhere.json"}, 1),
        ({"$ref": "#/$defs/self", "$defs": {"self": {"items": {"$ref": "#/$defs/self"}}}}, []),
    ],
)
def test_what_it_does_not_know_it_leaves_to_jsonschema(schema, document):
    """A keyword that somebody adds to the schema is never passed over."""
    assert not surely_keeps(document, schema)


@pytest.mark.parametrize(
    ("schema", "document"),
    [
        ({"type": "integer"}, 1.0),
        ({"type": "integer"}, 1.5),
        ({"type": "number"}, True),
        ({"minimum": 1}, "a"),
        ({"minimum": 1}, 0.5),
        ({"maximum": 1}, True),
        ({"pattern": "^a"}, "ba"),
        ({"pattern": "^a"}, 3),
        ({"minItems": 1}, []),
        ({"maxItems": 1}, [1, 2]),
        ({"const": "a"}, "b"),
        ({"enum": ["a", None]}, None),
        ({"required": ["a"]}, []),
        ({"allOf": [{"type": "string"}, {"enum": ["a"]}]}, "b"),
        ({"if": {"type": "string"}, "then": {"enum": ["a"]}}, "b"),
        ({"if": {"type": "string"}, "then": {"enum": ["a"]}}, 3),
        ({"additionalProperties": {"type": "null"}, "properties": {"a": {}}}, {"a": 1, "b": 2}),
        ({}, 1),
    ],
)
def test_each_keyword_means_what_it_means_there(schema, document):
    """Numbers that are whole, truth values that are no numbers, and keywords that speak of another type."""
    assert surely_keeps(document, schema) == jsonschema.Draft202012Validator(schema).is_valid(document)


def test_a_fault_is_still_named(document):
    """With its place, by the library."""
    with pytest.raises(ReportError, match=r"at \$\.study\.title: 3 is not of type 'string'"):
        result_text(document | {"study": document["study"] | {"title": 3}})
