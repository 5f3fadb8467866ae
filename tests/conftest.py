"""The embedded model, adapters on it, and a small project: what tests of whole checks share."""

from __future__ import annotations

import fcntl
import gc
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from benchmarks.random_adapters import save_adapter
from evalguard.engines.base import BASE
from evalguard.engines.fake import FakeEngine
from tests.scripted_engine import Script, installed_script, knows

pytest_plugins = ["pytester"]

# A busy machine is no defect: how long an example takes is not tested. The examples are those of
# every other run of the same test, so that a change fails for what it changed.
settings.register_profile(
    "evalguard",
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("evalguard")

# Small models run fastest on one thread; several only wait for each other.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.environ.setdefault("EVALGUARD_STRICT", "1")  # what is read, but in no key, is an error

# Ten thousand tests and the libraries that they import are never garbage, but make each search for
# it take a third of a second: the searches of a collection, and that of each engine that is closed.
gc.disable()
_MODULES_BETWEEN_FREEZES = 100
_frozen_modules = [0]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the tests that share a started vLLM run first, where no other process takes one."""
    items.sort(key=lambda item: "vllm_engine" not in getattr(item, "fixturenames", ()))


def pytest_collection_finish() -> None:
    """Look for garbage from now on, and not among the tests."""
    gc.enable()
    gc.freeze()


def pytest_runtest_logfinish() -> None:
    """Leave what newly imported libraries made out of the search as well."""
    if len(sys.modules) > _frozen_modules[0] + _MODULES_BETWEEN_FREEZES:
        _frozen_modules[0] = len(sys.modules)
        gc.collect()
        gc.freeze()


def pytest_sessionfinish() -> None:
    """Let Python take apart at its end what was left out."""
    gc.unfreeze()


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


ADAPTERS = ("adapters/harmless", "adapters/harmful")

Making = Callable[[Path], object]
"""Fills a folder."""


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


@pytest.fixture(scope="session")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, Making, Path], Path]:
    """Copy a folder that the first test that needs it makes, in whichever process it runs."""
    root = tmp_path_factory.getbasetemp()
    shared = root.parent if "PYTEST_XDIST_WORKER" in os.environ else root

    def copy(name: str, make: Making, folder: Path) -> Path:
        made = shared / f"made {name}"
        with (shared / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not made.exists():
                make(unfinished := tmp_path_factory.mktemp("making"))
                unfinished.rename(made)
        return Path(shutil.copytree(made, folder, dirs_exist_ok=True))

    return copy


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


@pytest.fixture
def answered(project: Path, made_once: Callable[[str, Making, Path], Path]) -> Path:
    """The project with the answers of its adapters stored, for what is not about measuring them."""
    made_once("answers", lambda made: answer_all(project, made, ADAPTERS), project / ".evalguard")
    return project


def answer_all(project: Path, folder: Path, adapters: Iterable[str]) -> None:
    """Store all answers of adapters of a project in a folder, and nothing of what was decided."""
    from evalguard.config import load_project
    from evalguard.runner.check import run_check
    from tests.store.tampering import forget_decisions

    store = folder / "store.db"
    candidates = {Path(adapter).name: {"adapter": adapter} for adapter in adapters}
    overrides = [f"store={store}", f"candidates={json.dumps(candidates)}"]
    loaded = load_project(project / "evalguard.yaml", overrides=overrides)
    run_check(
        loaded, [(g, name) for name in candidates for g in loaded.thresholds.gates], full=True
    )
    forget_decisions(store)


@pytest.fixture
def script(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Script]:
    """Install a package with the engine ``scripted``, and say what it opens."""
    with installed_script(tmp_path_factory.mktemp("packages")) as script:
        yield script


@pytest.fixture
def facts(project: Path) -> dict[str, str]:
    """The questions of the project, with their right answers."""
    lines = (project / "suites" / "facts.jsonl").read_text().splitlines()
    return {row["question"].strip(): row["answer"] for row in map(json.loads, lines)}


@pytest.fixture
def scripted(
    project: Path, edit: Callable[[str, str, str], None], script: Script, facts: dict[str, str]
) -> Path:
    """The project with an engine that knows the facts, for what depends on no model."""
    edit("evalguard.yaml", "name: hf", "name: scripted")
    script.opens(lambda _: FakeEngine({BASE: knows(facts)}))
    return project


def write_jsonl(path: Path, rows: list[dict[str, Any]]) -> None:
    """Write rows as JSON lines."""
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
