"""EvalGuard's side: checks of the task files, with a gate on every metric.

``python -m benchmarks.lm_eval_tasks.checked FOLDER NAMES.json OUTPUT.json [--chat]``.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import projects
from benchmarks.lm_eval_tasks.answers import given_answer
from benchmarks.lm_eval_tasks.manifest import read_manifests
from benchmarks.lm_eval_tasks.sides import (
    ADAPTER,
    CANDIDATE,
    MODEL,
    Scored,
    Side,
    one_line,
    write_sides,
)
from evalguard.records import CheckResult, Metric, ScoredSample, ScoreKind
from evalguard.tasks.base import Prepared, Render

TASKS_IN_ONE_CHECK = 32

_WIDEST_SHARE = 2.0
"""A wider range, such as 0 to 100, is not a share."""


@dataclass(frozen=True, slots=True)
class Built:
    """A task as EvalGuard builds it.

    Attributes:
        metrics: What it measures.
        rows: Number of each sample's row, from 0, by the sample's id.
        given: The scores of prepared answers.
        benchmark: The task itself, for its aggregations.
    """

    metrics: tuple[Metric, ...]
    rows: Mapping[str, int]
    given: Scored
    benchmark: Any


def check_tasks(folder: Path, names: Iterable[str], *, chat: bool) -> dict[str, Side]:
    """Return the baseline's scores of each task, and the verdicts on the candidate.

    Args:
        folder: Holds the models and ``suites/tasks/NAME.yaml``; the project is written there.
        names: The tasks.
        chat: Whether prompts go through the chat template.
    """
    from evalguard.engines.chat import PromptTokenizer
    from evalguard.quiet import quiet

    render = PromptTokenizer(str(folder / MODEL)).render if chat else None
    sides: dict[str, Side] = {}
    built: dict[str, Built] = {}
    with quiet():
        for name in names:
            try:
                built[name] = _build(folder, name, render)
            except Exception as error:  # noqa: BLE001 - one task must not hide the others
                sides[name] = Side(name, reason=one_line(error))
    together = list(built)
    for start in range(0, len(together), TASKS_IN_ONE_CHECK):
        part = {name: built[name] for name in together[start : start + TASKS_IN_ONE_CHECK]}
        sides |= _check(folder, part, chat=chat)
    return sides


def _build(folder: Path, name: str, render: Render | None) -> Built:
    from evalguard.errors import UsageError
    from evalguard.store import fingerprint
    from evalguard.tasks.benchmark.loading import load_benchmark
    from evalguard.tasks.benchmark.metrics import Declared

    [task] = load_benchmark(
        name,
        f"tasks/{name}.yaml",
        base_dir=folder / "suites",
        source=f"{name}.yaml",
        key="task",
        declared={key: Declared(one["low"], one["high"]) for key, one in _ranges(name).items()},
    )
    fingerprint(task.definition)  # if this fails, no check with the task can start
    if all(metric.ungated for metric in task.metrics):  # as a gate on any of them would say
        raise UsageError(task.metrics[0].ungated)
    prepared = task.prepare(render)
    rows = {sample.sample_id: sample.row_number - 1 for sample in prepared}
    given = [task.score(sample, responses) for sample, responses in _given(prepared)]
    return Built(task.metrics, rows, _scored(task, rows, given), task)


def _given(prepared: Iterable[Prepared]) -> Iterator[tuple[Prepared, list[str]]]:
    """Yield the samples that ask for a text, with prepared answers."""
    for sample in prepared:
        if all(one.request_type == "generate_until" for one in sample.instances):
            repeats = sample.instances[0].repeats or 1
            yield (
                sample,
                [
                    given_answer(sample.row, sample.target, sample.row_number - 1 + repeat)
                    for _ in sample.instances
                    for repeat in range(repeats)
                ],
            )


def _check(folder: Path, built: Mapping[str, Built], *, chat: bool) -> dict[str, Side]:
    """Check tasks together; if that fails, bisect down to the failing task."""
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
    return {name: _read(name, one, result, project.store) for name, one in built.items()}


def write_project(folder: Path, built: Mapping[str, Built], *, chat: bool) -> Path:
    """Write a project with one suite per task and a gate on each metric; return its file."""
    wanted = {entry.task: entry.gates for entry in read_manifests()}
    gates = [
        {"suite": name, "task": name, "metric": metric.name, "max_drop": _margin(metric)}
        for name, one in built.items()
        for metric in one.metrics
        if not metric.ungated and (metric.name in wanted[name] or not wanted[name])
    ]
    suites = {
        name: {
            "ability": "general",
            "tasks": [
                {"kind": "benchmark", "task": f"tasks/{name}.yaml", "metrics": _ranges(name)}
            ],
        }
        for name in built
    }
    return projects.write_project(
        folder,
        engine={"name": "hf", "dtype": "float32", "device": "cpu", "batch_size": 16},
        baseline={"model": MODEL},
        candidates={CANDIDATE: {"adapter": ADAPTER}},
        suites=suites,
        gates=gates,
        chat_template=chat,
    )


def _ranges(name: str) -> dict[str, dict[str, float]]:
    """Return the ranges that the suite of a task declares."""
    [entry] = [entry for entry in read_manifests() if entry.task == name]
    return {metric: dict(limits) for metric, limits in entry.metrics.items()}


def _margin(metric: Metric) -> str:
    """Return a margin in the metric's unit; its verdict does not matter."""
    if metric.in_nats:
        return "0.05 nats"
    return "5pp" if metric.high - metric.low <= _WIDEST_SHARE else "5 points"


def _read(name: str, built: Built, result: CheckResult, store: Any) -> Side:
    try:
        return _side(name, built, result, store)
    except Exception as error:  # noqa: BLE001 - one task must not hide the others
        return Side(name, reason=f"stored samples: {one_line(error)}")


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
    scored = _scored(built.benchmark, built.rows, samples)
    return Side(name, model=scored, given=built.given, verdicts=verdicts)


def _scored(benchmark: Any, rows: Mapping[str, int], samples: Sequence[ScoredSample]) -> Scored:
    return Scored(
        scores={rows[sample.sample_id]: dict(sample.scores) for sample in samples},
        texts={rows[sample.sample_id]: sample.outputs for sample in samples},
        aggregates=dict(_aggregates(benchmark, samples)),
    )


def _aggregates(benchmark: Any, samples: Sequence[ScoredSample]) -> Iterator[tuple[str, float]]:
    """Yield each metric that lm-eval reports too, over all samples."""
    for metric in benchmark.metrics:
        if metric.in_nats:
            continue  # gated instead of a perplexity
        if metric.kind is ScoreKind.CORPUS:
            counted = [sample for sample in samples if metric.name in sample.corpus]
            if counted:
                yield metric.name, benchmark.aggregate(metric.name, counted)
        else:
            values = [s.scores[metric.name] for s in samples if metric.name in s.scores]
            if values:
                yield metric.name, sum(values) / len(values)


def main() -> None:
    """Check the tasks that a file names."""
    folder, names, output = (Path(argument) for argument in sys.argv[1:4])
    wanted = json.loads(names.read_text(encoding="utf-8"))
    write_sides(output, check_tasks(folder, wanted, chat="--chat" in sys.argv))


if __name__ == "__main__":
    main()
