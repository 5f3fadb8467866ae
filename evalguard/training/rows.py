"""Rows of a training file, each with the line it stands on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evalguard.errors import DataError
from evalguard.tasks.rows import BrokenRow, Causes, parse_rows

SHOWN_PROBLEMS = 20
"""Causes printed before the rest is only counted."""


@dataclass(frozen=True, slots=True)
class RawRow:
    """One row of a file, unparsed.

    Attributes:
        file: Path of the file as the user wrote it.
        line: Line in the file where rows have one (JSON lines, CSV), or number of the row from 1.
        fields: Columns by name; a column that Parquet or JSON holds as null is absent.
        nulls: Names of those columns.
    """

    file: str
    line: int
    fields: Mapping[str, Any]
    nulls: tuple[str, ...] = ()

    @property
    def where(self) -> str:
        """File and line, as error messages show them."""
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class RowProblem:
    """A row that cannot be trained on.

    Attributes:
        where: File and line.
        message: What is wrong with it, in the same words for every row with the same fault.
        detail: What only this row has, such as the column of the fault; empty for nothing.
    """

    where: str
    message: str
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.where}: {self.message}" + (f" ({self.detail})" if self.detail else "")


def scan_rows(path: Path) -> tuple[list[RawRow], list[RowProblem]]:
    """Return the rows of a data file, and what is wrong with those that cannot be read.

    Args:
        path: As for :func:`~evalguard.tasks.rows.read_rows`.

    Raises:
        DataError: If the file as a whole is missing, of another kind, unreadable or empty.
    """
    rows: list[RawRow] = []
    problems: list[RowProblem] = []
    for found in parse_rows(path):
        if isinstance(found, BrokenRow):
            problems.append(RowProblem(f"{path}:{found.number}", found.reason, found.detail))
        else:
            present = {name: value for name, value in found.data.items() if value is not None}
            nulls = tuple(name for name, value in found.data.items() if value is None)
            rows.append(RawRow(str(path), found.number, present, nulls))
    if not rows and not problems:
        raise DataError(f"{path}: no rows; at least one is needed")
    return rows, problems


def causes_of(problems: Iterable[RowProblem]) -> Causes:
    """Return problems by what is wrong."""
    causes = Causes()
    for problem in problems:
        causes.add(problem.where, problem.message, problem.detail)
    return causes


def raise_problems(problems: Iterable[RowProblem]) -> None:
    """Raise one error that lists the broken rows by cause; do nothing where there are none.

    Raises:
        DataError: If there is a problem.
    """
    causes = causes_of(problems)
    if not causes:
        return
    shown = "\n".join(f"  {line}" for line in causes.lines(SHOWN_PROBLEMS))
    noun = "broken row" if causes.n_rows == 1 else "broken rows"
    raise DataError(f"{causes.n_rows:,} {noun} in the data:\n{shown}")
