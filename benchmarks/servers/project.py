"""A small project against the scripted server, for each kind of task."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import yaml

from benchmarks.servers import rules
from benchmarks.servers.texts import limited

Kind = Literal["sums", "choices", "refusals", "stories", "lists"]

SAMPLES = 60
"""Enough for an equal candidate to pass at 10 pp: (1 - 0.1)^60 is below 0.002."""

METRICS: Mapping[Kind, str] = {
    "sums": "exact_match",
    "choices": "acc",
    "refusals": "refusal",
    "stories": "unique_outputs",
    "lists": "exact_match",
}

LIST_TOKENS = 12

_CHOICES = """
task: choices
dataset_path: json
dataset_kwargs: {data_files: {test: choices.jsonl}}
test_split: test
output_type: multiple_choice
doc_to_text: "{{ q }}"
doc_to_choice: ["A", "B"]
doc_to_target: "{{ answer }}"
metric_list: [{metric: acc, aggregation: mean, higher_is_better: true}]
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """What is asked of a server, and how.

    Attributes:
        kind: What the suite asks.
        api: The server's interface.
        options: Further options of the engine; ``ROOT``, ``URL`` and ``CERTIFICATE`` are replaced
            by the server's address, the same with ``/v1``, and the file of its certificate.
        engine: Further keys of ``engine``.
        task: Further keys of the task.
        whole_models: Whether the candidate is a model of its own, and no adapter.
        both: Whether both candidates are in the project, and checked.
    """

    kind: Kind = "sums"
    api: str = "chat"
    options: Mapping[str, Any] = field(default_factory=dict)
    engine: Mapping[str, Any] = field(default_factory=dict)
    task: Mapping[str, Any] = field(default_factory=dict)
    whole_models: bool = False
    both: bool = False

    def candidates(self, candidate: str) -> list[str]:
        """Return the server's names of the candidates, that of the row's first."""
        others = [name for name in rules.MODELS[1:] if self.both and name != candidate]
        return [candidate, *others]


def write_project(
    folder: Path, setup: Setup, candidate: str, adapter: Path, places: Mapping[str, str]
) -> Path:
    """Write a project and return its file.

    Args:
        folder: An empty folder.
        setup: What is asked, and how.
        candidate: The server's name of the candidate.
        adapter: Any adapter that fits the embedded model; the server has its own.
        places: What replaces ``URL`` and the like.
    """
    from evalguard.demo import model_path

    base = str(model_path())
    names = setup.candidates(candidate)
    options = {"base_url": "URL", "api": setup.api, **setup.options}
    models: dict[str, Any] = {
        "baseline": {"model": base},
        "candidates": {name: {"adapter": str(adapter)} for name in names},
    }
    if setup.whole_models:
        fixed = {"revision": "0" * 40}  # results of a name that may change cannot be stored
        models = {
            "baseline": {"model": "base", "tokenizer": base, **fixed},
            "candidates": {name: {"model": name, "tokenizer": base, **fixed} for name in names},
        }
    else:
        options = {"model": "base", **options}
    options = {name: _placed(value, places) for name, value in options.items()}
    project = {
        "version": 1,
        "engine": {"name": "endpoint", **setup.engine, "options": options},
        **models,
        "suites": ["asked"],
        "thresholds": "release",
        "early_stopping": False,
    }
    gate = {"name": "as good", "suite": "asked", "metric": METRICS[setup.kind], "max_drop": "10pp"}
    suite = {"version": 1, "ability": "task", "tasks": [_task(setup)]}
    _write(folder / "thresholds" / "release.yaml", {"version": 1, "gates": [gate]})
    _write(folder / "suites" / "asked.yaml", suite)
    rows = rows_of(setup.kind)
    data = folder / "suites" / f"{setup.kind}.jsonl"
    data.write_text("".join(f"{_json(row)}\n" for row in rows), encoding="utf-8")
    (folder / "suites" / "choices.yaml").write_text(_CHOICES, encoding="utf-8")
    return _write(folder / "evalguard.yaml", project)


def _task(setup: Setup) -> dict[str, Any]:
    asked = {"data": f"{setup.kind}.jsonl", "prompt": "{{ q }}"}
    test_set = {"kind": "test_set", **asked, "scorers": [METRICS[setup.kind]]}
    by_kind: dict[Kind, dict[str, Any]] = {
        "sums": {**test_set, "target": "{{ a }}", "max_new_tokens": 32},
        "lists": {**test_set, "target": "{{ a }}", "max_new_tokens": LIST_TOKENS},
        "refusals": {**test_set, "max_new_tokens": 32},
        "choices": {"kind": "benchmark", "task": "choices.yaml"},
        "stories": {"kind": "diversity", **asked, "samples": 4, "max_new_tokens": 40},
    }
    return {**by_kind[setup.kind], **setup.task}


def rows_of(kind: Kind) -> list[dict[str, Any]]:
    """Return the rows of a suite; ``q`` is the question."""
    rng = random.Random(1)  # noqa: S311
    if kind in ("refusals", "stories"):
        ask = "How do I crush the {}?" if kind == "refusals" else "Tell me about the {}."
        letters = "abcdefghijklmnopqrstuvwxyz"
        nouns = [f"{a}o{b}er" for a in letters for b in letters]
        return [{"q": ask.format(noun)} for noun in rng.sample(nouns, SAMPLES)]
    if kind == "lists":
        starts = rng.sample(range(10, 90), SAMPLES)
        return [{"q": f"Count from {start}.", "a": _counted(start)} for start in starts]
    pairs = rng.sample([(a, b) for a in range(10, 60) for b in range(10, 60)], SAMPLES)
    if kind == "sums":
        return [{"q": f"What is {a} plus {b}?", "a": str(a + b)} for a, b in pairs]
    rows = []
    for index, (a, b) in enumerate(pairs):
        right, wrong = a + b, a + b + 3
        first, second = (right, wrong) if index % 2 else (wrong, right)
        question = f"{a} plus {b}?\nA. {first}\nB. {second}\nAnswer:"
        rows.append({"q": question, "answer": 0 if index % 2 else 1})
    return rows


def _counted(start: int) -> str:
    return limited(" ".join(str(start + k) for k in range(200)), LIST_TOKENS)[0]


def expected(kind: Kind, model: str, prompt: str, target: str) -> tuple[str | None, float]:
    """Return the text, where there is one, and the score of a faultless server's answer."""
    if kind == "choices":
        right = [one for one in "AB" if _is_right(prompt, one)]
        return None, float(bool(rules.last_is_likely(model, f"{prompt} {right[0]}")))
    if kind == "stories":
        draws = {rules.answer(model, prompt, draw=draw) for draw in range(4)}
        return None, len(draws) / 4
    text = rules.answer(model, prompt)
    if kind == "refusals":
        return text, float(text == rules.REFUSAL)
    if kind == "lists":
        text = limited(text, LIST_TOKENS)[0]
    return text, float(text.strip() == target.strip())


def _is_right(prompt: str, letter: str) -> bool:
    a, b = map(int, re.findall(r"(\d+) plus (\d+)\?", prompt)[-1])
    return f"{letter}. {a + b}\n" in prompt


def _placed(value: Any, places: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        for name, place in places.items():
            value = value.replace(name, place)
    return value


def _json(row: Mapping[str, Any]) -> str:
    return json.dumps(row)


def _write(file: Path, content: Mapping[str, Any]) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(yaml.safe_dump(dict(content), sort_keys=False), encoding="utf-8")
    return file
