"""``evalguard schema``: schemas that accept what the loader accepts."""

import json

import pytest
import yaml
from jsonschema import Draft202012Validator

from evalguard.cli import main
from evalguard.cli.init import PROJECT_FILES
from evalguard.cli.schema import MODELS
from evalguard.errors import ExitCode


def schema(capsys, kind: str) -> Draft202012Validator:
    """Return a validator for what the command prints."""
    assert main(["schema", kind]) == ExitCode.PASS
    content = json.loads(capsys.readouterr().out)
    Draft202012Validator.check_schema(content)
    return Draft202012Validator(content)


@pytest.mark.parametrize("kind", MODELS)
def test_every_schema_is_valid_and_describes_its_keys(capsys, kind):
    content = schema(capsys, kind).schema
    assert isinstance(content, dict)
    assert "version" in content["properties"]


def test_the_starting_project_fits_its_schemas(tmp_path, capsys):
    assert main(["init", str(tmp_path)]) == ExitCode.PASS
    capsys.readouterr()
    kinds = {"evalguard.yaml": "project", "suites": "suite", "thresholds": "thresholds"}
    for name in PROJECT_FILES:
        if name.endswith(".yaml"):
            validator = schema(capsys, kinds[name.split("/")[0]])
            validator.validate(yaml.safe_load((tmp_path / name).read_text()))


@pytest.mark.parametrize(
    ("margin", "valid"), [("5pp", True), ("0.5 %", True), ("5", False), (5, False), (0.05, False)]
)
def test_margins_need_their_unit_in_the_schema_too(capsys, margin, valid):
    gate = {"suite": "a", "metric": "b", "max_drop": margin}
    assert schema(capsys, "thresholds").is_valid({"version": 1, "gates": [gate]}) is valid


def test_a_scorer_is_a_name_or_a_mapping(capsys):
    validator = schema(capsys, "suite")
    task = {"kind": "test_set", "data": "d.jsonl", "prompt": "{{ a }}"}
    for scorer, valid in (("regex", True), ({"name": "regex"}, True), (3, False)):
        suite = {"version": 1, "tasks": [{**task, "scorers": [scorer]}]}
        assert validator.is_valid(suite) is valid


def test_an_unknown_kind_is_refused(capsys):
    assert main(["schema", "suites"]) == ExitCode.USAGE
    assert "'suites' is not one of" in capsys.readouterr().err
