"""EvalGuard's side: checks of the task files, with a gate on every metric.

``python -m benchmarks.lm_eval_tasks.checked FOLDER NAMES.json OUTPUT.json [--chat]``.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from benchmarks.lm_eval_tasks.sides import (
    ADAPTER,
    CANDIDATE,
    MODEL,
    Side,
    one_line,
    write_side,
)
from evalguard.records import CheckResult, Metric, ScoredSample, ScoreKind

TASKS_IN_ONE_CHECK = 16

MARGIN = "5pp"
"""Of every gate; which verdict it leads to on so few rows does not matter."""


@dataclass(frozen=True, slots=True)
class Built:
    """A task as EvalGuard builds it.

    Attributes:
        metrics: What it measures.
        rows: Number of each sample's row, from 0, by the sample's id.
        benchmark: The task itself, for its aggregations.
    """

    metrics: tuple[Metric, ...]
    rows: Mapping[str, int]
    benchmark: Any


def check_tasks(folder: Path, names: Iterable[str], *, chat: bool) -> dict[str, Side]:
    """Return EvalGuard's scores and verdicts of each task, as the baseline got them.

    Args:
        folder: Holds the models and ``suites/tasks/NAME.yaml``; the project is written there.
        names: The tasks.
        chat: Whether prompts go through the chat template.
    """
    from evalguard.quiet import quiet

    sides: dict[str, Side] = {}
    built: dict[str, Built] = {}
    with quiet():
        for name in names:
            try:
                built[name] = _build(folder, name)
            except Exception as error:  # noqa: BLE001 - one task must not hide the others
                sides[name] = Side(name, reason=one_line(error))
    together = list(built)
    for start in range(0, len(together), TASKS_IN_ONE_CHECK):
        part = {name: built[name] for name in together[start : start + TASKS_IN_ONE_CHECK]}
        sides |= _check(folder, part, chat=chat)
    return sides


def _build(folder: Path, name: str) -> Built:
    from evalguard.store import fingerprint
    from evalguard.tasks.benchmark.loading import load_benchmark

    [task] = load_benchmark(
        name, f"tasks/{name}.yaml", base_dir=folder / "suites", source=f"{name}.yaml", key="task"
    )
    fingerprint(task.definition)  # where that fails, no check that holds the task can start
    rows = {sample.sample_id: sample.row_number - 1 for sample in task.prepare(None)}
    return Built(task.metrics, rows, task)


def _check(folder: Path, built: Mapping[str, Built], *, chat: bool) -> dict[str, Side]:
    """Check tasks together; where that fails, in halves, down to the task that is to blame."""
    from evalguard.config import load_project
    from evalguard.runner.check import run_check

    try:
        project = load_project(write_project(folder, built, chat=chat))
        selected = [(gate, CANDIDATE) for gate in project.thresholds.gates]
        result = run_check(project, selected, full=True)
    except Exception as error:  # noqa: BLE001 - one task must not hide the others
        if len(built) == 1:
            [name] = built
            return {name: Side(name, reason=one_line(error))}
        half = len(built) // 2
        parts = (dict(list(built.items())[:half]), dict(list(built.items())[half:]))
        return {k: v for part in parts for k, v in _check(folder, part, chat=chat).items()}
    return {name: _side(name, one, result, project.store) for name, one in built.items()}


def write_project(folder: Path, built: Mapping[str, Built], *, chat: bool) -> Path:
    """Write a project with one suite a task and a gate on each of its metrics; return its file."""
    gates = [
        {"suite": name, "task": name, "metric": metric.name, "max_drop": MARGIN}
        for name, one in built.items()
        for metric in one.metrics
    ]
    files: dict[str, Any] = {
        "thresholds/matrix.yaml": {"version": 1, "gates": gates},
        "evalguard.yaml": {
            "version": 1,
            "engine": {"name": "hf", "dtype": "float32", "device": "cpu", "batch_size": 16},
            "baseline": {"model": MODEL},
            "candidates": {CANDIDATE: {"adapter": ADAPTER}},
            "suites": list(built),
            "thresholds": "matrix",
            "chat_template": chat,
        },
    }
    for name in built:
        tasks = [{"kind": "benchmark", "task": f"tasks/{name}.yaml"}]
        files[f"suites/{name}.yaml"] = {"version": 1, "ability": "general", "tasks": tasks}
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    return folder / "evalguard.yaml"


def _side(name: str, built: Built, result: CheckResult, store: Any) -> Side:
    from evalguard.store import SampleStore

    verdicts = tuple(
        (gate.metric, str(gate.verdict), gate.reason) for gate in result.gates if gate.suite == name
    )
    [run] = [run for run in result.tasks if run.suite == name and run.model == "baseline"]
    with SampleStore(store) as opened:
        samples = sorted(
            opened.all_samples(run.fingerprint), key=lambda sample: built.rows[sample.sample_id]
        )
    side = Side(
        name,
        scores={built.rows[sample.sample_id]: dict(sample.scores) for sample in samples},
        texts={built.rows[sample.sample_id]: sample.outputs for sample in samples},
        verdicts=verdicts,
    )
    try:
        return replace(side, aggregates=_aggregates(built, samples))
    except Exception as error:  # noqa: BLE001 - one task must not hide the others
        return replace(side, reason=f"aggregation: {one_line(error)}")


def _aggregates(built: Built, samples: Sequence[ScoredSample]) -> dict[str, float]:
    found = {}
    for metric in built.metrics:
        if metric.kind is ScoreKind.CORPUS:
            counted = [sample for sample in samples if metric.name in sample.corpus]
            if counted:
                found[metric.name] = built.benchmark.aggregate(metric.name, counted)
        else:
            values = [s.scores[metric.name] for s in samples if metric.name in s.scores]
            if values:
                found[metric.name] = sum(values) / len(values)
    return found


def main() -> None:
    """Check the tasks that a file names."""
    folder, names, output = (Path(argument) for argument in sys.argv[1:4])
    wanted = json.loads(names.read_text(encoding="utf-8"))
    write_side(output, check_tasks(folder, wanted, chat="--chat" in sys.argv))


if __name__ == "__main__":
    main()
