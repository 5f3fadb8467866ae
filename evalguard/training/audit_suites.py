"""The questions that a gate asks, read from its suites, to be looked for in training data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evalguard.config.loading import load_yaml, read_mapping
from evalguard.config.project_loading import load_project
from evalguard.config.suite import SuiteConfig
from evalguard.config.task_kinds import Benchmark, Overfitting, Prompts
from evalguard.errors import DataError
from evalguard.tasks.prompts import PromptRows
from evalguard.tasks.rows import read_rows

QUESTION_COLUMNS = ("question", "prompt", "instruction", "query", "problem", "goal")
"""Columns of an item's row that hold its question, without what a template adds."""


@dataclass(frozen=True, slots=True)
class SuiteItem:
    """One question of a suite.

    Attributes:
        where: Suite, task and number of the row.
        texts: Forms of the question: the prompt, and the columns that hold it.
    """

    where: str
    texts: tuple[str, ...]


def load_items(path: Path) -> list[SuiteItem]:
    """Return the questions of a suite file, of all suites of a project, or of a data file.

    Args:
        path: A suite (``.yaml``), a project (``evalguard.yaml``), or rows (``.jsonl``, …).

    Raises:
        ConfigError: If the suite or the project has problems.
        DataError: If rows are missing, broken, or have no column with a question.
    """
    if path.suffix not in (".yaml", ".yml"):
        return _items_of_rows(path)
    if "suites" in read_mapping(path):
        suites = load_project(path).suites.values()
        return [item for suite in suites for item in _items_of_suite(suite.path, suite.config)]
    return _items_of_suite(path, load_yaml(path, SuiteConfig))


def _items_of_suite(path: Path, config: SuiteConfig) -> list[SuiteItem]:
    items: list[SuiteItem] = []
    for index, task in enumerate(config.tasks):
        if isinstance(task, Benchmark):
            items += _items_of_benchmark(path, task, index)
        elif isinstance(task, Prompts):
            # A suite that looks for overfitting asks about training rows on purpose.
            data = task.held_out if isinstance(task, Overfitting) else task.data
            prompts = PromptRows(
                f"{path.stem}/{task.task_name}",
                path.parent / Path(data).expanduser(),
                prompt=task.prompt,
                messages=task.messages,
                limit=task.limit,
            )
            items += [
                SuiteItem(
                    f"{prompts.where}:{one.row.number}",
                    (one.shown, *_question_columns(one.row.data)),
                )
                for one in prompts.prompts(None)
            ]
    return items


def _items_of_benchmark(path: Path, task: Benchmark, index: int) -> list[SuiteItem]:
    from evalguard.tasks.benchmark.loading import load_benchmark

    built = load_benchmark(
        path.stem,
        task.task,
        base_dir=path.parent,
        source=str(path),
        key=f"tasks[{index}].task",
        num_fewshot=0,
        limit=task.limit,
    )
    return [
        SuiteItem(
            f"{path.stem}/{each.name}:{sample.row_number}",
            (sample.prompt, *_question_columns(sample.row)),
        )
        for each in built
        for sample in each.prepare(None)
    ]


def _items_of_rows(path: Path) -> list[SuiteItem]:
    items = []
    for row in read_rows(path):
        texts = _question_columns(row.data)
        if not texts:
            raise DataError(
                f"{path}:{row.number}: no column holds a question. Name one of its columns "
                f"{', '.join(QUESTION_COLUMNS)}."
            )
        items.append(SuiteItem(f"{path}:{row.number}", texts))
    return items


def _question_columns(row: Mapping[str, Any]) -> tuple[str, ...]:
    values = (row.get(column) for column in QUESTION_COLUMNS)
    return tuple(value for value in values if isinstance(value, str) and value.strip())
