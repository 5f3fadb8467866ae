"""Checks that need more than one file: suites against scorers and data, gates against suites."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from evalguard.config.project import BASELINE, JUDGE
from evalguard.config.resolved import Project, Suite
from evalguard.config.suite import Task
from evalguard.config.thresholds import EACH_TASK, GateConfig, ThresholdsConfig
from evalguard.errors import EvalGuardError, Problem, did_you_mean
from evalguard.records import POOLED, Gate, Metric
from evalguard.records.pooled import UNCORRECTED, left_out, problem_of_member
from evalguard.scorers.thinking import THINKING_TOKENS, UNCLOSED_THINKING
from evalguard.tasks.label_config import LABELLED
from evalguard.tasks.registry import kind_of


def check_suite(suite: Suite, *, labels: bool = True) -> Iterator[Problem]:
    """Check that the suite's files exist, and what its kinds of tasks find wrong.

    Args:
        suite: The suite.
        labels: Whether files of labelled answers must exist.
    """
    file = str(suite.path)
    for index, task in enumerate(suite.config.tasks):
        key, kind = f"tasks[{index}]", kind_of(task)
        for name, path in kind.files(task).items():
            creates = kind.judged and name == LABELLED
            if suite.resolve(path).is_file() or (creates and not labels):
                continue
            hint = f"; `evalguard label {suite.name}` creates it" if creates else ""
            yield Problem(file, f"{key}.{name}", f"no such file: {suite.resolve(path)}{hint}")
        for name, message in kind.problems(task, suite.context(index)):
            yield Problem(file, f"{key}.{name}" if name else key, message)


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
    if any(_is_known_late(task) for task in tasks):
        return  # which tasks and metrics there are, only building them tells
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


def check_pooled(
    config: ThresholdsConfig, suites: Mapping[str, Suite], gates: Sequence[Gate], *, file: str
) -> Iterator[Problem]:
    """Check that pooled gates name gates whose scores have a mean in common.

    Args:
        config: The thresholds.
        suites: The suites that could be read.
        gates: The gates with names of their own.
        file: The thresholds file.
    """
    by_name = {gate.gate_name: gate for gate in config.gates}
    names = [gate.name for gate in gates]
    if config.pooled and POOLED in suites:
        message = "is what reports call pooled gates; rename the suite"
        yield Problem(str(suites[POOLED].path), "", f"'{POOLED}' {message}")
    for index, pooled in enumerate(config.pooled):
        key = f"pooled[{index}]"
        if pooled.name in names:
            message = f"'{pooled.name}' is the name of another gate; rename one"
            yield Problem(file, f"{key}.name", message)
        names.append(pooled.name)
        for at, name in enumerate(pooled.gates):
            where = f"{key}.gates[{at}]"
            if name in pooled.gates[:at]:
                yield Problem(file, where, f"'{name}' is listed twice")
            elif name not in by_name:
                yield Problem(file, where, f"no gate '{name}'. {did_you_mean(name, by_name)}")
            elif problem := _problem_of_pooling(by_name[name], suites.get(by_name[name].suite)):
                yield Problem(file, where, problem)


def _problem_of_pooling(gate: GateConfig, suite: Suite | None) -> str | None:
    """Return why a gate cannot be pooled, as far as is known before its tasks are built."""
    for task in suite.config.tasks if suite else ():
        if gate.task not in (None, EACH_TASK, task.task_name):
            continue
        if kind_of(task).judged and _may_measure(task, gate.metric):
            return left_out(gate.metric, UNCORRECTED)
        try:
            own = [metric for metric in _metrics(task) if metric.name == gate.metric]
        except EvalGuardError:
            continue
        if problem := next(filter(None, map(problem_of_member, own)), None):
            return problem
    return None


def measuring(metric: str, suite: Suite) -> list[str]:
    """Return the names of a suite's tasks that measure a metric, or may: what a benchmark does."""
    return [task.task_name for task in suite.config.tasks if _may_measure(task, metric)]


def _may_measure(task: Task, metric: str) -> bool:
    try:
        found = kind_of(task).metrics(task)
    except EvalGuardError:
        return True  # the scorer is a problem of the suite, told there
    return found is None or any(one.name == metric for one in found)


def _is_known_late(task: Task) -> bool:
    """Whether only building a task tells what it measures."""
    try:
        return kind_of(task).metrics(task) is None
    except EvalGuardError:
        return False  # the scorer is a problem of the suite, told there


def _metrics(task: Task) -> Sequence[Metric]:
    return kind_of(task).metrics(task) or ()


def _check_demands(gate: GateConfig, metric: Metric, file: str, key: str) -> Iterator[Problem]:
    for demand in gate.demands:
        if problem := demand.problem(metric):
            yield Problem(file, f"{key}.{demand.key}", problem)
