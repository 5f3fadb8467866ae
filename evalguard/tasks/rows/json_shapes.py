"""Where the rows are in a JSON document: a list, a table, or either of them in a wrapper.

What could be read in two ways is refused, with a command that leaves one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evalguard.errors import DataError
from evalguard.tasks.rows.json_around import beside, check_whole, more_than_metadata
from evalguard.tasks.rows.json_tables import (
    ROW_COLUMNS,
    Object,
    are_turns,
    check_described,
    columns_apart,
    is_column_wise,
    of_columns,
    of_labels,
    of_records,
    with_schema,
)
from evalguard.tasks.rows.opening import DataFile
from evalguard.tasks.rows.row import ENCODED_TWICE, BrokenRow, Found, as_row, kind_of

_CELLS = frozenset({"choices", "options", "tools", "functions", "parts"})
"""Columns whose lists of objects belong to one row."""

_OF_SERVED = frozenset({"row_idx", "row", "truncated_cells"})
"""Keys of a row as the datasets server sends it."""

_Path = tuple[str, ...]
"""Keys from the top of a document to a value."""


def rows_of_document(file: DataFile, value: Any, *, may_hold_surrogates: bool) -> Found:
    """Yield the rows of a document, numbered by their places from 1.

    Args:
        file: The file, for messages.
        value: The document.
        may_hold_surrogates: As for :func:`~evalguard.tasks.rows.row.as_row`.

    Raises:
        DataError: If it holds no rows, or several lists that could be them.
    """
    for number, row in enumerate(_rows(file, value), start=1):
        if isinstance(row, _Served) and row.cut:
            yield BrokenRow(
                number,
                f"the server that sent the row cut {', '.join(row.cut)} short. "
                "Download the data set's files in place of a page of rows",
            )
        else:
            data = row.data if isinstance(row, _Served) else row
            yield as_row(number, data, may_hold_surrogates=may_hold_surrogates)


@dataclass(frozen=True, slots=True)
class _Served:
    """A row as the datasets server of the Hugging Face hub sends it.

    Attributes:
        data: The row.
        cut: Columns of which it sent the beginning only.
    """

    data: Any
    cut: Sequence[str]


def _rows(file: DataFile, value: Any) -> Sequence[Any]:
    """Return the rows, of any form, of a document.

    In a file of a row a line, an object is a row, whatever it holds.
    """
    if isinstance(value, list):
        return _served(file, value) or value
    if isinstance(value, str) and value.lstrip()[:1] in ("{", "["):
        raise DataError(f"{file.path}: {ENCODED_TWICE}.")
    if not isinstance(value, dict):
        raise DataError(
            f"{file.path}: holds {kind_of(value)}; rows are objects: [{{…}}, {{…}}] or one a line."
        )
    if file.has_a_row_a_line:
        return [value]
    for found in (
        _served_page(file, value),
        with_schema(file, value),
        columns_apart(file, value),
        of_records(value),
    ):
        if found is not None:
            return found
    return _wrapped(file, value) or _whole(file, value)


def _whole(file: DataFile, value: Object) -> Sequence[Any]:
    """Return the rows of an object that wraps none: it is a table, or a row itself."""
    for arranged in (of_columns, of_labels):
        if (found := arranged(file, value)) is not None:
            return found
    return [value]


def _wrapped(file: DataFile, value: Object) -> Sequence[Any] | None:
    """Return the rows of the one list or table of columns inside an object.

    Raises:
        DataError: If there are several, or the object may be a row itself.
    """
    inner = dict(_inner(value))
    if not inner:
        return None
    if len(inner) > 1:
        raise _several(file, inner)
    [(path, rows)] = inner.items()
    around = list(beside(value, path))
    if lost := more_than_metadata(around, ROW_COLUMNS):
        raise DataError(
            f"{file.path}: holds one object with '{lost[0]}' beside {_name(path)}, "
            f"{_size(rows)}. If those are the rows, save them alone: {_extract(file, path)}\n"
            "If the object is one row, write [ before and ] after it."
        )
    found = of_columns(file, rows) if isinstance(rows, dict) else _served(file, rows) or rows
    check_whole(file, around, len(found or ()))
    return found


def _served(file: DataFile, rows: Sequence[Any]) -> list[_Served] | None:
    """Return the rows in those of the datasets server: ``{"row_idx": 0, "row": {…}}``.

    Raises:
        DataError: If one holds anything beside its row.
    """
    if not rows or not all(
        isinstance(one, dict) and {"row_idx", "row"} <= set(one) for one in rows
    ):
        return None
    for place, one in enumerate(rows, start=1):
        if others := one.keys() - _OF_SERVED:
            raise DataError(
                f"{file.path}:{place}: has '{min(others)}' in addition to 'row_idx' and 'row', in "
                "which the Hugging Face hub sends a row. Move it into 'row', or rename 'row'."
            )
    return [_Served(one["row"], one.get("truncated_cells") or ()) for one in rows]


def _served_page(file: DataFile, value: Object) -> Sequence[Any] | None:
    """Return the rows of a page of the datasets server, which describes its columns as well.

    Raises:
        DataError: If the data set has more rows than the page, or the page holds something else.
    """
    rows = value.get("rows")
    found = _served(file, rows) if isinstance(rows, list) else None
    if found is not None:
        check_described(file, value, ("rows", "features"), len(found))
    return found


def _inner(value: Object, path: _Path = ()) -> Iterator[tuple[_Path, Any]]:
    """Yield lists of objects and tables of columns that could be rows, at any depth of objects."""
    for key, inner in value.items():
        here = (*path, key)
        if isinstance(inner, dict):
            if (
                is_column_wise(inner)
                and len(set(map(len, inner.values()))) == 1
                and (len(inner) > 1 or not ROW_COLUMNS.isdisjoint(inner))
            ):
                yield here, inner
            else:
                yield from _inner(inner, here)
        elif isinstance(inner, list) and any(isinstance(one, dict) for one in inner):
            of_one_row = are_turns(inner) or (key in _CELLS and len(value) > 1)
            if not of_one_row:
                yield here, inner


def _several(file: DataFile, inner: Mapping[_Path, Any]) -> DataError:
    """Return the error of a document with more than one value that could be the rows."""
    named = [f"{_name(path)} ({_size(rows)})" for path, rows in inner.items()]
    shown = ", ".join(named[:6]) + (f", … and {len(named) - 6} more" if len(named) > 6 else "")
    return DataError(
        f"{file.path}: holds several lists of rows: {shown}. Save the one you want as a separate "
        f"file: {_extract(file, next(iter(inner)))}"
    )


def _size(rows: Any) -> str:
    if isinstance(rows, dict):
        return f"{len(rows)} columns of {len(next(iter(rows.values())))} values"
    return f"{len(rows)} objects"


def _name(path: Sequence[str]) -> str:
    return f"'{'.'.join(path)}'"


def _extract(file: DataFile, path: Sequence[str]) -> str:
    """Return a shell line that saves one list of a document."""
    keys = "".join(f"[{key!r}]" for key in path)
    code = f"import json, sys; json.dump(json.load(sys.stdin){keys}, sys.stdout)"
    quoted = code.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$").replace("`", "\\`")
    return file.piped(f'python -c "{quoted}"', re.sub(r"\W+", "-", path[-1]).strip("-") or "rows")
