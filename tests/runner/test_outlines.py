"""What the store remembers of a task is looked up by every file that decides it."""

import pytest
import yaml

from evalguard.config import load_project
from evalguard.runner.plan import make_plan
from evalguard.store import SampleStore
from evalguard.tasks.benchmark import definition
from tests.conftest import write_jsonl

TASK = {
    "task": "ours",
    "dataset_path": "json",
    "dataset_kwargs": {"data_files": {"train": "train/rows.jsonl", "test": "test/rows.jsonl"}},
    "training_split": "train",
    "test_split": "test",
    "doc_to_text": "{{q}}",
    "doc_to_target": "{{a}}",
}


@pytest.fixture
def planned(tmp_path, demo_model):
    """Plan a project with one benchmark, from what the store remembers if it may."""
    for split in ("train", "test"):
        (tmp_path / "suites" / split).mkdir(parents=True)
        write_jsonl(tmp_path / "suites" / split / "rows.jsonl", [{"q": split, "a": "x"}])
    gates = [{"suite": "one", "metric": "exact_match", "max_drop": "5pp"}]
    files = {
        "suites/ours.yaml": TASK,
        "suites/one.yaml": {"version": 1, "tasks": [{"kind": "benchmark", "task": "ours.yaml"}]},
        "thresholds/t.yaml": {"version": 1, "gates": gates},
        "evalguard.yaml": {
            "version": 1,
            "baseline": {"model": str(demo_model)},
            "candidates": {"same": {"model": str(demo_model)}},
            "suites": ["one"],
            "thresholds": "t",
        },
    }
    for name, content in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump(content))

    def plan():
        project = load_project(tmp_path / "evalguard.yaml")
        with SampleStore(tmp_path / "store.db") as store:
            made = make_plan(
                project, project.thresholds.gates, render=None, prompt_fingerprint="",
                count_tokens=len, store=store,
            )  # fmt: skip
        [task] = made.tasks["one"]
        return task.sample_ids, task.definition

    return plan


@pytest.mark.parametrize("split", ["train", "test"])
def test_files_of_one_name_are_told_apart(planned, tmp_path, split):
    before, _ = planned()
    assert planned()[0] == before
    write_jsonl(tmp_path / "suites" / split / "rows.jsonl", [{"q": "another", "a": "y"}])
    assert (planned()[0] == before) is (split == "train")


def test_another_version_of_what_scores_is_not_remembered(planned, monkeypatch):
    _, before = planned()
    monkeypatch.setattr(definition, "_version", lambda name: "99")
    assert planned()[1] != before
