"""The questions that a gate asks, read from its suites, to be looked for in training data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evalguard.config import Suite
from evalguard.config.loading import load_yaml, read_mapping
from evalguard.config.project_loading import load_project
from evalguard.config.suite import SuiteConfig
from evalguard.errors import DataError
from evalguard.tasks.registry import kind_of
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
        return [item for suite in suites for item in _items_of_suite(suite)]
    return _items_of_suite(Suite(path.stem, path, load_yaml(path, SuiteConfig)))


def _items_of_suite(suite: Suite) -> list[SuiteItem]:
    return [
        SuiteItem(
            f"{suite.name}/{item.task}:{item.row}", (item.prompt, *_question_columns(item.data))
        )
        for index, task in enumerate(suite.config.tasks)
        for item in kind_of(task).asked_items(task, suite.context(index))
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
