"""Where the rows are in a JSON document: a list, columns, a table, or any of them in a wrapper.

What could be read in two ways is refused, with a command that leaves one.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evalguard.errors import DataError
from evalguard.tasks.rows.opening import DataFile
from evalguard.tasks.rows.row import BrokenRow, Found, as_row, kind_of

_ROW_COLUMNS = frozenset(
    {
        *("prompt", "question", "instruction", "input", "query", "context", "text", "completion"),
        *("response", "output", "answer", "target", "label", "chosen", "rejected", "messages"),
        "conversations",
    }
)
"""Columns that data sets have: an object with one of them may itself be a row."""

_CELLS = frozenset(["choices", "options", "tools", "functions", "parts"])
"""Columns whose lists of objects belong to one row."""

_INDEX = "index"
"""Column for the labels that pandas and others keep apart from the columns."""

_Object = Mapping[str, Any]


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
    """Return the rows, of any form, of a document."""
    if isinstance(value, list):
        return _served(value) or value
    if not isinstance(value, dict):
        raise DataError(
            f"{file.path}: holds {kind_of(value)}; rows are objects: [{{…}}, {{…}}] or one a line."
        )
    for read in (_served_page, _table, _split):
        if (found := read(value)) is not None:
            return found
    lists = dict(_lists_of_objects(value))
    if len(lists) > 1:
        raise _several(file, lists)
    if lists:
        [(path, rows)] = lists.items()
        return [value] if _is_one_row(file, value, path, rows) else _served(rows) or rows
    for arranged in (_columns, _by_label):
        if (found := arranged(file, value)) is not None:
            return found
    return [value]


def _served(rows: Sequence[Any]) -> list[_Served] | None:
    """Return the rows in those of the datasets server: ``{"row_idx": 0, "row": {…}}``."""
    if not rows or not all(
        isinstance(one, dict) and {"row_idx", "row"} <= set(one) for one in rows
    ):
        return None
    return [_Served(one["row"], one.get("truncated_cells") or ()) for one in rows]


def _served_page(value: _Object) -> Sequence[Any] | None:
    """Return the rows of a page of the datasets server, which describes its columns as well."""
    rows = value.get("rows")
    return _served(rows) if isinstance(rows, list) else None


def _table(value: _Object) -> Sequence[Any] | None:
    """Return the rows of a table with a schema, as pandas writes with ``orient="table"``."""
    schema, rows = value.get("schema"), value.get("data")
    described = isinstance(schema, dict) and isinstance(schema.get("fields"), list)
    return rows if described and isinstance(rows, list) else None


def _split(value: _Object) -> Sequence[Any] | None:
    """Return the rows of columns, labels and values apart, as with ``orient="split"``."""
    columns, rows = value.get("columns"), value.get("data")
    if not isinstance(columns, list) or not isinstance(rows, list) or not columns:
        return None
    if not set(value) <= {"columns", "data", "index"} or not all(
        isinstance(row, list) and len(row) == len(columns) for row in rows
    ):
        return None
    labels = value.get("index") or range(len(rows))
    if len(labels) != len(rows) or len({*map(str, columns)}) != len(columns):
        return None
    data = [dict(zip(map(str, columns), row, strict=True)) for row in rows]
    return _labelled(data, labels)


def _lists_of_objects(
    value: _Object, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], list[Any]]]:
    """Yield the lists of objects that could be rows, at any depth below objects."""
    for key, inner in value.items():
        if isinstance(inner, dict):
            yield from _lists_of_objects(inner, (*path, key))
        elif isinstance(inner, list) and any(isinstance(one, dict) for one in inner):
            of_one_row = _are_turns(inner) or (key in _CELLS and len(value) > 1)
            if not of_one_row:
                yield (*path, key), inner


def _are_turns(values: Sequence[Any]) -> bool:
    """Return whether a list is a conversation, which is one cell of a row."""
    return all(
        isinstance(one, dict) and ("role" in one or {"from", "value"} <= set(one)) for one in values
    )


def _is_one_row(file: DataFile, value: _Object, path: tuple[str, ...], rows: list[Any]) -> bool:
    """Return whether an object around a list of objects is a row itself.

    Raises:
        DataError: If it may be, and the file's name does not say so.
    """
    beside: list[str] = []
    around: Any = value
    for key in path:
        beside += [name for name in around if name in _ROW_COLUMNS and name != key]
        around = around[key]
    if not beside:
        return False
    if file.suffix in (".jsonl", ".ndjson"):
        return True
    raise DataError(
        f"{file.path}: holds one object with '{beside[0]}' beside the list {_name(path)} of "
        f"{len(rows)} objects. If that list is the rows, save it alone: {_extract(file, path)}\n"
        "If the object is one row, write [ before and ] after it."
    )


def _several(file: DataFile, lists: Mapping[tuple[str, ...], list[Any]]) -> DataError:
    """Return the error of a document with more than one list that could be the rows."""
    named = [f"{_name(path)} ({len(rows)})" for path, rows in lists.items()]
    shown = ", ".join(named[:6]) + (f", … and {len(named) - 6} more" if len(named) > 6 else "")
    return DataError(
        f"{file.path}: holds several lists of objects: {shown}. Save the one that is wanted as a "
        f"file of its own: {_extract(file, next(iter(lists)))}"
    )


def _name(path: Sequence[str]) -> str:
    return f"'{'.'.join(path)}'"


def _extract(file: DataFile, path: Sequence[str]) -> str:
    """Return a shell line that saves one list of a document."""
    keys = "".join(f"[{key!r}]" for key in path)
    code = f"import json, sys; json.dump(json.load(sys.stdin){keys}, sys.stdout)"
    quoted = code.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$").replace("`", "\\`")
    return file.piped(f'python -c "{quoted}"', re.sub(r"\W+", "-", path[-1]).strip("-") or "rows")


def _columns(file: DataFile, value: _Object) -> list[_Object] | None:
    """Return the rows of ``{"prompt": […], "answer": […]}``, a list a column.

    Raises:
        DataError: If the columns differ in length.
    """
    if not value or not all(isinstance(cells, list) for cells in value.values()):
        return None
    if any(cells and _are_turns(cells) for cells in value.values()):
        return None
    lengths = {name: len(cells) for name, cells in value.items()}
    if len(set(lengths.values())) > 1:
        if file.suffix in (".jsonl", ".ndjson"):
            return None
        shown = ", ".join(f"'{name}' {length}" for name, length in lengths.items())
        raise DataError(f"{file.path}: its columns differ in length: {shown}. Write it again.")
    return [dict(zip(value, cells, strict=True)) for cells in zip(*value.values(), strict=True)]


def _by_label(file: DataFile, value: _Object) -> list[_Object] | None:
    """Return the rows of objects in objects: a row a label, or a column a name.

    ``{"0": {"prompt": …}, "1": …}`` and ``{"prompt": {"0": …, "1": …}, …}``, as pandas writes with
    ``orient="index"`` and ``"columns"``. Labels that are more than the rows' places are kept in a
    column.

    Raises:
        DataError: If it may be either.
    """
    inner = list(value.values())
    if not inner or not all(isinstance(one, dict) and one for one in inner):
        return None
    shared = set(inner[0]).intersection(*inner[1:])
    alike = all(set(one) == shared for one in inner)
    if not shared:
        return None
    by_row = _rank(shared) > _rank(value) or not alike
    by_column = alike and _rank(value) > _rank(shared)
    if by_row:
        return _labelled(inner, list(value))
    if by_column:
        rows = [{name: cells[label] for name, cells in value.items()} for label in inner[0]]
        return _labelled(rows, list(inner[0]))
    if file.suffix in (".jsonl", ".ndjson"):
        return None
    raise DataError(
        f"{file.path}: holds objects in objects, and either {_few(value)} or {_few(shared)} may be "
        'the columns. Save it as a list of rows: [{"column": …}, …].'
    )


def _rank(names: Collection[str]) -> int:
    """Return how much names look like those of columns: 0 for numbers, 2 for known ones."""
    if all(re.fullmatch(r"-?\d+", name) for name in names):
        return 0
    return 2 if not _ROW_COLUMNS.isdisjoint(name.lower() for name in names) else 1


def _few(names: Collection[str]) -> str:
    return ", ".join(f"'{name}'" for name in list(names)[:3]) + (", …" if len(names) > 3 else "")


def _labelled(rows: Sequence[_Object], labels: Sequence[Any]) -> list[_Object]:
    """Return rows with their labels in a column, unless those are only their places."""
    if [str(label) for label in labels] == [str(place) for place in range(len(rows))]:
        return list(rows)
    name = _INDEX
    while any(name in row for row in rows):
        name += "_"
    return [{name: label, **row} for row, label in zip(rows, labels, strict=True)]
