"""Checks of what packages build and prepare: nothing else holds another package's code to it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from evalguard.errors import EvalGuardError, MeasurementError, UsageError
from evalguard.records import ScoredSample
from evalguard.tasks.base import FollowingTask, Prepared, ProvingTask, Render, Task
from evalguard.tasks.judged import JudgedTask
from evalguard.tasks.kind import TaskConfig, TaskContext, TaskKind

_OF_TASKS = ("suite", "name", "metrics", "definition", "prepare", "score")
"""What every task has."""


def build_checked(kind: TaskKind, config: TaskConfig, context: TaskContext) -> Sequence[Task]:
    """Build the tasks of a package's kind.

    Raises:
        UsageError: If they cannot be built, or are not what the kind says.
    """
    where = f"{context.path}: tasks[{context.index}]: kind '{kind.name}' of a package"
    try:
        tasks = list(kind.build(config, context))
        problems = list(_problems(kind, config, context, tasks))
    except EvalGuardError:
        raise
    except (Exception, SystemExit) as error:  # another package's code may raise anything
        raise UsageError(f"{where} cannot build it: {error!r}") from error
    if problems:
        raise UsageError(f"{where}: {'; '.join(problems)}")
    return tasks


def prepare_checked(task: Task, render: Render | None) -> list[Prepared]:
    """Return the samples of a package's task as requests.

    Raises:
        UsageError: If it cannot make them, or they cannot be told apart.
    """
    where = f"suite '{task.suite}', task '{task.name}' of a package"
    try:
        samples = list(task.prepare(render))
        ids = Counter(sample.sample_id for sample in samples)
        silent = [sample.sample_id for sample in samples if not sample.instances]
    except EvalGuardError:
        raise
    except (Exception, SystemExit) as error:  # another package's code may raise anything
        raise UsageError(f"{where} cannot prepare its samples: {error!r}") from error
    if not samples:
        raise UsageError(f"{where} has no samples")
    if silent:
        raise UsageError(f"{where}: sample '{silent[0]}' has no request")
    if twins := [one for one, count in ids.items() if count > 1]:
        raise UsageError(
            f"{where}: several samples have the id '{twins[0]}'; number them with "
            "evalguard.tasks.base.with_unique_ids"
        )
    return samples


def cannot_fail_checked(task: ProvingTask, samples: Sequence[Prepared]) -> dict[str, str]:
    """Return why no answer could lose, by metric, as a package's task says.

    Raises:
        UsageError: If it cannot, or says anything else.
    """
    where = f"suite '{task.suite}', task '{task.name}' of a package"
    try:
        found = dict(task.cannot_fail(samples))
    except EvalGuardError:
        raise
    except (Exception, SystemExit) as error:  # another package's code may raise anything
        raise UsageError(f"{where}: its cannot_fail raises {error!r}") from error
    if not all(isinstance(text, str) for pair in found.items() for text in pair):
        raise UsageError(f"{where}: its cannot_fail returned {found!r}, not a text by metric")
    return found


def compare_checked(
    kind: TaskKind, baseline: ScoredSample, candidate: ScoredSample
) -> tuple[ScoredSample, ScoredSample]:
    """Return two models' samples as a package compares them.

    Raises:
        MeasurementError: If it cannot, or returns others.
    """
    where = f"kind '{kind.name}' of a package"
    assert kind.compared is not None
    try:
        before, after = kind.compared(baseline, candidate)
    except EvalGuardError:
        raise
    except (Exception, SystemExit) as error:  # another package's code may raise anything
        raise MeasurementError(f"{where} cannot compare two samples: {error!r}") from error
    for given, found in ((baseline, before), (candidate, after)):
        same = isinstance(found, ScoredSample) and found.sample_id == given.sample_id
        if not same:
            raise MeasurementError(f"{where} returned {found!r} for sample '{given.sample_id}'")
    return before, after


def _problems(
    kind: TaskKind, config: TaskConfig, context: TaskContext, tasks: Sequence[Task]
) -> Iterator[str]:
    """Yield how tasks differ from what their kind says of them."""
    if not tasks:
        yield "it builds no task"
    names = Counter(getattr(task, "name", None) for task in tasks)
    if twins := [one for one, n in names.items() if n > 1]:
        yield f"it builds several tasks called '{twins[0]}'"
    declared = kind.metrics(config)
    for task in tasks:
        if missing := [name for name in _OF_TASKS if not hasattr(task, name)]:
            yield f"{type(task)!r} has no {', '.join(missing)}"
            continue
        if task.suite != context.suite:
            yield f"its task is of suite '{task.suite}', not '{context.suite}'"
        if kind.judged != isinstance(task, JudgedTask):
            yield f"it has judged={kind.judged}, and its task is {type(task)!r}"
        if kind.follows_baseline and not kind.judged and not isinstance(task, FollowingTask):
            yield f"it has follows_baseline=True, and {type(task)!r} has no method 'diverged'"
        if declared is not None and (other := [m for m in task.metrics if m not in declared]):
            yield f"its 'metrics' do not name what its task measures: {other[0]}"
