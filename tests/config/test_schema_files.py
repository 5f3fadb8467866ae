"""A suite's schema may stand in a file beside it."""

import json

from evalguard.config.loading import load_yaml
from evalguard.config.schema_files import with_schema_files
from evalguard.config.suite import SuiteConfig
from evalguard.tasks.kinds.test_set import TestSetConfig

SUITE = """
version: 1
tasks:
  - kind: test_set
    data: rows.jsonl
    prompt: "{{ q }}"
    scorers: [json_valid, {name: json_schema, options: {schema: schemas/order.json}}]
  - {kind: perplexity, data: text.jsonl}
"""


def suite(folder):
    path = folder / "orders.yaml"
    path.write_text(SUITE, encoding="utf-8")
    return load_yaml(path, SuiteConfig), path


def test_the_file_is_read_relative_to_the_suite(tmp_path):
    (tmp_path / "schemas").mkdir()
    (tmp_path / "schemas" / "order.json").write_text(
        json.dumps({"type": "array"}), encoding="utf-8"
    )
    config, files, problems = with_schema_files(*suite(tmp_path))
    assert not problems
    assert files == (tmp_path / "schemas" / "order.json",)
    task = config.tasks[0]
    assert isinstance(task, TestSetConfig)
    assert [one.options for one in task.scorers] == [{}, {"schema": {"type": "array"}}]


def test_a_missing_file_is_a_problem_of_the_suite(tmp_path):
    config, path = suite(tmp_path)
    _, _, (problem,) = with_schema_files(config, path)
    assert problem.file == str(path)
    assert problem.key == "tasks[0].scorers[1].options.schema"
    assert "no such file" in problem.message


def test_files_that_a_schema_refers_to_are_listed_with_it(tmp_path):
    contents = {
        "order.json": {"items": {"$ref": "parts/line.json"}},
        "parts/line.json": {"$ref": "../price.yaml#/cents", "$defs": {"self": {"$ref": "#"}}},
        "price.yaml": {"cents": {"type": "integer"}},
    }
    for name, content in contents.items():
        file = tmp_path / "schemas" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(content))
    _, files, problems = with_schema_files(*suite(tmp_path))
    assert not problems
    assert {*files} == {tmp_path / "schemas" / name for name in contents}
