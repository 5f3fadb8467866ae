"""Reading a data file: by what it holds, whole or not at all."""

from __future__ import annotations

import re
from pathlib import Path

from evalguard.errors import DataError
from evalguard.tasks.rows.causes import MAX_PROBLEMS, Causes
from evalguard.tasks.rows.columnar import ARROW_FILE, PARQUET, read_columnar
from evalguard.tasks.rows.decoding import encoding_of
from evalguard.tasks.rows.delimited import read_delimited
from evalguard.tasks.rows.json_text import read_json
from evalguard.tasks.rows.opening import DataFile, open_data
from evalguard.tasks.rows.row import BrokenRow, Found, Row

ID_COLUMN = "id"
"""A column of this name must hold a different value in every row, but in files of labels."""

_OBJECT = re.compile(r'\s*(?:\[\s*)?\{\s*"[^"\n]*"\s*:')
"""Begins JSON, and no names of columns."""


def read_rows(path: Path, *, repeats_ids: bool = False) -> list[Row]:
    """Return all rows of a file, in order.

    Args:
        path: A file of JSON, CSV, TSV, Parquet or Arrow, whose name ends in one of
            :data:`~evalguard.tasks.rows.SUFFIXES`; it may be compressed. Text is UTF-8, or UTF-16
            and UTF-32 where that is certain. JSON lines and CSV are read row by row.
        repeats_ids: Whether several rows may have one id, as labels of several people do.

    Raises:
        DataError: If the file is missing, of another kind, empty or unreadable, if rows are
            broken (the first :data:`MAX_PROBLEMS` causes are named), or ids occur twice.
        PrerequisiteError: If the file needs pyarrow and it is not installed.
    """
    rows: list[Row] = []
    causes = Causes()
    parsed = parse_rows(path)
    for found in parsed if repeats_ids else _with_new_ids(parsed):
        if isinstance(found, Row):
            rows.append(found)
        else:
            causes.add(f"{path}:{found.number}", found.reason, found.detail)
        if len(causes) == MAX_PROBLEMS:
            break
    if causes:
        shown = "".join(f"\n  {line}" for line in causes.lines())
        count = f"{'at least ' if len(causes) == MAX_PROBLEMS else ''}{causes.n_rows:,}"
        raise DataError(f"{path}: broken rows: {count}.{shown}")
    if not rows:
        raise DataError(f"{path}: holds no rows. A test set needs at least one.")
    return rows


def parse_rows(path: Path) -> Found:
    """Yield the rows of a data file in order, the broken ones in their places.

    Args:
        path: As for :func:`read_rows`.

    Raises:
        DataError: If the file as a whole is missing, of another kind or unreadable.
        PrerequisiteError: If the file needs pyarrow and it is not installed.
    """
    try:
        file = open_data(path)
        if is_columnar(file):
            yield from read_columnar(file)
        elif file.suffix in (".csv", ".tsv") and not _is_json(file):
            yield from read_delimited(file)
        else:
            yield from read_json(file)
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror or error}.") from error


def is_columnar(file: DataFile) -> bool:
    """Return whether a file is of Parquet or Arrow, whatever it is called."""
    columnar = file.suffix in (".parquet", ".arrow", ".feather")
    return columnar or file.head.startswith((PARQUET, ARROW_FILE))


def _is_json(file: DataFile) -> bool:
    """Return whether a file that is called CSV begins as JSON does."""
    encoding = encoding_of(file.head)
    return _OBJECT.match(file.head.decode(encoding, errors="ignore")) is not None


def _with_new_ids(found: Found) -> Found:
    """Pass rows on; one whose id an earlier row has becomes a broken one."""
    first: dict[str, int] = {}
    for one in found:
        if isinstance(one, BrokenRow) or one.data.get(ID_COLUMN) is None:
            yield one
            continue
        key = str(one.data[ID_COLUMN])
        if key in first:
            yield BrokenRow(
                one.number,
                f"the column '{ID_COLUMN}' must hold a different value in every row",
                f"{ID_COLUMN} '{key}' is that of row {first[key]} too",
            )
        else:
            first[key] = one.number
            yield one
