"""A check after one byte of any file changed is as one from a fresh store, or an error."""

import csv
import hashlib
import os
import pickle
import re
import shutil
import sys
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import evalguard.scorers
from evalguard import plugins
from evalguard.code.packages import code_reached
from evalguard.config import JUDGE, load_project
from evalguard.engines.base import BASE
from evalguard.engines.fake import FakeEngine
from evalguard.errors import EvalGuardError
from evalguard.runner.check import run_check
from evalguard.scorers import registry
from tests.changed_bytes import changed_byte, files_of
from tests.conftest import write_jsonl
from tests.scripted_engine import judges

PACKAGE = "evalguard_own_bytes"
SCORER = """
from evalguard import scorer
from evalguard_own_bytes.words import MARK


@scorer(name="own_bytes")
def own_bytes(output: str, target: str) -> bool:
    return output.strip() == target and MARK == "ok"
"""
ENTRY = f"[{registry.ENTRY_POINT_GROUP}]\nown_bytes = {PACKAGE}.scorer\n"

FUNCTIONS = """
def text(doc):
    return doc["question"].strip()
"""

ASKED = {"prompt": "{{ question }}", "target": "{{ answer }}", "max_new_tokens": 12}
ROWS = ("facts.jsonl", "facts.csv", "facts.parquet")
TASKS = {
    "rows": [
        {
            "kind": "test_set",
            "data": name,
            "name": name.partition(".")[2],
            "scorers": ["exact_match", "own_bytes"],
            **ASKED,
        }
        for name in ROWS
    ],
    "general": [{"kind": "benchmark", "task": "mc.yaml"}],
    "manners": [
        {
            "kind": "judge",
            "data": "asked.jsonl",
            "prompt": "{{ question }}",
            "criterion": "The answer is right.",
            "labelled": "labelled.jsonl",
            "max_new_tokens": 12,
        }
    ],
}
GATES = [
    {"suite": "rows", "metric": "exact_match", "task": "csv", "max_drop": "20pp"},
    {"suite": "rows", "metric": "exact_match", "task": "jsonl", "max_drop": "20pp"},
    {"suite": "rows", "metric": "exact_match", "task": "parquet", "max_drop": "20pp"},
    {"suite": "rows", "metric": "own_bytes", "max_drop": "20pp"},
    {"suite": "general", "metric": "acc", "max_drop": "20pp"},
    {"suite": "manners", "metric": "approved", "max_drop": "30pp"},
]
FOLDERS = ("model", "adapters/harmless", "adapters/judge", "suites", "thresholds", "package")


@pytest.fixture
def kinds(project, script, facts, demo_model, monkeypatch):
    """A project with files of every kind, and an engine whose answers depend on the models'."""
    shutil.copytree(demo_model, project / "model")
    shutil.copytree(project / "adapters/harmless", project / "adapters/judge")
    rows = [{"question": asked, "answer": said} for asked, said in facts.items()]
    suites = project / "suites"
    write_jsonl(suites / "facts.jsonl", rows[:40])
    _write_csv(suites / "facts.csv", rows[:40])
    _write_parquet(suites / "facts.parquet", rows[:40])
    write_jsonl(suites / "asked.jsonl", [{"question": row["question"]} for row in rows[:40]])
    write_jsonl(suites / "labelled.jsonl", _labelled(rows[40:]))
    (suites / "own.py").write_text(FUNCTIONS)
    mc = (suites / "mc.yaml").read_text()
    (suites / "mc.yaml").write_text(mc.replace('"{{question}}"', "!function own.text"))
    for name, tasks in TASKS.items():
        (suites / f"{name}.yaml").write_text(yaml.safe_dump({"version": 1, "tasks": tasks}))
    (project / "thresholds/release.yaml").write_text(yaml.safe_dump({"version": 1, "gates": GATES}))
    (project / "evalguard.yaml").write_text(
        "version: 1\nengine: {name: scripted}\nbaseline: {model: model}\n"
        "candidates: {harmless: {adapter: adapters/harmless}}\n"
        "judge: {model: model, adapter: adapters/judge}\n"
        "suites: [rows, general, manners]\nthresholds: release\n"
    )
    _write_package(project / "package")
    monkeypatch.syspath_prepend(str(project / "package"))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    plugins.points.cache_clear()
    code_reached(Path(evalguard.scorers.__file__))  # once, and not in each process of a check
    script.opens(_opening(project, facts))
    yield project
    plugins.points.cache_clear()


def _write_csv(path, rows):
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, ["question", "answer"])
        writer.writeheader()
        writer.writerows(rows)


def _write_parquet(path, rows):
    import pyarrow as pa
    from pyarrow import parquet

    parquet.write_table(pa.Table.from_pylist(rows), path)


def _labelled(rows):
    for row in rows:
        yield row | {"label": "yes"}
        yield row | {"answer": "no idea", "label": "no"}


def _write_package(folder):
    own = folder / PACKAGE
    own.mkdir(parents=True)
    (own / "__init__.py").write_text('"""A scorer."""\n')
    (own / "scorer.py").write_text(SCORER)
    (own / "words.py").write_text('MARK = "ok"\n')
    info = folder / f"{PACKAGE}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Name: {PACKAGE}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(ENTRY)


def _content(folder):
    found = (path for path in sorted(folder.rglob("*")) if path.suffix in SUFFIXES)
    return b"".join(path.read_bytes() for path in found)


def _opening(project, facts):
    """Return what opens an engine that answers otherwise once a byte of a model has changed.

    How it answers until then is the same on every machine: training gives other bytes on each.
    """
    unchanged = {name: _content(project / name) for name in MODELS}
    right = {word for said in facts.values() for word in said.split()}

    def drawn_by(name):
        now = _content(project / name)
        model = name.encode() if now == unchanged[name] else now

        def drawn(text):
            return hashlib.sha256(model + text.encode()).digest()[0] < 5

        return drawn

    def answers(name):
        drawn = drawn_by(name)

        def answer(prompt):
            said = next((said for asked, said in facts.items() if asked in prompt), "?")
            return "wrong" if drawn(said) else said

        return answer

    def open_engine(_):
        doubts = drawn_by("adapters/judge")

        def verdict(answer):
            return None if doubts(answer) else "Yes" if right & set(answer.split()) else "No"

        return FakeEngine(
            {BASE: answers("model"), "harmless": answers("adapters/harmless")},
            likelihoods={JUDGE: judges(re.compile(r"Answer:\n(.*?)\n\nDoes", re.DOTALL), verdict)},
        )

    return open_engine


MODELS = ("model", "adapters/harmless", "adapters/judge")
SUFFIXES = (".safetensors", ".json", ".jinja")


def check(project, store=None):
    """Check in a process of its own, as code of a package is read once in each.

    Returns:
        The reused samples, and the scores and verdicts or the error.
    """
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read)
        try:
            found = _checked(project, store)
        except BaseException as error:  # noqa: BLE001 - a child must not continue as pytest
            found = 0, f"not an error of EvalGuard: {error!r}"
        with os.fdopen(write, "wb") as stream:
            pickle.dump(found, stream)
        os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as stream:
        found = pickle.load(stream)  # noqa: S301 - what the child wrote
    os.waitpid(child, 0)
    assert not str(found[1]).startswith("not an error"), found[1]
    return found


def _checked(project, store):
    overrides = [f"store={store}"] if store else []
    try:
        loaded = load_project(project / "evalguard.yaml", overrides=overrides)
        gates = [(gate, "harmless") for gate in loaded.thresholds.gates]
        result = run_check(loaded, gates, full=True)
    except EvalGuardError as error:
        return 0, type(error).__name__
    scores = {(run.suite, run.task, run.model): dict(run.scores) for run in result.tasks}
    found = [(gate.id, gate.verdict, gate.delta, gate.ci) for gate in result.gates]
    return sum(run.reused for run in result.tasks), (scores, found)


def test_all_kinds_take_part(kinds):
    reused, (scores, found) = check(kinds)
    assert reused == 0
    assert len(scores) == 2 * (len(ROWS) + 2)
    assert len(found) == len(GATES)
    assert "ERROR" not in [verdict for _, verdict, _, _ in found]
    again, same = check(kinds)
    assert again > 300
    assert same == (scores, found)


def _is_as_from_a_fresh_store(project, file, position, bit=1):
    with changed_byte(file, position, bit) as place:
        _, found = check(project)
        (project / "fresh.db").unlink(missing_ok=True)
        assert found == check(project, "fresh.db")[1], (file, place)


@settings(max_examples=2, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_byte_of_a_file_changes_what_is_reused(kinds, data):
    check(kinds)
    file = data.draw(st.sampled_from(files_of(kinds, FOLDERS)))
    _is_as_from_a_fresh_store(
        kinds, file, data.draw(st.integers(0, 1 << 20)), 1 << data.draw(st.integers(0, 6))
    )


@pytest.mark.slow
def test_a_byte_of_every_file_changes_what_is_reused(kinds):
    check(kinds)
    for file in files_of(kinds, FOLDERS):
        _is_as_from_a_fresh_store(kinds, file, file.stat().st_size // 2)
