"""What the store remembers of a task is looked up by every file that decides it."""

import json
import sqlite3

import pytest
import yaml

from evalguard.config import load_project
from evalguard.errors import StoreError
from evalguard.runner.models import ModelPool
from evalguard.runner.plan import make_plan
from evalguard.store import SampleStore
from evalguard.tasks.benchmark import definition
from tests.conftest import write_jsonl
from tests.store.tampering import forge_facts

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
                project, project.thresholds.gates, render=None, rendering="",
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
    monkeypatch.setattr(definition, "state_of_module", lambda name: "99")
    assert planned()[1] != before


@pytest.mark.parametrize("task", ["ours", "facts"])
def test_prompts_rendered_in_another_way_are_not_remembered(planned, tmp_path, task):
    path = tmp_path / "evalguard.yaml"
    if task == "facts":
        write_jsonl(tmp_path / "suites" / "facts.jsonl", [{"q": "q", "a": "a"}])
        facts = {
            "kind": "test_set",
            "data": "facts.jsonl",
            "prompt": "{{ q }}",
            "target": "{{ a }}",
            "scorers": ["exact_match"],
        }
        (tmp_path / "suites/one.yaml").write_text(yaml.safe_dump({"version": 1, "tasks": [facts]}))
    options = {"api": "chat", "base_url": "http://127.0.0.1:9/v1"}
    server = {"name": "endpoint", "options": options}
    plain = yaml.safe_load(path.read_text())
    told = plain["baseline"]["model"]
    served = {"baseline": {"model": "m", "tokenizer": told}, "engine": server}
    ways = [
        {"chat_template": "auto"},
        {"chat_template": True},
        {"chat_template": False},
        {"chat_template": True, **served},
        {"chat_template": False, **served},
    ]
    renderings, ids = [], []
    for way in ways:
        path.write_text(yaml.safe_dump(plain | way))
        project = load_project(path)
        with (
            SampleStore(tmp_path / "store.db") as store,
            ModelPool(project, ["baseline"], store) as pool,
        ):
            made = make_plan(
                project, project.thresholds.gates, render=pool.prompts.render,
                rendering=pool.prompts.rendering, count_tokens=len, store=store,
            )  # fmt: skip
            [one] = made.tasks["one"]
            renderings.append(pool.prompts.rendering)
            prompt = one.prepared(one.sample_ids[0]).instances[0].arguments[0]
            ids.append((one.sample_ids, prompt))
    assert renderings[0] == renderings[1]
    assert renderings[2] == renderings[4]
    assert len(set(renderings)) == 3
    templated, plain_prompt, message = (ids[index][1] for index in (0, 2, 3))
    assert ids[0] == ids[1]
    assert ids[2] == ids[4]
    assert templated != plain_prompt == message  # a single message is sent as its text


def _without(key):
    return lambda outline: outline.pop(key)


@pytest.mark.parametrize(
    "damage",
    [
        *map(_without, ("metrics", "sample_ids", "definition", "max_new_tokens", "runs_code")),
        lambda outline: outline.update(runs_code="no"),
        lambda outline: outline.update(sample_ids=3),
        lambda outline: outline.update(sample_ids=[1] * len(outline["rows"])),
        lambda outline: outline["rows"].append(7),
        lambda outline: outline.update(max_new_tokens="9"),
        lambda outline: outline.update(metrics=["exact_match"]),
        lambda outline: outline.update(metrics=None),
    ],
)
def test_what_is_no_outline_is_one_error(planned, tmp_path, damage):
    planned()
    with sqlite3.connect(tmp_path / "store.db") as store:
        [text] = store.execute("select value from evalguard_facts where name='outlines'").fetchone()
    outlines = json.loads(text.partition("\n")[0])
    damage(outlines[0])
    assert forge_facts(tmp_path / "store.db", "outlines", json.dumps(outlines)) == 1
    with pytest.raises(StoreError, match=r"record of a task .* is damaged or was edited"):
        planned()


@pytest.mark.parametrize("value", ["3", "true", '"text"', '{"suite": 1}', "[null]", "[[]]"])
def test_what_is_no_list_of_outlines_is_one_error(planned, tmp_path, value):
    planned()
    assert forge_facts(tmp_path / "store.db", "outlines", value) == 1
    with pytest.raises(StoreError, match=r"record of a task .* is damaged or was edited"):
        planned()
