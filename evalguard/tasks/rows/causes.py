"""What is wrong with rows, by cause: the same fault in many rows is one message."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

MAX_PROBLEMS = 10
"""Causes listed in one error."""

_MAX_PLACES = 5
"""Further rows named for a cause; the rest is only counted."""


@dataclass(slots=True)
class Cause:
    """One fault, and the rows that have it.

    Attributes:
        reason: What is wrong.
        first: File and number of the first row.
        detail: What only the first row has; empty for nothing.
        count: Number of rows.
        others: The first few of the other rows.
    """

    reason: str
    first: str
    detail: str
    count: int = 1
    others: list[str] = field(default_factory=list)

    def numbers(self) -> str:
        """Return the numbers of the other rows in the same file, the first few of them."""
        file = self.first.rpartition(":")[0] + ":"
        shown = ", ".join(place.removeprefix(file) for place in self.others)
        return shown + (", …" if self.count - 1 > len(self.others) else "")


class Causes:
    r"""Gathers what is wrong with rows.

    Example:
        >>> causes = Causes()
        >>> for line in (2, 3, 4):
        ...     causes.add(f"a.jsonl:{line}", "is a list")
        >>> print(*causes.lines(), sep="\n")
        a.jsonl:2: is a list
          and 2 more rows: 3, 4
    """

    def __init__(self) -> None:
        self._causes: dict[str, Cause] = {}
        self._last = ""
        self.n_rows = 0
        """Number of rows with a problem; problems of one row are added one after the other."""

    def __len__(self) -> int:
        return len(self._causes)

    def __iter__(self) -> Iterator[Cause]:
        return iter(self._causes.values())

    def add(self, where: str, reason: str, detail: str = "") -> None:
        """Note a problem.

        Args:
            where: File and row, as in ``data/a.jsonl:7``.
            reason: What is wrong, in the same words for every row with the same fault.
            detail: What only this row has, such as the column; shown for the first row.
        """
        self.n_rows += where != self._last
        self._last = where
        cause = self._causes.get(reason)
        if cause is None:
            self._causes[reason] = Cause(reason, where, detail)
            return
        cause.count += 1
        if len(cause.others) < _MAX_PLACES:
            cause.others.append(where)

    def lines(self, most: int = MAX_PROBLEMS) -> list[str]:
        """Return the lines of a message: each cause with its first row, and its other rows.

        Args:
            most: Causes to list; the rows of the others are counted in the last line.
        """
        lines: list[str] = []
        for cause in islice(self, most):
            detail = f" ({cause.detail})" if cause.detail else ""
            lines.append(f"{cause.first}: {cause.reason}{detail}")
            if n_others := cause.count - 1:
                noun = "row" if n_others == 1 else "rows"
                lines.append(f"  and {n_others:,} more {noun}: {cause.numbers()}")
        if rest := list(islice(self, most, None)):
            lines.append(f"… and {sum(cause.count for cause in rest)} more")
        return lines
