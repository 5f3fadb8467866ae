"""Contents of files that a suite names in place of values, such as JSON schemas."""

from __future__ import annotations

from pathlib import Path

from evalguard.config.suite import SuiteConfig, Task
from evalguard.errors import Problem
from evalguard.tasks.registry import kind_of


def with_schema_files(
    config: SuiteConfig, path: Path
) -> tuple[SuiteConfig, tuple[Path, ...], list[Problem]]:
    """Return a suite with its schema files read into the options, the files, and what is wrong.

    Args:
        config: The suite as it was read.
        path: Its file.
    """
    problems: list[Problem] = []
    tasks: list[Task] = []
    files: list[Path] = []
    for index, task in enumerate(config.tasks):
        kind = kind_of(task)
        if kind.with_files is None:
            tasks.append(task)
            continue
        read, found = kind.with_files(task, path.parent)
        tasks.append(read)
        problems += [Problem(str(path), f"tasks[{index}].{key}", text) for key, text in found]
        if kind.contents is not None and not found:
            files += kind.contents(task, path.parent)
    return config.model_copy(update={"tasks": tuple(tasks)}), tuple(files), problems
