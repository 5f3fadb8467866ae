"""Rows of a training file, each with the line it stands on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evalguard.errors import DataError
from evalguard.tasks.rows import BrokenRow, parse_rows

SHOWN_PROBLEMS = 20
"""Broken rows printed before the rest is only counted."""


@dataclass(frozen=True, slots=True)
class RawRow:
    """One row as it stands in its file.

    Attributes:
        file: Path of the file as the user wrote it.
        line: Line in the file (JSONL, CSV) or number of the row from 1 (JSON, Parquet).
        fields: Columns by name; a column that Parquet or JSON holds as null is absent.
    """

    file: str
    line: int
    fields: Mapping[str, Any]

    @property
    def where(self) -> str:
        """File and line, as error messages show them."""
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class RowProblem:
    """A row that cannot be trained on.

    Attributes:
        where: File and line.
        message: What is wrong with it.
    """

    where: str
    message: str

    def __str__(self) -> str:
        return f"{self.where}: {self.message}"


def scan_rows(path: Path) -> tuple[list[RawRow], list[RowProblem]]:
    """Return the rows of a data file, and what is wrong with those that cannot be read.

    Args:
        path: A JSONL, JSON, CSV, TSV or Parquet file.

    Raises:
        DataError: If the file as a whole is missing, of another kind, unreadable or empty.
    """
    rows: list[RawRow] = []
    problems: list[RowProblem] = []
    for found in parse_rows(path):
        if isinstance(found, BrokenRow):
            problems.append(RowProblem(f"{path}:{found.number}", found.reason))
        else:
            present = {name: value for name, value in found.data.items() if value is not None}
            rows.append(RawRow(str(path), found.number, present))
    if not rows and not problems:
        raise DataError(f"{path}: no rows; at least one is needed")
    return rows, problems


def raise_problems(problems: Iterable[RowProblem]) -> None:
    """Raise one error that lists the broken rows; do nothing where there are none.

    Raises:
        DataError: If there is a problem.
    """
    found = list(problems)
    if not found:
        return
    shown = "\n".join(f"  {problem}" for problem in found[:SHOWN_PROBLEMS])
    rest = len(found) - SHOWN_PROBLEMS
    more = f"\n  … and {rest} more" if rest > 0 else ""
    noun = "broken row" if len(found) == 1 else "broken rows"
    raise DataError(f"{len(found)} {noun} in the data:\n{shown}{more}")
