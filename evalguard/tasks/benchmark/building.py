"""Why lm-eval cannot build a task on its rows, where the rows or what makes them are at fault."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from jinja2 import UndefinedError
from lm_eval.api.task import Task

from evalguard.tasks.benchmark.running import missing_value, template_problem
from evalguard.tasks.benchmark.sources import TaskFileError, data_file, shown_path
from evalguard.tasks.benchmark.targets import target_problem

_EMPTY_SPLIT = re.compile(r'Instruction "([^"]+)" corresponds to no data!')
"""What datasets says of a split without rows."""


def row_fault(task: Task, config: Mapping[str, Any], error: Exception) -> TaskFileError | None:
    """Return the fault of the rows behind an error; ``None`` where it is another.

    Args:
        task: The task as far as lm-eval built it; lm-eval tries its first row meanwhile.
        config: Its configuration.
        error: What lm-eval raised.
    """
    if isinstance(error, UndefinedError) and (lack := missing_value(error, task.eval_docs[0])):
        return TaskFileError(None, ("", lack))
    if (empty := _EMPTY_SPLIT.fullmatch(str(error))) is not None:
        file = data_file(config.get("dataset_kwargs"), empty[1])
        return TaskFileError(file, ("", f"no rows for the split '{empty[1]}'"))
    if problem := _custom_problem(task, config) or _processed_problem(task, config):
        return TaskFileError(None, ("", problem))
    if not hasattr(task, "multiple_input"):
        return None
    # What it has set by then is enough to check that row.
    row = task.eval_docs[0]
    problem = template_problem(config, row) or target_problem(task, row)
    if not problem:
        return None
    split = config.get("test_split") or config.get("validation_split") or ""
    file = data_file(config.get("dataset_kwargs"), split)
    where = f"{shown_path(file)}, " if file is not None else ""
    return TaskFileError(None, ("", f"{where}row 1: {problem}"))


def _custom_problem(task: Task, config: Mapping[str, Any]) -> str:
    """Return what is wrong with the data that ``custom_dataset`` makes; empty where nothing is."""
    make, made = config.get("custom_dataset"), getattr(task, "dataset", None)
    if not callable(make) or isinstance(made, Mapping):
        return ""
    name, found = getattr(make, "__name__", "it"), "nothing" if made is None else f"{made!r:.40}"
    return f"custom_dataset: {name} returns {found}; return the rows by split: {{'test': rows}}"


def _processed_problem(task: Task, config: Mapping[str, Any]) -> str:
    """Return what is wrong with the rows that ``process_docs`` leaves; empty where nothing is."""
    process, split = config.get("process_docs"), config.get("test_split")
    split = split or config.get("validation_split")
    if not callable(process) or split not in (getattr(task, "dataset", None) or ()):
        return ""
    docs = process(task.dataset[split])
    name = getattr(process, "__name__", "process_docs")
    if docs is None:
        return f"process_docs: {name} returns nothing; return the rows"
    return "" if len(docs) else f"process_docs: {name} leaves no rows of the split '{split}'"
