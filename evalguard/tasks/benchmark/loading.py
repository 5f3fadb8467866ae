"""Build lm-eval tasks by registered name or from a file, groups included."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from importlib.util import find_spec
from inspect import signature
from pathlib import Path
from typing import Any

import yaml
from jinja2 import UndefinedError
from lm_eval.api.group import Group
from lm_eval.api.task import ConfigurableTask, Task
from lm_eval.tasks import TaskManager
from lm_eval.tasks._yaml_loader import load_yaml

from evalguard.code import reads
from evalguard.errors import ConfigError, DataError, EvalGuardError, Problem
from evalguard.hub import check_hub
from evalguard.quiet import quiet
from evalguard.tasks.benchmark.checks import problems_of
from evalguard.tasks.benchmark.drawing import drawn_as_by_lm_eval, import_again
from evalguard.tasks.benchmark.hub_metrics import code_execution
from evalguard.tasks.benchmark.metrics import Declared
from evalguard.tasks.benchmark.reading import read_once
from evalguard.tasks.benchmark.running import missing_value
from evalguard.tasks.benchmark.sources import (
    BUILDERS,
    TaskFileError,
    data_of,
    functions_of,
    read_source,
)
from evalguard.tasks.benchmark.targets import target_problem
from evalguard.tasks.benchmark.task import Benchmark
from evalguard.tasks.benchmark.watching import listen

EXTRA_PACKAGES = (
    "antlr4",
    "emoji",
    "immutabledict",
    "jieba",
    "langdetect",
    "latex2sympy2_extended",
    "math_verify",
    "nltk",
    "pycountry",
    "sklearn",
    "sympy",
)
"""Import names of what ``evalguard[benchmarks]`` brings."""


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
    limit: int | None = None,
    declared: Mapping[str, Declared] | None = None,
    allow_code_execution: bool = False,
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
        limit: Take the first samples only, as lm-eval's ``--limit`` does.
        declared: Ranges that the suite declares for metrics, by the metric's name.
        allow_code_execution: Whether code that a model wrote may run in the sandbox.

    Raises:
        ConfigError: If there is no such task, or it cannot be built.
        DataError: If its data cannot be read.
    """
    listen()  # a thread that a task starts as it is imported is the task's
    reads.listen()
    try:
        with quiet(), drawn_as_by_lm_eval(), read_once(), code_execution(allow_code_execution):
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
                    limit=limit,
                    declared=declared,
                    equal_weights=each.equal_weights,
                    allow_code_execution=allow_code_execution,
                )
                for each in built
            ]
            for made in benchmarks:
                _ = made.docs  # while the seeds are lm-eval's
    except (ConfigError, DataError):
        raise
    except TaskFileError as error:
        file = _shown(error.path) if error.path else source
        problems = [
            Problem(file, inner, text)
            if error.path
            else Problem(file, key, f"task '{task}': {text}")
            for inner, text in error.problems
        ]
        raise ConfigError(problems) from error
    except (Exception, SystemExit) as error:  # lm-eval and the task's own code raise anything
        raise ConfigError([Problem(source, key, _build_error(task, error))]) from error
    for made in benchmarks:
        _check_runs(made, task, source, key)
    return benchmarks


def _check_runs(benchmark: Benchmark, task: str, source: str, key: str) -> None:
    """Find missing dependencies other than data, before any compute."""
    try:
        benchmark.check_runs()
    except ImportError as error:
        raise ConfigError([Problem(source, key, _build_error(task, error))]) from error
    except EvalGuardError as error:
        raise ConfigError([Problem(source, key, f"task '{task}': {error}")]) from error


def _shown(path: Path) -> str:
    """Return a path relative to the working folder if it is inside."""
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)


def _build_error(task: str, error: BaseException) -> str:  # noqa: PLR0911 - one return a cause
    """Return why a task cannot be built, with the fix where there is one."""
    if cause := _own_cause(error):
        return f"task '{task}': {cause}"
    if isinstance(error, SystemExit):
        return f"the code of task '{task}' ended the program: {error}"
    if isinstance(error, ImportError):
        missing = _missing_package(error)
        if missing and type(error) is ImportError and _is_installed(missing):
            return f"task '{task}' does not fit the installed '{missing}': {error}"
        if missing in EXTRA_PACKAGES or (not missing and "pip install" in str(error)):
            return (
                f"task '{task}' needs packages that are missing ({missing or 'see lm-eval'}): "
                "pip install 'evalguard[benchmarks]'"
            )
        if missing:
            return (
                f"task '{task}' imports '{missing}', which is missing: pip install {missing}, or "
                "put the module next to the task file"
            )
    if isinstance(error, KeyError):
        return (
            f"task '{task}' looks up {error}, which is no split or column of its data and no name "
            "in its own code; correct the task file"
        )
    if type(error).__name__ in ("ConnectionError", "OfflineModeIsEnabled", "DatasetNotFoundError"):
        return (
            f"the data of task '{task}' are on the Hugging Face Hub, which cannot be reached; copy "
            "lm-eval's task file and set dataset_path: json and dataset_kwargs: {data_files: …}"
        )
    if type(error).__name__.startswith("DatasetGeneration"):
        return f"the data of task '{task}' cannot be read: {error.__cause__ or error}"
    return f"lm-eval cannot build the task '{task}': {type(error).__name__}: {error}"


def _missing_package(error: BaseException | None) -> str:
    """Return the package that was not found, behind errors that say it in other words."""
    while error is not None:
        if isinstance(error, ImportError) and error.name:
            return error.name.partition(".")[0]
        error = error.__cause__ or error.__context__
    return ""


def _is_installed(package: str) -> bool:
    """Return whether a package can be imported, so that only a name in it is missing."""
    try:
        return find_spec(package) is not None
    except (ImportError, ValueError):
        return False


def _own_cause(error: BaseException | None) -> EvalGuardError | None:
    """Return the error of this project behind one that lm-eval wrapped it in."""
    while error is not None and not isinstance(error, EvalGuardError):
        error = error.__cause__ or error.__context__
    return error


@lru_cache(maxsize=1)
def _task_manager() -> TaskManager:
    """Read lm-eval's index of tasks, which takes seconds."""
    return TaskManager()


def _by_name(name: str, overrides: Mapping[str, Any] | None = None) -> Iterator[_Built]:
    manager = _task_manager()
    if name not in manager.all_tasks:
        nearest = get_close_matches(name, manager.all_tasks, n=1)
        hint = f"Did you mean '{nearest[0]}'? " if nearest else ""
        raise TaskFileError(
            None, ("", f"no such task of lm-eval. {hint}List them with: lm-eval ls tasks")
        )
    check_hub()
    loaded = manager.load([{"task": name, **overrides} if overrides else name])
    equal: dict[str, set[str]] = {}
    for group in loaded["groups"].values():
        for member in group.get_all_tasks():
            equal.setdefault(str(member.task_name), set()).update(_unweighted_metrics(group))
    for task in loaded["tasks"].values():
        yield _Built(_single_modality(task), frozenset(equal.get(str(task.task_name), ())))


def _unweighted_metrics(group: Group) -> set[str]:
    """Return the metrics that a group averages over its tasks regardless of their sizes."""
    return {one.metric for one in group.aggregate_metric_list or () if not one.weight_by_size}


def _from_file(path: Path, overrides: Mapping[str, Any] | None = None) -> Iterator[_Built]:
    source = read_source(path)
    import_again(functions_of(source.config))
    if source.is_group:
        yield from _group(path, load_yaml(path), overrides or {})
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


def _group(path: Path, config: Mapping[str, Any], overrides: Mapping[str, Any]) -> Iterator[_Built]:
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
        for built in _member(path, own, {**common, **overrides}):
            yield _Built(built.task, built.equal_weights | unweighted)


def _member(path: Path, entry: Mapping[str, Any], overrides: Mapping[str, Any]) -> Iterator[_Built]:
    own = dict(entry)
    if isinstance(own.get("task"), list):  # a group within the group
        yield from _group(path, own, overrides)
        return
    name = str(own.pop("task", None) or own.pop("group", None))
    settings = {**overrides, **own}
    if own.keys() & _TASK_KEYS:
        yield _inline(path, name, own, settings)
        return
    file = _files_by_name(path.parent.resolve()).get(name)
    if file is not None and file != path.resolve():
        yield from _from_file(file, settings)
    else:
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
def _files_by_name(folder: Path) -> Mapping[str, Path]:
    """Return the task files in a folder and below by the name of their task or group."""
    found: dict[str, Path] = {}
    for path in sorted(folder.rglob("*.y*ml")):
        try:
            config = load_yaml(path, resolve_func=False, recursive=False)
        except (OSError, ValueError, yaml.YAMLError):
            continue
        name = config.get("group") if isinstance(config.get("task"), list) else config.get("task")
        if isinstance(name, str):
            found[name] = path
    return found


def _of_config(config: Mapping[str, Any]) -> Task:
    """Build a task from its configuration; lm-eval tries its first row meanwhile."""
    task = ConfigurableTask.__new__(ConfigurableTask)
    data = str(config.get("dataset_path") or "")
    if data and data not in BUILDERS and not Path(data).exists():
        check_hub()
    try:
        task.__init__(config=dict(config))
    except UndefinedError as error:
        raise TaskFileError(None, ("", missing_value(error, task.eval_docs[0]))) from error
    except (IndexError, KeyError, TypeError, ValueError) as error:
        # What it has set by then is enough to check that row.
        if hasattr(task, "multiple_input") and (problem := target_problem(task, task.eval_docs[0])):
            raise TaskFileError(None, ("", f"row 1: {problem}")) from error
        raise
    return task


def _of_class(config: Mapping[str, Any]) -> Task:
    """Build a task that is a Python class, on the data that the file names."""
    given: Any = config["class"]
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
