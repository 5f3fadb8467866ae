"""From the project's files to tasks with their samples in one frozen random order."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from evalguard.config import Benchmark as BenchmarkConfig
from evalguard.config import Project, Suite
from evalguard.config import TestSet as TestSetConfig
from evalguard.errors import ConfigError, Problem, did_you_mean
from evalguard.records import Gate, Metric, ScoreKind
from evalguard.scorers import get as get_scorer
from evalguard.tasks.base import Prepared, Render, Task


@dataclass(frozen=True, slots=True)
class PlannedTask:
    """A task and all its samples, in the order in which they are measured."""

    task: Task
    samples: tuple[Prepared, ...]

    def first(self, share: float) -> tuple[Prepared, ...]:
        """Return the samples up to a share of them, at least one."""
        return self.samples[: max(1, round(share * len(self.samples)))]


@dataclass(frozen=True, slots=True)
class Plan:
    """The tasks of every suite that a selected gate is on."""

    tasks: Mapping[str, tuple[PlannedTask, ...]]

    def of_gate(self, gate: Gate) -> tuple[PlannedTask, ...]:
        """Return the tasks that a gate is decided on."""
        return tuple(
            planned
            for planned in self.tasks[gate.suite]
            if gate.task in (None, planned.task.name)
            and any(metric.name == gate.metric for metric in planned.task.metrics)
        )

    def metric(self, gate: Gate) -> Metric:
        """Return what a gate measures."""
        metrics = self.of_gate(gate)[0].task.metrics
        return next(metric for metric in metrics if metric.name == gate.metric)

    def n_planned(self, gate: Gate) -> int:
        """Return the number of samples that the full run decides a gate on."""
        return sum(len(planned.samples) for planned in self.of_gate(gate))


def make_plan(
    project: Project, gates: Sequence[Gate], *, render: Render | None, seed: int
) -> Plan:
    """Build the tasks of the gates' suites and prepare their samples.

    Args:
        project: The project.
        gates: The selected gates.
        render: Applies the baseline's chat template; ``None`` for plain prompts.
        seed: Seed of the order of the samples.

    Raises:
        ConfigError: If a gate names a task or metric that its suite does not have, or lm-eval
            cannot build a task.
        DataError: If a data file is missing, empty or broken.
    """
    suites = dict.fromkeys(gate.suite for gate in gates)
    tasks = {name: _build(project.suites[name], project) for name in suites}
    _check_gates(gates, tasks)
    return Plan(
        {
            name: tuple(
                PlannedTask(task, tuple(_shuffled(task.prepare(render), seed))) for task in built
            )
            for name, built in tasks.items()
        }
    )


def _build(suite: Suite, project: Project) -> list[Task]:
    built: list[Task] = []
    for index, config in enumerate(suite.config.tasks):
        if isinstance(config, BenchmarkConfig):
            built.extend(_benchmarks(suite, config, key=f"tasks[{index}].task"))
        else:
            built.append(_test_set(suite, config))
    return built


def _benchmarks(suite: Suite, config: BenchmarkConfig, *, key: str) -> Sequence[Task]:
    from evalguard.tasks.benchmark import load_benchmark

    return load_benchmark(
        suite.name,
        config.task,
        base_dir=suite.path.parent,
        source=str(suite.path),
        key=key,
        name=config.task_name if config.file else config.name,
        num_fewshot=config.num_fewshot,
        limit=config.limit,
    )


def _test_set(suite: Suite, config: TestSetConfig) -> Task:
    from evalguard.tasks.test_set import TestSet

    return TestSet(
        suite.name,
        config.task_name,
        data=suite.resolve(config.data),
        prompt=config.prompt,
        messages=config.messages,
        target=config.target,
        scorers=[get_scorer(scorer.name, **scorer.options) for scorer in config.scorers],
        system=config.system,
        max_new_tokens=config.max_new_tokens,
        stop=config.stop,
        temperature=config.temperature,
        repeats=config.repeats,
        cluster=config.cluster,
        limit=config.limit,
    )


def _check_gates(gates: Iterable[Gate], tasks: Mapping[str, Sequence[Task]]) -> None:
    """Find gates on tasks and metrics that only lm-eval could know of."""
    problems = []
    for gate in gates:
        names = {task.name for task in tasks[gate.suite]}
        if gate.task is not None and gate.task not in names:
            message = f"suite '{gate.suite}' has no task '{gate.task}'."
            hint = did_you_mean(gate.task, names)
            problems.append(Problem(gate.source, f"gate '{gate.name}'", f"{message} {hint}"))
            continue
        found = [
            metric
            for task in tasks[gate.suite]
            if gate.task in (None, task.name)
            for metric in task.metrics
        ]
        of_name = {metric for metric in found if metric.name == gate.metric}
        if not of_name:
            hint = did_you_mean(gate.metric, {metric.name for metric in found})
            message = f"suite '{gate.suite}' has no metric '{gate.metric}'. {hint}"
            problems.append(Problem(gate.source, f"gate '{gate.name}'", message))
        elif len(of_name) > 1:
            message = (
                f"the tasks of suite '{gate.suite}' measure '{gate.metric}' in different ways; "
                f"name one of them with 'task'. Tasks: {', '.join(sorted(names))}."
            )
            problems.append(Problem(gate.source, f"gate '{gate.name}'", message))
        elif of_name.pop().kind is ScoreKind.CORPUS:
            message = f"'{gate.metric}' has no value for each sample, so it cannot be gated yet"
            problems.append(Problem(gate.source, f"gate '{gate.name}'", message))
    if problems:
        raise ConfigError(problems)


def _shuffled(samples: Sequence[Prepared], seed: int) -> list[Prepared]:
    """Order samples by a hash of seed and id: random, and the same wherever it is computed."""

    def key(sample: Prepared) -> bytes:
        return hashlib.sha256(f"{seed}:{sample.sample_id}".encode()).digest()

    return sorted(samples, key=key)
