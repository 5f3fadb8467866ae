"""The project that faults are planted in: it passes, and its samples are in its store."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from benchmarks.projects import write_project
from benchmarks.random_adapters import save_adapter

ROWS = 100

MC_TASK = """
task: mc
dataset_path: json
dataset_kwargs: {data_files: {test: mc.jsonl}}
test_split: test
output_type: multiple_choice
doc_to_text: "{{question}}"
doc_to_choice: "{{choices}}"
doc_to_target: "{{choices.index(answer)}}"
metric_list:
  - {metric: acc, aggregation: mean, higher_is_better: true}
"""

FACTS = {
    "kind": "test_set",
    "data": "facts.jsonl",
    "prompt": "{{ question }}",
    "target": "{{ answer }}",
    "scorers": ["exact_match"],
    "max_new_tokens": 12,
}

GATES = (
    {"name": "no forgetting", "suite": "general", "metric": "acc", "max_drop": "10pp"},
    {"name": "still knows facts", "suite": "facts", "metric": "exact_match", "max_drop": "10pp"},
)


def make_project(folder: Path) -> Path:
    """Write the project, with a ``harmless`` adapter under test and a ``harmful`` one beside it.

    The base is a copy of the embedded model, so that faults can be planted in it.
    """
    from evalguard.demo import model_path

    base = folder / "models" / "base"
    shutil.copytree(model_path(), base)
    save_adapter(base, folder / "adapters" / "harmless", scale=1e-2, seed=0)
    save_adapter(base, folder / "adapters" / "harmful", scale=8.0, seed=0)
    write_project(
        folder,
        engine={"name": "hf", "dtype": "float32", "device": "cpu"},
        baseline={"model": "models/base"},
        candidates={"v2": {"adapter": "adapters/v2"}},
        suites={
            "general": {
                "ability": "general",
                "tasks": [{"kind": "benchmark", "task": "mc.yaml"}],
            },
            "facts": {"ability": "task", "tasks": [FACTS]},
        },
        gates=GATES,
    )
    shutil.copytree(folder / "adapters" / "harmless", folder / "adapters" / "v2")
    (folder / "suites" / "mc.yaml").write_text(MC_TASK, encoding="utf-8")
    rows = list(facts())
    write_jsonl(folder / "suites" / "facts.jsonl", rows)
    write_jsonl(folder / "suites" / "mc.jsonl", with_choices(rows))
    return folder


def facts() -> Iterable[dict[str, Any]]:
    """Yield questions that the embedded model answers."""
    from numpy.random import default_rng

    from evalguard.demo.skills import SKILLS
    from evalguard.demo.world import distinct

    for item in distinct(SKILLS["fact"], ROWS, rng=default_rng(3), held_out=True):
        yield {"question": item.prompt, "answer": item.answer}


def with_choices(rows: list[dict[str, Any]]) -> Iterable[dict[str, Any]]:
    """Yield the same questions with four choices each."""
    answers = sorted({row["answer"] for row in rows})
    for index, row in enumerate(rows):
        others = [answer for answer in answers if answer != row["answer"]]
        wrong = [others[(index * 7 + k * 3) % len(others)] for k in range(3)]
        yield row | {"choices": sorted({row["answer"], *wrong})}


def write_jsonl(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write rows as JSON lines."""
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
