"""Schemas that stand in files end up in the option, with all that they refer to."""

import json

import pytest

from evalguard import scorers
from evalguard.scorers.schema_files import with_files

ORDER = {
    "type": "object",
    "properties": {"lines": {"type": "array", "items": {"$ref": "line.json"}}},
}
LINE = {
    "type": "object",
    "properties": {"sku": {"$ref": "#/$defs/sku"}, "next": {"$ref": "../parts/line.json"}},
    "required": ["sku"],
    "$defs": {"sku": {"type": "string"}},
}


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "order.json").write_text(json.dumps(ORDER), encoding="utf-8")
    (tmp_path / "parts" / "line.json").write_text(json.dumps(LINE), encoding="utf-8")
    (tmp_path / "list.json").write_text("[1]", encoding="utf-8")
    (tmp_path / "broken.json").write_text("{", encoding="utf-8")
    return tmp_path


GOOD = {"lines": [{"sku": "B-2", "next": {"sku": "C"}}]}
BAD = {"lines": [{"sku": "B-2", "next": {"sku": 5}}]}


@pytest.mark.parametrize(
    ("schema", "wrap"),
    [
        ("parts/order.json", lambda value: value),
        ({"properties": {"order": {"$ref": "parts/order.json"}}}, lambda value: {"order": value}),
        (
            {
                "$schema": "http://json-schema.org/draft-07/schema#",
                "properties": {"order": {"$ref": "parts/order.json#"}},
            },
            lambda value: {"order": value},
        ),
        (
            {"properties": {"s": {"$ref": "parts/line.json#/$defs/sku"}}},
            lambda value: {"s": value["lines"][0]["next"]["sku"]},
        ),
    ],
)  # fmt: skip
def test_files_are_held_to(folder, schema, wrap):
    scorer = scorers.get("json_schema", schema=with_files(schema, folder))
    assert scorer.score(json.dumps(wrap(GOOD)), "", {})["json_schema"] == 1
    assert scorer.score(json.dumps(wrap(BAD)), "", {})["json_schema"] == 0


def test_a_changed_file_is_a_changed_option(folder):
    before = with_files("parts/order.json", folder)
    (folder / "parts" / "line.json").write_text('{"type": "object"}', encoding="utf-8")
    after = with_files("parts/order.json", folder)
    assert before != after
    assert str(folder) not in json.dumps(before), "paths of a machine are no part of a score"
    versions = {scorers.get("json_schema", schema=one).version for one in (before, after)}
    assert len(versions) == 2


def test_a_schema_without_files_stays_as_it_is(folder):
    schema = {"$ref": "#/$defs/a", "$defs": {"a": {"type": "integer"}}}
    assert with_files(schema, folder) == schema
    assert with_files(3, folder) == 3


@pytest.mark.parametrize(
    ("schema", "reason"),
    [
        ("none.json", "no such file: .*none.json"),
        ({"$ref": "none.json"}, "no such file: .*none.json"),
        ("list.json", "list.json: a JSON schema is a mapping, not list"),
        ("broken.json", "broken.json: not JSON or YAML"),
    ],
)
def test_files_that_cannot_be_used(folder, schema, reason):
    with pytest.raises(ValueError, match=reason):
        with_files(schema, folder)
