"""What is wrong with the rows of a data file, gathered so that all of it is reported at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from evalguard.errors import DataError
from evalguard.tasks.rows import MAX_PROBLEMS, Row


class RowError(DataError):
    """One row cannot be used.

    Args:
        where: Suite and task.
        data: The data file.
        row: The row.
        reason: What was found, what is possible and what to do.
    """

    def __init__(self, where: str, data: Path, row: Row, reason: str) -> None:
        super().__init__(f"{where}: {data}:{row.number}: {reason}")
        self.reason = reason
        self.line = f"{data}:{row.number}: {reason}"


class RowProblems:
    """The problems of a task's rows.

    Args:
        where: Suite and task, as messages name them.
        data: The data file.
    """

    def __init__(self, where: str, data: Path) -> None:
        self._where = where
        self._data = data
        self._found: dict[int, list[RowError]] = {}

    @contextmanager
    def of(self, row: Row) -> Iterator[None]:
        """Note a :class:`RowError` of a row, and go on with the next."""
        try:
            yield
        except RowError as error:
            self._found.setdefault(row.number, []).append(error)

    def raise_any(self, n_rows: int) -> None:
        """Raise one error for all problems; the first :data:`MAX_PROBLEMS` rows are named.

        Args:
            n_rows: Number of rows of the task.

        Raises:
            DataError: If there is a problem.
        """
        if not self._found:
            return
        if len(self._found) == 1:
            [errors] = self._found.values()
            if len(errors) == 1:
                raise errors[0]
        shown = [error.line for errors in self._first() for error in errors]
        rest = len(self._found) - MAX_PROBLEMS
        more = f"\n  … and {rest} more rows" if rest > 0 else ""
        lines = "".join(f"\n  {line}" for line in shown)
        raise DataError(
            f"{self._where}: {len(self._found)} of {n_rows} rows of {self._data} cannot be used:"
            f"{lines}{more}"
        )

    def _first(self) -> list[list[RowError]]:
        return list(self._found.values())[:MAX_PROBLEMS]
