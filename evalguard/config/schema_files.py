"""Contents of files that a suite names in place of values, such as JSON schemas."""

from __future__ import annotations

from pathlib import Path

from evalguard.config.suite import SuiteConfig, Task
from evalguard.errors import Problem
from evalguard.tasks.registry import kind_of


def with_schema_files(config: SuiteConfig, path: Path) -> tuple[SuiteConfig, list[Problem]]:
    """Return a suite with its schema files read into the options, and what is wrong with them.

    Args:
        config: The suite as it was read.
        path: Its file.
    """
    problems: list[Problem] = []
    tasks: list[Task] = []
    for index, task in enumerate(config.tasks):
        with_files = kind_of(task).with_files
        if with_files is None:
            tasks.append(task)
            continue
        read, found = with_files(task, path.parent)
        tasks.append(read)
        problems += [Problem(str(path), f"tasks[{index}].{key}", text) for key, text in found]
    return config.model_copy(update={"tasks": tuple(tasks)}), problems
