"""Checks that need more than one file: suites against scorers and data, gates against suites."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

from evalguard import scorers
from evalguard.config.project import BASELINE, JUDGE
from evalguard.config.resolved import Project, Suite
from evalguard.config.suite import Task
from evalguard.config.task_kinds import Benchmark, Judged, Overfitting, TestSet
from evalguard.config.thresholds import EACH_TASK, GateConfig
from evalguard.errors import EvalGuardError, Problem, did_you_mean
from evalguard.records import Metric
from evalguard.scorers.probes import METRICS_OF_KIND
from evalguard.scorers.thinking import THINKING_TOKENS, UNCLOSED_THINKING, thinking_metrics

LABELLED = "labelled"
"""Key of a file of labelled answers."""


def check_suite(suite: Suite, *, labels: bool = True) -> Iterator[Problem]:
    """Check that the suite's files exist and that its scorers take their options.

    Args:
        suite: The suite.
        labels: Whether files of labelled answers must exist.
    """
    file = str(suite.path)
    for index, task in enumerate(suite.config.tasks):
        key = f"tasks[{index}]"
        for name, path in _files(task):
            if suite.resolve(path).is_file() or (name == LABELLED and not labels):
                continue
            hint = f"; `evalguard label {suite.name}` makes it" if name == LABELLED else ""
            yield Problem(file, f"{key}.{name}", f"no such file: {suite.resolve(path)}{hint}")
        if isinstance(task, TestSet):
            yield from _check_scorers(task, file, key)
        if isinstance(task, Overfitting):
            yield from _check_held_out(task, suite, f"{key}.held_out")


def check_thinking(project: Project, gates: Sequence[GateConfig]) -> Iterator[Problem]:
    """Check that gates on thinking are asked of models whose thinking is looked for.

    Of others it is always 0, so that such a gate could not fail.

    Args:
        project: The project.
        gates: Its gates as its thresholds file lists them.
    """
    for index, gate in enumerate(gates):
        if gate.metric not in (THINKING_TOKENS, UNCLOSED_THINKING):
            continue
        for name, model in project.models.items():
            if name in (BASELINE, JUDGE) or model.thinking != "off":
                continue
            yield Problem(
                str(project.thresholds.path),
                f"gates[{index}].metric",
                f"'{gate.metric}' of '{name}' is always 0, because {project.path} sets 'thinking: "
                "off' for it, so the gate cannot fail; remove that setting, or the gate",
            )


def check_gate(
    gate: GateConfig,
    suite_names: Collection[str],
    suites: Mapping[str, Suite],
    *,
    file: str,
    key: str,
) -> Iterator[Problem]:
    """Check that what a gate names is measured, and that its demands mean something there.

    Args:
        gate: The gate.
        suite_names: Names of all suites of the project; where there is none, that is its problem.
        suites: Those that could be read; the others have problems of their own.
        file: The gate's thresholds file.
        key: Its key there.
    """
    if suite_names and gate.suite not in suite_names:
        hint = did_you_mean(gate.suite, suite_names)
        yield Problem(file, f"{key}.suite", f"unknown suite '{gate.suite}'. {hint}")
    if gate.suite not in suites:
        return
    tasks = suites[gate.suite].config.tasks
    if any(isinstance(task, Benchmark) for task in tasks):
        return  # which tasks and metrics a benchmark has, only lm-eval knows
    by_name = {task.task_name: task for task in tasks}
    if gate.task is not None and gate.task not in (EACH_TASK, *by_name):
        hint = did_you_mean(gate.task, by_name)
        yield Problem(file, f"{key}.task", f"no task '{gate.task}' in '{gate.suite}'. {hint}")
        return
    chosen = [by_name[gate.task]] if gate.task in by_name else list(by_name.values())
    try:
        measured = {metric.name: metric for task in chosen for metric in _metrics(task)}
    except EvalGuardError:
        return  # a scorer that cannot be had is a problem of the suite, told there
    if gate.metric not in measured:
        hint = did_you_mean(gate.metric, measured)
        message = f"'{gate.suite}' has no metric '{gate.metric}'. {hint}"
        yield Problem(file, f"{key}.metric", message)
    else:
        yield from _check_demands(gate, measured[gate.metric], file, key)


def measuring(metric: str, suite: Suite) -> list[str]:
    """Return the names of a suite's tasks that measure a metric, or may: what a benchmark does."""
    return [task.task_name for task in suite.config.tasks if _may_measure(task, metric)]


def _may_measure(task: Task, metric: str) -> bool:
    if isinstance(task, Benchmark):
        return True
    try:
        return any(one.name == metric for one in _metrics(task))
    except EvalGuardError:
        return True  # the scorer is a problem of the suite, told there


def _files(task: Task) -> Iterator[tuple[str, str]]:
    """Yield the key and the path of each file that a task names."""
    if isinstance(task, Benchmark):
        if task.file is not None:
            yield "task", task.file
        return
    yield "data", task.data
    if isinstance(task, Overfitting):
        yield "held_out", task.held_out
    if isinstance(task, Judged):
        yield LABELLED, task.labelled.file


def _metrics(task: Task) -> Sequence[Metric]:
    """Return what a task measures; not known of a benchmark."""
    if not isinstance(task, TestSet):
        return METRICS_OF_KIND[task.kind]
    found = [
        metric for scorer in task.scorers for metric in scorers.metrics(scorer.name, scorer.options)
    ]
    return [*found, *thinking_metrics(task.max_new_tokens)]


def _check_scorers(task: TestSet, file: str, key: str) -> Iterator[Problem]:
    owners: dict[str, str] = {}
    comparing: list[str] = []
    for index, scorer in enumerate(task.scorers):
        place = f"{key}.scorers[{index}]"
        try:
            bound = scorers.get(scorer.name, **scorer.options)
        except EvalGuardError as error:
            yield Problem(file, place, str(error))
            continue
        metrics = bound.metrics
        comparing += [scorer.name] if bound.check_target else []
        twins = [metric.name for metric in metrics if metric.name in owners]
        if twins:
            message = f"{', '.join(twins)}: measured by {owners[twins[0]]} already; remove one"
            yield Problem(file, place, message)
        owners |= {metric.name: place for metric in metrics}
    if comparing and not task.target.strip():
        message = (
            f"missing, and {', '.join(comparing)} compares answers with it; write "
            '"{{ column }}" with the column that holds the expected answer'
        )
        yield Problem(file, f"{key}.target", message)


def _check_held_out(task: Overfitting, suite: Suite, key: str) -> Iterator[Problem]:
    """Refuse the training rows as their own held-out rows, between which there is no gap."""
    trained, held_out = suite.resolve(task.data), suite.resolve(task.held_out)
    if trained.is_file() and held_out.is_file() and _same_content(trained, held_out):
        message = (
            f"holds the rows of {task.data}, so that the gap between the two is always 0; give "
            "rows of the same kind that were not trained on"
        )
        yield Problem(str(suite.path), key, message)


def _same_content(one: Path, other: Path) -> bool:
    return one.samefile(other) or (
        one.stat().st_size == other.stat().st_size and one.read_bytes() == other.read_bytes()
    )


def _check_demands(gate: GateConfig, metric: Metric, file: str, key: str) -> Iterator[Problem]:
    for demand in gate.demands:
        if problem := demand.problem(metric):
            yield Problem(file, f"{key}.{demand.key}", problem)
