"""Rows of a data file, each with the line it stands on.

Reads JSONL, JSON (a list of objects), CSV and Parquet. A row that cannot be read is kept as a
problem, so that a file is reported with all of its broken rows at once.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evalguard.errors import DataError, did_you_mean

SHOWN_PROBLEMS = 20
"""Broken rows printed before the rest is only counted."""


@dataclass(frozen=True, slots=True)
class RawRow:
    """One row as it stands in its file.

    Attributes:
        file: Path of the file as the user wrote it.
        line: Line in the file (JSONL, CSV) or number of the row from 1 (JSON, Parquet).
        fields: Columns by name.
    """

    file: str
    line: int
    fields: Mapping[str, Any]

    @property
    def where(self) -> str:
        """File and line, as error messages show them."""
        return f"{self.file}:{self.line}"


def read_rows(path: Path) -> list[RawRow]:
    """Return the rows of a data file.

    Args:
        path: A ``.jsonl``, ``.json``, ``.csv`` or ``.parquet`` file.

    Raises:
        DataError: If the file is missing, empty, of another kind, or has a row that cannot be read;
            every such row is named with its line.
    """
    if not path.is_file():
        nearby = [p.name for p in path.parent.glob("*") if p.suffix in _READERS]
        raise DataError(f"{path}: no such data file. {did_you_mean(path.name, nearby)}")
    if path.suffix not in _READERS:
        kinds = ", ".join(sorted(_READERS))
        raise DataError(f"{path}: unknown kind of data file '{path.suffix}'. Allowed: {kinds}.")
    rows: list[RawRow] = []
    problems: list[str] = []
    try:
        for line, fields in _READERS[path.suffix](path):
            if isinstance(fields, dict):
                rows.append(RawRow(str(path), line, fields))
            else:
                problems.append(f"{path}:{line}: {fields}")
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: not UTF-8 text ({error.reason} at byte {error.start})") from None
    raise_problems(problems)
    if not rows:
        raise DataError(f"{path}: no rows; at least one is needed")
    return rows


def raise_problems(problems: Iterable[str]) -> None:
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


_Parsed = tuple[int, dict[str, Any] | str]
"""Line, and the row's columns or what is wrong with it."""


def _as_row(value: object) -> dict[str, Any] | str:
    if isinstance(value, dict):
        return value
    return f"found a {type(value).__name__}, expected an object with named columns"


def _read_jsonl(path: Path) -> Iterator[_Parsed]:
    with path.open(encoding="utf-8-sig") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                yield number, _as_row(json.loads(line))
            except json.JSONDecodeError as error:
                yield number, f"broken JSON at column {error.colno}: {error.msg}"


def _read_json(path: Path) -> Iterator[_Parsed]:
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except json.JSONDecodeError as error:
        yield error.lineno, f"broken JSON at column {error.colno}: {error.msg}"
        return
    if not isinstance(content, list):
        yield 1, f"found a {type(content).__name__}, expected a list of objects"
        return
    for number, value in enumerate(content, start=1):
        yield number, _as_row(value)


def _read_csv(path: Path) -> Iterator[_Parsed]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        for fields in reader:
            if None in fields or None in fields.values():
                names = len(reader.fieldnames or ())
                yield reader.line_num, f"the number of cells differs from the {names} of the header"
            else:
                yield reader.line_num, dict(fields)


def _read_parquet(path: Path) -> Iterator[_Parsed]:
    from pyarrow import ArrowInvalid, parquet

    try:
        rows = parquet.read_table(path).to_pylist()
    except ArrowInvalid as error:
        yield 1, f"not a Parquet file: {error}"
        return
    # Parquet writes an absent column as null: to the formats it is absent.
    for number, fields in enumerate(rows, start=1):
        yield number, {name: value for name, value in fields.items() if value is not None}


_READERS: Mapping[str, Callable[[Path], Iterator[_Parsed]]] = {
    ".jsonl": _read_jsonl,
    ".json": _read_json,
    ".csv": _read_csv,
    ".parquet": _read_parquet,
}
