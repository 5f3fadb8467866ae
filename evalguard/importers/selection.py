"""Which metric and tasks of two imported runs are compared."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches

from evalguard.errors import DataError, UsageError, did_you_mean
from evalguard.importers.base import ImportedRun
from evalguard.importers.files import listed


@dataclass(frozen=True, slots=True)
class Selection:
    """Two runs with the scores of one metric.

    Attributes:
        baseline: The baseline's.
        candidate: The candidate's.
        metric: Name of the metric.
        higher_is_better: Its direction, where the files tell.
    """

    baseline: ImportedRun
    candidate: ImportedRun
    metric: str
    higher_is_better: bool | None


def select(
    baseline: ImportedRun,
    candidate: ImportedRun,
    *,
    metric: str | None = None,
    tasks: Sequence[str] = (),
) -> Selection:
    """Select one metric of some tasks.

    Args:
        baseline: The baseline's scores.
        candidate: The candidate's.
        metric: Name of the metric, or what precedes its comma where that is enough; may be left
            out where there is only one.
        tasks: Names of the tasks; all by default.

    Raises:
        DataError: If a task or the metric is in one run only, tasks were measured differently, or
            the direction of the metric differs.
        UsageError: If a name is unknown, or the metric is not clear.
    """
    runs = [_of_tasks(run, tasks) for run in (baseline, candidate)]
    _check_tasks(*runs)
    name = _metric_name(runs, metric)
    chosen = [
        replace(run, scores=tuple(one for one in run.scores if one.metric == name)) for run in runs
    ]
    for run, all_of in zip(chosen, runs, strict=True):
        if without := sorted(_tasks(all_of) - _tasks(run)):
            raise DataError(
                f"{run.source}: the task '{without[0]}' has no metric '{name}'; select tasks that "
                "have it"
            )
    _check_settings(*chosen)
    return Selection(chosen[0], chosen[1], name, _direction(chosen, name))


def _of_tasks(run: ImportedRun, tasks: Sequence[str]) -> ImportedRun:
    known = _tasks(run)
    for task in tasks:
        if task not in known:
            raise UsageError(f"{run.source}: no task '{task}'. {did_you_mean(task, known)}")
    if not tasks:
        return run
    return replace(run, scores=tuple(one for one in run.scores if one.task in tasks))


def _tasks(run: ImportedRun) -> set[str]:
    return {one.task for one in run.scores}


def _check_tasks(baseline: ImportedRun, candidate: ImportedRun) -> None:
    for run, other in ((baseline, candidate), (candidate, baseline)):
        known = _tasks(other)
        only = [one for one in run.scores if one.task not in known]
        if only:
            raise DataError(
                f"{only[0].where}: the task '{only[0].task}' is not in {other.source}; measure it "
                "for both models, or select the tasks that both have"
            )


def _metric_name(runs: Iterable[ImportedRun], metric: str | None) -> str:
    names = sorted({one.metric for run in runs for one in run.scores})
    if metric is None:
        if len(names) == 1:
            return names[0]
        raise UsageError(f"several metrics; select one: {_either(names)}")
    if metric in names:
        return metric
    fitting = [name for name in names if name.partition(",")[0] == metric]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        raise UsageError(f"the metric '{metric}' is not clear; select {_either(fitting)}")
    nearest = get_close_matches(metric, names, n=1)
    hint = f"did you mean '{nearest[0]}'? It is" if nearest else "it is"
    raise UsageError(f"no metric '{metric}'; {hint} one of {_either(names)}")


def _either(names: Sequence[str]) -> str:
    """List metrics, whose names may hold commas.

    Example:
        >>> _either(["acc,none", "exact_match,last"])
        "'acc,none' or 'exact_match,last'"
    """
    return " or ".join(f"'{name}'" for name in names)


def _check_settings(baseline: ImportedRun, candidate: ImportedRun) -> None:
    """Refuse runs whose tasks were measured in different ways."""
    problems = []
    for task in sorted(_tasks(baseline)):
        before, after = (run.settings.get(task, {}) for run in (baseline, candidate))
        for key in sorted(before.keys() | after.keys()):
            if before.get(key) != after.get(key):
                shown = [_shown(one.get(key)) for one in (before, after)]
                problems.append(f"task '{task}': {key} is {shown[0]}, then {shown[1]}")
    if problems:
        heading = (
            f"{baseline.source} and {candidate.source} were measured differently, so that scores "
            "cannot be compared; measure both in the same way:"
        )
        raise listed(problems, heading)


def _shown(value: str | None, length: int = 80) -> str:
    if value is None:
        return "not given"
    return value if len(value) <= length else f"{value[: length - 1]}…"


def _direction(runs: Iterable[ImportedRun], name: str) -> bool | None:
    found = {one.higher_is_better for run in runs for one in run.scores} - {None}
    if len(found) > 1:
        raise DataError(f"'{name}' is better when higher in one task and when lower in another")
    return next(iter(found), None)
