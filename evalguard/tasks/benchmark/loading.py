"""Build lm-eval tasks by registered name or from a file, groups included."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from inspect import signature
from pathlib import Path
from typing import Any

import yaml
from datasets.exceptions import DatasetGenerationError
from jinja2 import TemplateError
from lm_eval.api.group import Group
from lm_eval.api.task import ConfigurableTask, Task
from lm_eval.tasks import TaskManager
from lm_eval.tasks._yaml_loader import load_yaml

from evalguard.code import reads
from evalguard.errors import ConfigError, DataError, EvalGuardError, Problem, did_you_mean
from evalguard.hub import check_hub
from evalguard.quiet import quiet
from evalguard.scorers.sandbox import SandboxKind
from evalguard.tasks.benchmark.build_errors import build_error
from evalguard.tasks.benchmark.building import row_fault
from evalguard.tasks.benchmark.checks import problems_of
from evalguard.tasks.benchmark.drawing import drawn_as_by_lm_eval, import_again
from evalguard.tasks.benchmark.hub_metrics import code_execution
from evalguard.tasks.benchmark.metrics import Declared
from evalguard.tasks.benchmark.reading import read_once
from evalguard.tasks.benchmark.sources import (
    BUILDERS,
    TaskFileError,
    data_files,
    data_of,
    functions_of,
    read_source,
    shown_path,
)
from evalguard.tasks.benchmark.task import Benchmark
from evalguard.tasks.benchmark.watching import listen
from evalguard.tasks.rows import read_rows


@dataclass(frozen=True, slots=True)
class _Built:
    """A task of lm-eval with the metrics that its groups do not weight by size."""

    task: Task
    equal_weights: frozenset[str] = frozenset()


def load_benchmark(
    suite: str,
    task: str,
    *,
    base_dir: Path,
    source: str,
    key: str,
    name: str | None = None,
    num_fewshot: int | None = None,
    system: str | None = None,
    limit: int | None = None,
    declared: Mapping[str, Declared] | None = None,
    allow_code_execution: bool = False,
    sandbox: SandboxKind = "auto",
) -> list[Benchmark]:
    """Build an lm-eval task, or every task of a group.

    Args:
        suite: Name of the suite that contains it.
        task: Registered name, or path of a YAML file relative to ``base_dir``.
        base_dir: Folder of the suite file.
        source: The suite file as the user wrote it, for messages.
        key: Key of the entry in it, for messages.
        name: Name to report a single task under; its own by default.
        num_fewshot: Few-shot examples; the task's own number by default.
        system: System message of every prompt, as lm-eval's ``--system_instruction``.
        limit: Take the first samples only, as lm-eval's ``--limit`` does.
        declared: Ranges that the suite declares for metrics, by the metric's name.
        allow_code_execution: Whether code that a model wrote may run in the sandbox.
        sandbox: The kind of sandbox.

    Raises:
        ConfigError: If there is no such task, or it cannot be built.
        DataError: If its data cannot be read.
    """
    listen()  # a thread that a task starts as it is imported is the task's
    reads.listen()
    try:
        allowed = code_execution(allow_code_execution, sandbox)
        with quiet(), drawn_as_by_lm_eval(), read_once(), allowed:
            if task.endswith((".yaml", ".yml")):
                built = list(_from_file(base_dir / task))
            else:
                built = list(_by_name(task))
            if num_fewshot is not None:
                for each in built:
                    each.task.set_config(key="num_fewshot", value=num_fewshot)
            single = name if len(built) == 1 else None
            benchmarks = [
                Benchmark(
                    suite,
                    each.task,
                    source=source,
                    name=single or str(each.task.task_name),
                    system=system,
                    limit=limit,
                    declared=declared,
                    equal_weights=each.equal_weights,
                    allow_code_execution=allow_code_execution,
                    sandbox=sandbox,
                )
                for each in built
            ]
            for made in benchmarks:
                _ = made.docs  # while the seeds are lm-eval's
        _check_declared(benchmarks, declared or {}, source, key)
    except (ConfigError, DataError):
        raise
    except TaskFileError as error:
        file = shown_path(error.path) if error.path else source
        problems = [
            Problem(file, inner, text)
            if error.path
            else Problem(file, key, f"task '{task}': {text}")
            for inner, text in error.problems
        ]
        raise ConfigError(problems) from error
    except (Exception, SystemExit) as error:  # lm-eval and the task's own code raise anything
        raise ConfigError([Problem(source, key, build_error(task, error))]) from error
    for made in benchmarks:
        _check_runs(made, task, source, key)
    return benchmarks


def _check_declared(
    benchmarks: Sequence[Benchmark], declared: Mapping[str, Declared], source: str, key: str
) -> None:
    """Find ranges that the suite declares for metrics that none of its tasks has."""
    if not declared:
        return
    names = {one.name for made in benchmarks for one in made.metrics}
    names |= {name.partition(",")[0] for name in names}
    where = key.removesuffix(".task")
    unknown = [
        Problem(source, f"{where}.metrics.{name}", f"no such metric. {did_you_mean(name, names)}")
        for name in declared
        if name not in names
    ]
    if unknown:
        raise ConfigError(unknown)


def _check_runs(benchmark: Benchmark, task: str, source: str, key: str) -> None:
    """Find missing dependencies other than data, before any compute."""
    try:
        benchmark.check_runs()
    except ImportError as error:
        raise ConfigError([Problem(source, key, build_error(task, error))]) from error
    except EvalGuardError as error:
        raise ConfigError([Problem(source, key, f"task '{task}': {error}")]) from error


@lru_cache(maxsize=1)
def _task_manager() -> TaskManager:
    """Read lm-eval's index of tasks, which takes seconds."""
    return TaskManager()


def _by_name(name: str, overrides: Mapping[str, Any] | None = None) -> Iterator[_Built]:
    manager = _task_manager()
    if name not in manager.all_tasks:
        raise TaskFileError(None, ("", f"no such task of lm-eval. {_nearest(name)}"))
    check_hub()
    loaded = manager.load([{"task": name, **overrides} if overrides else name])
    equal: dict[str, set[str]] = {}
    for group in loaded["groups"].values():
        for member in group.get_all_tasks():
            equal.setdefault(str(member.task_name), set()).update(_unweighted_metrics(group))
    for task in loaded["tasks"].values():
        yield _Built(_single_modality(task), frozenset(equal.get(str(task.task_name), ())))


def _nearest(name: str) -> str:
    """Return the task of lm-eval with the closest name, and how to list all of them."""
    nearest = get_close_matches(name, _task_manager().all_tasks, n=1)
    hint = f"Did you mean '{nearest[0]}'? " if nearest else ""
    return f"{hint}List them with: lm-eval ls tasks"


def _unweighted_metrics(group: Group) -> set[str]:
    """Return the metrics that a group averages over its tasks regardless of their sizes."""
    return {one.metric for one in group.aggregate_metric_list or () if not one.weight_by_size}


def _from_file(
    path: Path, overrides: Mapping[str, Any] | None = None, within: tuple[Path, ...] = ()
) -> Iterator[_Built]:
    """Build the tasks of a file.

    Args:
        path: The file.
        overrides: Keys that replace its own.
        within: Files of the groups that it is a member of.
    """
    source = read_source(path)
    import_again(functions_of(source.config))
    if source.is_group:
        if path.resolve() in within:
            circle = " → ".join(one.name for one in (*within, path))
            raise TaskFileError(path, ("task", f"the group contains itself: {circle}"))
        yield from _group(path, load_yaml(path), overrides or {}, (*within, path.resolve()))
        return
    config = {**load_yaml(path), **source.data, **(overrides or {})}
    for key in ("tag", "group", "task_list"):
        config.pop(key, None)
    if problems := problems_of(config):
        raise TaskFileError(path, *problems)
    if "class" in config:
        yield _Built(_single_modality(_of_class(config)))
    else:
        yield _Built(_single_modality(_of_config(config)))


def _group(
    path: Path, config: Mapping[str, Any], overrides: Mapping[str, Any], within: tuple[Path, ...]
) -> Iterator[_Built]:
    """Build the members of a group file: tasks in its folder, registered ones, or its own."""
    entries = config.get("task")
    if not isinstance(entries, list) or not entries:
        raise TaskFileError(
            path, ("task", "must list the group's tasks, such as [arc_easy, boolq]")
        )
    listed = config.get("aggregate_metric_list") or []
    unweighted = {
        str(one.get("metric"))
        for one in (listed if isinstance(listed, list) else [listed])
        if one.get("weight_by_size") is False
    }
    common = {
        key: value
        for key, value in config.items()
        if key not in ("aggregate_metric_list", "group", "group_alias", "metadata", "tag", "task")
    }
    for entry in entries:
        own = dict(entry) if isinstance(entry, Mapping) else {"task": entry}
        for built in _member(path, own, {**common, **overrides}, within):
            yield _Built(built.task, built.equal_weights | unweighted)


def _member(
    path: Path, entry: Mapping[str, Any], overrides: Mapping[str, Any], within: tuple[Path, ...]
) -> Iterator[_Built]:
    own = dict(entry)
    if isinstance(own.get("task"), list):  # a group within the group
        yield from _group(path, own, overrides, within)
        return
    name = str(own.pop("task", None) or own.pop("group", None))
    settings = {**overrides, **own}
    if own.keys() & _TASK_KEYS:
        yield _inline(path, name, own, settings)
        return
    folder = path.parent.resolve()
    files = [file for file in _files_by_name(folder).get(name, ()) if file != path.resolve()]
    if len(files) > 1:
        several = ", ".join(str(file.relative_to(folder)) for file in files)
        raise TaskFileError(path, ("task", f"'{name}' is defined by several files: {several}"))
    for file in files:
        yield from _from_file(file, settings, within)
        return
    if name not in _task_manager().all_tasks:
        text = f"'{name}' is not an lm-eval task, and no file in this folder defines it."
        raise TaskFileError(path, ("task", f"{text} {_nearest(name)}"))
    yield from _by_name(name, settings)


_TASK_KEYS = {"include", "dataset_path", "custom_dataset"}
"""Keys that make a member of a group a task of its own."""


def _inline(path: Path, name: str, entry: Mapping[str, Any], settings: Mapping[str, Any]) -> _Built:
    """Build a task that a group file defines among its members."""
    config: dict[str, Any] = {}
    included = entry.get("include") or []
    for one in included if isinstance(included, list) else [included]:
        config |= load_yaml((path.parent / str(one)).resolve())
    config |= {**settings, **data_of(path, entry), "task": name}
    for key in ("include", "tag", "group", "task_list"):
        config.pop(key, None)
    if problems := problems_of(config):
        raise TaskFileError(path, *((f"{name}.{key}", text) for key, text in problems))
    return _Built(_single_modality(_of_config(config)))


@lru_cache(maxsize=16)
def _files_by_name(folder: Path) -> Mapping[str, tuple[Path, ...]]:
    """Return the task files in a folder and below by the name of their task or group."""
    found: dict[str, tuple[Path, ...]] = {}
    for path in sorted(folder.rglob("*.y*ml")):
        try:
            config = load_yaml(path, resolve_func=False, recursive=False)
        except (OSError, ValueError, yaml.YAMLError):
            continue
        name = config.get("group") if isinstance(config.get("task"), list) else config.get("task")
        if isinstance(name, str):
            found[name] = (*found.get(name, ()), path)
    return found


_MAY_BE_ROWS = (
    *(ArithmeticError, AttributeError, LookupError, SyntaxError, TemplateError, TypeError),
    ValueError,
)
"""What a template or a function raises on a row that it does not fit."""


def _of_config(config: Mapping[str, Any]) -> Task:
    """Build a task from its configuration; lm-eval tries its first row meanwhile."""
    task = ConfigurableTask.__new__(ConfigurableTask)
    data = str(config.get("dataset_path") or "")
    if data and data not in BUILDERS and not Path(data).exists():
        check_hub()
    try:
        task.__init__(config=dict(config))
    except DatasetGenerationError:
        for broken in data_files(config.get("dataset_kwargs")):
            read_rows(broken, repeats_ids=True)  # says which file and line is broken
        raise
    except _MAY_BE_ROWS as error:
        if (fault := row_fault(task, config, error)) is not None:
            raise fault from error
        raise
    return task


def _of_class(config: Mapping[str, Any]) -> Task:
    """Build a task that is a Python class, on the data that the file names."""
    given: Any = config["class"]
    is_task = isinstance(given, type) and issubclass(given, Task)
    if not is_task:
        name = getattr(given, "__name__", repr(given))
        raise TaskFileError(None, ("class", f"{name} is not derived from lm_eval.api.task.Task"))
    own = {key: config[key] for key in ("dataset_path", "dataset_name") if key in config}
    options = dict(config.get("dataset_kwargs") or {})

    def download(self: Any, dataset_kwargs: Any = None, *args: Any, **kwargs: Any) -> None:
        for key, value in own.items():
            setattr(self, key.upper(), value)
        kept = dict(dataset_kwargs) if isinstance(dataset_kwargs, Mapping) else {}
        given.download(self, {**kept, **options}, **kwargs)

    made = given
    if own or options:
        namespace = {"download": download, "__module__": given.__module__}
        made = type(given.__name__, (given,), namespace)
    takes_config = "config" in signature(made.__init__).parameters
    task = made(config=dict(config)) if takes_config else made()
    if hasattr(task, "config"):
        task.config.task = config["task"]
    return task


def _single_modality(task: Task) -> Task:
    if getattr(task, "MULTIMODAL", False):
        raise TaskFileError(None, ("", "asks about images or audio; only text tasks are supported"))
    return task
