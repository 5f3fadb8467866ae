"""The suite files are what the code writes, hold only held-out items, and load and score."""

import json
from pathlib import Path

import pytest
import yaml

from evalguard.config import SuiteConfig, ThresholdsConfig, load_yaml
from evalguard.demo.skills import ALL_SKILLS
from evalguard.demo.suites import DATA_FILES, write_data
from evalguard.tasks.registry import kind_of

ROOT = Path(__file__).parents[2]
SUITES = ROOT / "suites" / "demo"


def test_the_committed_data_is_what_the_code_writes(tmp_path):
    write_data(tmp_path)
    committed = {path.name: path.read_text() for path in (SUITES / "data").glob("*.jsonl")}
    assert committed == {path.name: path.read_text() for path in tmp_path.iterdir()}


@pytest.mark.parametrize("name", DATA_FILES)
def test_each_file_has_enough_different_rows(name):
    rows = (SUITES / "data" / f"{name}.jsonl").read_text().splitlines()
    assert len(set(rows)) == len(rows) == DATA_FILES[name][1] >= 300
    assert DATA_FILES[name][0] in ALL_SKILLS


@pytest.mark.parametrize("path", sorted(SUITES.glob("*.yaml")), ids=lambda path: path.stem)
def test_each_suite_is_valid_and_its_files_exist(path):
    for task in load_yaml(path, SuiteConfig).tasks:
        files = kind_of(task).files(task).values()
        assert files
        assert all((path.parent / file).is_file() for file in files)


def test_the_thresholds_gate_every_suite():
    thresholds = load_yaml(ROOT / "thresholds" / "demo.yaml", ThresholdsConfig)
    assert {gate.suite for gate in thresholds.gates} == {p.stem for p in SUITES.glob("*.yaml")}


def test_a_benchmark_file_names_its_data_relative_to_itself():
    for path in (SUITES / "tasks").glob("*.yaml"):
        files = yaml.safe_load(path.read_text())["dataset_kwargs"]["data_files"]
        rows = (path.parent / files["test"]).read_text().splitlines()
        assert all("question" in json.loads(row) for row in rows)
