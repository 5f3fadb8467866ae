"""A small project on disk, which tests break in one place at a time."""

import json
from pathlib import Path

import pytest

FILES = {
    "evalguard.yaml": """\
version: 1
engine: {name: auto, dtype: bfloat16}            # auto: vllm where it is installed, else hf
baseline: {model: org/base, revision: 0123456789abcdef0123456789abcdef01234567}
candidates:
  tickets-v2: {adapter: adapters/tickets-v2}
suites: [general, tickets, format]
thresholds: release
store: .evalguard/store.db
reports: reports/
""",
    "suites/general.yaml": """\
version: 1
description: What the model knew before.
ability: general
tasks:
  - {kind: benchmark, task: mmlu, num_fewshot: 5, limit: 500}
  - {kind: benchmark, task: facts.yaml}
""",
    "suites/facts.yaml": "task: facts\n",
    "suites/tickets.yaml": """\
version: 1
ability: task
tasks:
  - kind: test_set
    data: data/tickets.jsonl
    prompt: "Classify this ticket: {{ ticket }}"
    target: "{{ answer }}"
    scorers: [exact_match]
    stop: ["\\n"]
""",
    "suites/format.yaml": """\
version: 1
ability: format
tasks:
  - kind: test_set
    name: extraction
    data: data/tickets.jsonl
    messages: messages
    target: "{{ answer }}"
    scorers: [json_valid, {name: contains, options: {ignore_case: true}}]
    temperature: 0.7
    repeats: 4
""",
    "suites/data/tickets.jsonl": json.dumps({"ticket": "It is broken.", "answer": "hardware"})
    + "\n",
    "thresholds/release.yaml": """\
version: 1
confidence_level: 0.95
on_inconclusive: fail
gates:
  - {name: no catastrophic forgetting, suite: general, metric: acc, max_drop: 5%}
  - {name: the task got better, suite: tickets, metric: exact_match, min_gain: 2pp}
  - {suite: format, task: extraction, metric: json_valid, max_drop: 0.5pp, min: 0.95,
     role: tripwire}
""",
}


@pytest.fixture
def project(tmp_path, monkeypatch) -> Path:
    """Return the folder of a right project, which is also the working directory."""
    for name, content in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def edit(project):
    """Replace text in one of the project's files; the text must stand there."""

    def replace(name: str, old: str, new: str) -> None:
        content = (project / name).read_text()
        assert old in content
        (project / name).write_text(content.replace(old, new))

    return replace
