"""The built-in kinds of tasks: what each says of itself, and the files that decide it."""

from typing import Any

import pytest

from evalguard.tasks import registry
from evalguard.tasks.kind import TaskContext
from tests.conftest import write_jsonl

PROMPTS = {"data": "a.jsonl", "prompt": "{{ q }}"}
JUDGED = {**PROMPTS, "criterion": "It is right.", "labelled": "labels.csv"}
CONFIGS: dict[str, dict[str, Any]] = {
    "benchmark": {"task": "hellaswag"},
    "test_set": {**PROMPTS, "target": "{{ a }}", "scorers": ("exact_match",)},
    "diversity": PROMPTS,
    "drift": PROMPTS,
    "perplexity": {"data": "a.jsonl"},
    "judge": JUDGED,
    "preference": JUDGED,
    "overfitting": {**PROMPTS, "held_out": "b.jsonl", "target": "{{ a }}"},
}
TASK_FILE = """
task: facts
include: _common.yaml
dataset_path: json
dataset_kwargs: {data_files: {test: rows.jsonl}}
test_split: test
doc_to_text: !function prompts.text
doc_to_target: "{{ a }}"
"""


def config(name, **keys):
    return registry.find_kind(name).config.model_validate({"kind": name, **CONFIGS[name], **keys})


def deciding(folder, one):
    files = registry.kind_of(one).deciding_files(
        one, TaskContext(suite="s", path=folder / "s.yaml")
    )
    return {path.name for path in files.paths}, files.complete


def test_every_kind_is_tried():
    assert CONFIGS.keys() == {kind.name for kind in registry.built_in()}


@pytest.mark.parametrize("name", CONFIGS)
def test_a_kind_is_named_as_its_config_and_its_module(name):
    kind = registry.find_kind(name)
    assert kind.name == name == config(name).kind
    assert kind.config.__module__ == f"evalguard.tasks.kinds.{name}"
    assert kind.deciding is not None or kind.files(config(name))


@pytest.mark.parametrize("name", [name for name in CONFIGS if name != "benchmark"])
def test_what_is_measured_is_known_before_a_task_is_built(tmp_path, name):
    kind, one = registry.find_kind(name), config(name)
    [task] = kind.build(one, TaskContext(suite="s", path=tmp_path / "s.yaml"))
    assert set(task.metrics) <= set(kind.metrics(one) or ())


@pytest.mark.parametrize(
    ("name", "files"),
    [
        ("test_set", {"a.jsonl"}),
        ("perplexity", {"a.jsonl"}),
        ("overfitting", {"a.jsonl", "b.jsonl"}),
        ("judge", {"a.jsonl", "labels.csv"}),
        ("preference", {"a.jsonl", "labels.csv"}),
    ],
)
def test_the_files_of_a_task_decide_it(tmp_path, name, files):
    assert deciding(tmp_path, config(name)) == (files, True)


def test_a_task_file_is_decided_by_all_that_it_reads(tmp_path):
    (tmp_path / "facts.yaml").write_text(TASK_FILE)
    (tmp_path / "_common.yaml").write_text("output_type: generate_until\n")
    (tmp_path / "prompts.py").write_text("import words\n\ndef text(doc): return doc['q']\n")
    (tmp_path / "words.py").write_text("WORDS = ()\n")
    write_jsonl(tmp_path / "rows.jsonl", [{"q": "?", "a": "!"}])
    files = {"facts.yaml", "_common.yaml", "prompts.py", "words.py", "rows.jsonl"}
    assert deciding(tmp_path, config("benchmark", task="facts.yaml")) == (files, True)


@pytest.mark.parametrize("task", ["hellaswag", "absent.yaml"])
def test_a_task_is_not_decided_by_files_alone(tmp_path, task):
    assert not deciding(tmp_path, config("benchmark", task=task))[1]
