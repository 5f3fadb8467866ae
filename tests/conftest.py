"""The embedded model, adapters on it, and a small project: what tests of whole checks share."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from benchmarks.random_adapters import save_adapter

pytest_plugins = ["pytester"]

# A busy machine is no defect: how long an example takes is not tested.
settings.register_profile("evalguard", deadline=None)
settings.load_profile("evalguard")

# Small models run fastest on one thread; several only wait for each other.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

SUITES = """
general: |
  version: 1
  ability: general
  tasks:
    - {kind: benchmark, task: mc.yaml}
facts: |
  version: 1
  ability: task
  tasks:
    - kind: test_set
      data: facts.jsonl
      prompt: "{{ question }}"
      target: "{{ answer }}"
      scorers: [exact_match]
      max_new_tokens: 12
"""

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

THRESHOLDS = """
version: 1
gates:
  - {name: no forgetting, suite: general, metric: acc, max_drop: 10pp}
  - {name: still knows facts, suite: facts, metric: exact_match, max_drop: 10pp}
"""

PROJECT = """
version: 1
engine: {name: hf, dtype: float32, device: cpu}
baseline: {model: BASE}
candidates:
  harmless: {adapter: adapters/harmless}
suites: [general, facts]
thresholds: release
"""


@pytest.fixture(scope="session")
def demo_model() -> Path:
    from evalguard.demo import model_path

    return model_path()


@pytest.fixture(scope="session")
def adapters(demo_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a ``harmless`` adapter, which changes next to nothing, and a harmful one."""
    folder = tmp_path_factory.mktemp("adapters")
    save_adapter(demo_model, folder / "harmless", scale=1e-2, seed=0)
    save_adapter(demo_model, folder / "harmful", scale=8.0, seed=0)
    return folder


@pytest.fixture
def project(tmp_path: Path, demo_model: Path, adapters: Path) -> Path:
    """A project over the embedded model with 80 items a suite; its candidate is harmless."""
    import yaml
    from numpy.random import default_rng

    from evalguard.demo.skills import SKILLS
    from evalguard.demo.world import distinct

    suites = tmp_path / "suites"
    suites.mkdir()
    for name, text in yaml.safe_load(SUITES).items():
        (suites / f"{name}.yaml").write_text(text)
    (suites / "mc.yaml").write_text(MC_TASK)
    facts = distinct(SKILLS["fact"], 80, rng=default_rng(3), held_out=True)
    answers = sorted({item.answer for item in facts})
    rows: list[dict[str, Any]] = [
        {"question": item.prompt, "answer": item.answer} for item in facts
    ]
    write_jsonl(suites / "facts.jsonl", rows)
    for index, row in enumerate(rows):
        others = [a for a in answers if a != row["answer"]]
        wrong = [others[(index * 7 + k * 3) % len(others)] for k in range(3)]
        row["choices"] = sorted({row["answer"], *wrong})
    write_jsonl(suites / "mc.jsonl", rows)
    (tmp_path / "thresholds").mkdir()
    (tmp_path / "thresholds" / "release.yaml").write_text(THRESHOLDS)
    (tmp_path / "evalguard.yaml").write_text(PROJECT.replace("BASE", str(demo_model)))
    shutil.copytree(adapters, tmp_path / "adapters")
    return tmp_path


@pytest.fixture
def edit(project: Path) -> Callable[[str, str, str], None]:
    """Replace a text in a file of the project."""

    def replace(file: str, old: str, new: str) -> None:
        path = project / file
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))

    return replace


def write_jsonl(path: Path, rows: list[dict[str, Any]]) -> None:
    """Write rows as JSON lines."""
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
