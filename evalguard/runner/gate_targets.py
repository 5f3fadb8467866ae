"""Whether every gate names a task and a metric of its suite, known once tasks are built."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from evalguard.errors import ConfigError, Problem, did_you_mean
from evalguard.records import Gate, Metric, ScoreKind
from evalguard.records.pooled import problem_of_member


class Measuring(Protocol):
    """A task with its metrics."""

    @property
    def name(self) -> str:
        """Its name within its suite."""

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """What it measures."""


def check_gates(gates: Iterable[Gate], tasks: Mapping[str, Sequence[Measuring]]) -> None:
    """Find gates on tasks and metrics that only lm-eval could know of.

    Raises:
        ConfigError: With every gate that names a task or metric which its suite does not have.
    """
    problems = [
        Problem(gate.source, f"gate '{gate.name}'", message)
        for gate in gates
        for member in gate.members
        if (message := _problem(member, tasks[member.suite], pooled=bool(gate.pool)))
    ]
    if problems:
        raise ConfigError(problems)


def _problem(gate: Gate, tasks: Sequence[Measuring], *, pooled: bool) -> str | None:
    names = {task.name for task in tasks}
    if gate.task is not None and gate.task not in names:
        hint = did_you_mean(gate.task, names)
        return f"suite '{gate.suite}' has no task '{gate.task}'. {hint}"
    found = [metric for task in tasks if gate.task in (None, task.name) for metric in task.metrics]
    of_name = {metric for metric in found if metric.name == gate.metric}
    if not of_name:
        hint = did_you_mean(gate.metric, {metric.name for metric in found})
        return f"suite '{gate.suite}' has no metric '{gate.metric}'. {hint}"
    if len(of_name) > 1:
        return (
            f"the tasks of suite '{gate.suite}' measure '{gate.metric}' in different ways; name "
            f"one of them with 'task': {', '.join(sorted(names))}."
        )
    measuring = [task.name for task in tasks if of_name <= set(task.metrics)]
    metric = of_name.pop()
    if why := metric.ungated or (problem_of_member(metric) if pooled else None):
        return f"suite '{gate.suite}': {why}"
    if metric.kind is ScoreKind.CORPUS and gate.task is None and len(measuring) > 1:
        return (
            f"'{gate.metric}' is computed over a whole task; name one with 'task': "
            f"{', '.join(sorted(measuring))}."
        )
    return None
