"""What is wrong with the rows of a data file, gathered so that all of it is reported at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from evalguard.errors import DataError
from evalguard.tasks.rows import Causes, Row


class RowError(DataError):
    """One row cannot be used.

    Args:
        where: Suite and task.
        data: The data file.
        row: The row.
        reason: What was found, what is possible and what to do.
    """

    def __init__(self, where: str, data: Path, row: Row, reason: str) -> None:
        self.place = f"{data}:{row.number}"
        self.reason = reason
        super().__init__(f"{where}: {self.place}: {reason}")


class RowProblems:
    """The problems of a task's rows.

    Args:
        where: Suite and task, as messages name them.
        data: The data file.
    """

    def __init__(self, where: str, data: Path) -> None:
        self._where = where
        self._data = data
        self._found: list[RowError] = []

    @contextmanager
    def of(self, row: Row) -> Iterator[None]:
        """Record a :class:`RowError` of a row and continue with the next."""
        try:
            yield
        except RowError as error:
            self._found.append(error)

    def raise_any(self, n_rows: int) -> None:
        """Raise one error for all problems, listed by cause.

        Args:
            n_rows: Number of rows of the task.

        Raises:
            DataError: If there is a problem.
        """
        if not self._found:
            return
        if len(self._found) == 1:
            raise self._found[0]
        causes = Causes()
        for error in self._found:
            causes.add(error.place, error.reason)
        lines = "".join(f"\n  {line}" for line in causes.lines())
        raise DataError(
            f"{self._where}: {causes.n_rows} of {n_rows} rows of {self._data} cannot be used:"
            f"{lines}"
        )
