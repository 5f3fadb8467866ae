"""Makes what a task draws at random the same in every build."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import datasets
import lm_eval.tasks
import numpy as np

from evalguard.code.files import is_installed
from evalguard.tasks.benchmark.sources import Function

SEED = 0
"""lm-eval's default of ``random``."""

ARRAY_SEED = 1234
"""lm-eval's default of numpy and torch."""

_TASKS = Path(lm_eval.tasks.__file__).resolve().parent

_NEVER_AGAIN = frozenset({*sys.stdlib_module_names, "datasets", "evalguard", "lm_eval"})
"""Packages whose modules are not a task's own; lm-eval's tasks are found by their folder."""

_imported: set[str] = set()
"""Modules of projects that earlier builds were the first to import."""

_fresh: set[str] = set()
"""Modules of functions that this build has imported again."""


@contextmanager
def drawn_as_by_lm_eval() -> Iterator[None]:
    """Build tasks in the state in which a new ``lm_eval`` command builds them.

    Every global generator is seeded as the command does, and restored afterwards. Modules of tasks
    are imported again, because some keep a generator. Nothing that the task's code makes of its
    data is cached: a cache may return what another process drew.
    """
    import torch

    states = random.getstate(), np.random.get_state(), torch.random.get_rng_state()  # noqa: NPY002
    caches = datasets.is_caching_enabled()
    random.seed(SEED)
    np.random.seed(ARRAY_SEED)  # noqa: NPY002 - the generator that tasks draw from
    torch.manual_seed(ARRAY_SEED)
    _forget_task_modules()
    before = set(sys.modules)
    datasets.disable_caching()
    try:
        yield
    finally:
        if caches:
            datasets.enable_caching()
        _imported.update(name for name in set(sys.modules) - before if _is_local(name))
        random.setstate(states[0])
        np.random.set_state(states[1])  # noqa: NPY002
        torch.random.set_rng_state(states[2])


def import_again(functions: Iterable[Function]) -> None:
    """Let lm-eval import the modules of a task's functions again, once in each build.

    These are modules that are imported by name, which whatever runs EvalGuard may use as well.
    """
    for name in {one.module for one in functions if not one.file.is_file()} - _fresh:
        if not _is_kept(name):
            _fresh.add(name)
            _forget(name)


def _forget_task_modules() -> None:
    """Drop the modules in lm-eval's folder of tasks, and those that earlier builds imported.

    lm-eval marks the modules that it loads itself with a time.
    """
    for name, module in list(sys.modules.items()):
        marked = "__mtime__" in getattr(module, "__dict__", {})
        if marked or name in _imported or _is_of_lm_eval_task(name):
            _forget(name)
    _imported.clear()
    _fresh.clear()


def _forget(name: str) -> None:
    module = sys.modules.pop(name, None)
    package, _, last = name.rpartition(".")
    holder = sys.modules.get(package)
    if module is not None and getattr(holder, last, None) is module:
        delattr(holder, last)  # "from package import module" would find it there


def _is_of_lm_eval_task(name: str) -> bool:
    file = _file_of(name) if name.startswith("lm_eval.tasks.") else None
    return file is not None and _TASKS in file.parents and file.parent != _TASKS


def _is_local(name: str) -> bool:
    """Whether a module is a Python file of a project: neither built in nor installed."""
    file = _file_of(name)
    return (
        file is not None and file.suffix == ".py" and not is_installed(file) and not _is_kept(name)
    )


def _is_kept(name: str) -> bool:
    return name.partition(".")[0] in _NEVER_AGAIN


def _file_of(name: str) -> Path | None:
    file = getattr(sys.modules.get(name), "__file__", None)
    return Path(file).resolve() if isinstance(file, str) else None
