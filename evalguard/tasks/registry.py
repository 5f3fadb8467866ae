"""The kinds of tasks: one row each, and those of packages.

A package adds a kind by an entry point of the group ``evalguard.tasks`` that names a
:class:`~evalguard.tasks.kind.TaskKind`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, get_args

from evalguard import plugins
from evalguard.errors import UsageError, did_you_mean
from evalguard.tasks.kind import TaskConfig, TaskContext, TaskKind

if TYPE_CHECKING:
    from evalguard.records import ScoredSample
    from evalguard.tasks.base import Prepared, Render, Task
    from evalguard.tasks.judged_config import JudgedConfig

GROUP = "evalguard.tasks"

_BUILT_IN = (
    "benchmark",
    "test_set",
    "diversity",
    "drift",
    "perplexity",
    "judge",
    "preference",
    "overfitting",
)
"""Each has a module of its name in ``kinds``, which is imported when the kind is asked for."""


def built_in() -> tuple[TaskKind, ...]:
    """Return the kinds that come with EvalGuard."""
    return tuple(map(find_kind, _BUILT_IN))


def is_built_in(name: str) -> bool:
    """Return whether a kind comes with EvalGuard; no package is looked for."""
    return name in _BUILT_IN


def names() -> list[str]:
    """Return the names of all kinds, without loading those of packages."""
    return [*_BUILT_IN, *sorted(plugins.points(GROUP).keys() - {*_BUILT_IN})]


def is_kind(name: str) -> bool:
    """Return whether a kind has this name; no package is loaded."""
    return name in _BUILT_IN or name in plugins.points(GROUP)


def find_kind(name: str) -> TaskKind:
    """Return a kind of task by its name.

    Raises:
        UsageError: If there is none, or what a package registers is none.
    """
    if name in _BUILT_IN:
        kind: TaskKind = import_module(f"evalguard.tasks.kinds.{name}").KIND
        return kind
    found = _of_package(name)
    if found is None:
        raise UsageError(f"no kind of task '{name}'. {did_you_mean(name, names())}")
    return found


def kind_of(config: TaskConfig) -> TaskKind:
    """Return the kind of a task of a suite."""
    return find_kind(config.kind)


def judged_configs(configs: Iterable[TaskConfig]) -> list[JudgedConfig]:
    """Return those of a suite's tasks that a judge scores."""
    from evalguard.tasks.judged_config import JudgedConfig

    judged = (config for config in configs if kind_of(config).judged)
    return [config for config in judged if isinstance(config, JudgedConfig)]


def build(config: TaskConfig, context: TaskContext) -> Sequence[Task]:
    """Build a task of a suite; a group is several.

    Raises:
        UsageError: If it cannot be built, or is not what its kind says.
    """
    kind = kind_of(config)
    if is_built_in(kind.name):
        return kind.build(config, context)
    from evalguard.tasks.of_packages import build_checked

    return build_checked(kind, config, context)


def prepare(config: TaskConfig, task: Task, render: Render | None) -> list[Prepared]:
    """Return the samples of a task that was built from a config as requests.

    Raises:
        UsageError: If its data cannot be used, or what a package prepares cannot be.
    """
    if is_built_in(config.kind):
        return task.prepare(render)
    from evalguard.tasks.of_packages import prepare_checked

    return prepare_checked(task, render)


def cannot_fail(config: TaskConfig, task: Task, samples: Sequence[Prepared]) -> dict[str, str]:
    """Return why no answer to a task could lose, by metric.

    Raises:
        UsageError: If a package cannot say.
    """
    from evalguard.tasks.base import ProvingTask

    if not isinstance(task, ProvingTask):
        return {}
    if is_built_in(config.kind):
        return dict(task.cannot_fail(samples))
    from evalguard.tasks.of_packages import cannot_fail_checked

    return cannot_fail_checked(task, samples)


def compare(
    kind: TaskKind, baseline: ScoredSample, candidate: ScoredSample
) -> tuple[ScoredSample, ScoredSample]:
    """Return two models' samples as a kind that has ``compared`` compares them.

    Raises:
        MeasurementError: If a package cannot.
    """
    if is_built_in(kind.name) and kind.compared is not None:
        return kind.compared(baseline, candidate)
    from evalguard.tasks.of_packages import compare_checked

    return compare_checked(kind, baseline, candidate)


@cache
def package_code(name: str) -> str | None:
    """Return the hash of the code of a package's kind, as it was when this process first asked.

    ``None`` where some of it cannot be hashed.
    """
    from evalguard.tasks.package_code import code_digest

    return code_digest(plugins.points(GROUP)[name], find_kind(name))


def _of_package(name: str) -> TaskKind | None:
    found = plugins.load(GROUP, name, TaskKind)
    if found is None:
        return None
    from evalguard.tasks.judged_config import JudgedConfig

    is_config = isinstance(found.config, type) and issubclass(found.config, TaskConfig)
    field = found.config.model_fields.get("kind") if is_config else None
    if found.name != name:
        problem = f"names a TaskKind whose name is '{found.name}'; they must be the same"
    elif field is None or get_args(field.annotation) != (name,):
        problem = f"names a TaskKind whose config is not a TaskConfig with kind: Literal['{name}']"
    elif found.judged and not issubclass(found.config, JudgedConfig):
        problem = "is judged, but its config is not an evalguard.tasks.judged_config.JudgedConfig"
    else:
        return found
    raise UsageError(f"the entry point {name} of {GROUP} {problem}")
