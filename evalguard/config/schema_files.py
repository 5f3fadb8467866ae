"""The files that a suite's JSON schemas stand in, relative to the suite's file."""

from __future__ import annotations

from pathlib import Path

from evalguard.config.suite import SuiteConfig, Task
from evalguard.config.task_kinds import ScorerConfig, TestSet
from evalguard.errors import Problem
from evalguard.scorers.schema_files import with_files


def with_schema_files(config: SuiteConfig, path: Path) -> tuple[SuiteConfig, list[Problem]]:
    """Return a suite with its schema files read into the options, and what is wrong with them.

    Args:
        config: The suite as it was read.
        path: Its file.
    """
    problems: list[Problem] = []
    tasks: list[Task] = []
    for index, task in enumerate(config.tasks):
        if not isinstance(task, TestSet):
            tasks.append(task)
            continue
        scorers = []
        for number, scorer in enumerate(task.scorers):
            try:
                scorers.append(_with_files(scorer, path.parent))
            except ValueError as error:
                key = f"tasks[{index}].scorers[{number}].options.schema"
                problems.append(Problem(str(path), key, str(error)))
        tasks.append(task.model_copy(update={"scorers": tuple(scorers)}))
    return config.model_copy(update={"tasks": tuple(tasks)}), problems


def _with_files(scorer: ScorerConfig, folder: Path) -> ScorerConfig:
    """Return a scorer with its schema's files in its options."""
    if scorer.name != "json_schema" or scorer.options.get("schema") is None:
        return scorer
    schema = with_files(scorer.options["schema"], folder)
    return scorer.model_copy(update={"options": {**scorer.options, "schema": schema}})
