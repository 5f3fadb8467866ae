"""Tables in JSON: lists of columns, and the forms that pandas writes."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from evalguard.errors import DataError
from evalguard.tasks.rows.json_around import check_whole, more_than_metadata
from evalguard.tasks.rows.opening import DataFile

ROW_COLUMNS = frozenset(
    {
        *("prompt", "question", "instruction", "input", "query", "context", "text", "completion"),
        *("response", "output", "answer", "target", "label", "chosen", "rejected", "messages"),
        "conversations",
    }
)
"""Columns that data sets have: an object with one of them may itself be a row."""

_LABELS = "index"
"""Column for the labels that pandas and others keep apart from the columns."""

_LABEL_KEYS = ("index", "index_names", "column_names")
"""Keys of a table of columns that concern its labels."""

Object = Mapping[str, Any]


def are_turns(values: Sequence[Any]) -> bool:
    """Return whether a list is a conversation, which is one cell of a row."""
    return all(
        isinstance(one, dict) and ("role" in one or {"from", "value"} <= set(one)) for one in values
    )


def check_described(file: DataFile, value: Object, own: Collection[str], n_rows: int) -> None:
    """Check that a table holds nothing beside its rows than what describes them.

    Args:
        file: The file, for messages.
        value: The document.
        own: Keys that the form of the table has.
        n_rows: Rows of the table.

    Raises:
        DataError: If it holds more, or is part of a larger data set.
    """
    around = [(name, one) for name, one in value.items() if name not in own]
    if lost := more_than_metadata(around, ROW_COLUMNS):
        raise DataError(
            f"{file.path}: holds a table of {n_rows} rows and '{lost[0]}', which is not part of "
            "it. Save the table as a list of rows, with what belongs to a row in it."
        )
    check_whole(file, around, n_rows)


def with_schema(file: DataFile, value: Object) -> Sequence[Any] | None:
    """Return the rows of a table with a schema, as pandas writes with ``orient="table"``.

    Raises:
        DataError: If there is something else beside it.
    """
    schema, rows = value.get("schema"), value.get("data")
    described = isinstance(schema, dict) and isinstance(schema.get("fields"), list)
    if not described or not isinstance(rows, list):
        return None
    check_described(file, value, ("schema", "data"), len(rows))
    return rows


def columns_apart(file: DataFile, value: Object) -> Sequence[Any] | None:
    """Return the rows of ``{"columns": […], "data": [[…], …]}``, as with ``orient="split"``.

    Raises:
        DataError: If columns share a name, a row has not as many values, there are not as many
            labels as rows, or there is something else beside them.
    """
    columns, rows = value.get("columns"), value.get("data")
    if not isinstance(columns, list) or not columns or not isinstance(rows, list):
        return None
    if not all(isinstance(row, list) for row in rows) or any(
        isinstance(name, dict | list) for name in columns
    ):
        return None
    names = [str(name) for name in columns]
    if len(set(names)) != len(names):
        raise DataError(f"{file.path}: 'columns' must name every column once, got {names}.")
    for place, row in enumerate(rows, start=1):
        if len(row) != len(names):
            raise DataError(
                f"{file.path}:{place}: has {len(row)} values for {len(names)} columns "
                f"({', '.join(names)})."
            )
    data = [dict(zip(names, row, strict=True)) for row in rows]
    labels = value.get("index")
    if not isinstance(labels, list):
        check_described(file, value, ("columns", "data"), len(data))
        return data
    if len(labels) != len(data):
        raise DataError(
            f"{file.path}: 'index' has {len(labels)} labels for {len(data)} rows. Write it again."
        )
    check_described(file, value, ("columns", "data", *_LABEL_KEYS), len(data))
    return _labelled(data, labels)


def is_column_wise(value: Object) -> bool:
    """Return whether every value is a list and none of them one conversation."""
    return bool(value) and all(
        isinstance(cells, list) and not (cells and are_turns(cells)) for cells in value.values()
    )


def of_columns(file: DataFile, value: Object) -> list[Object] | None:
    """Return the rows of ``{"prompt": […], "answer": […]}``, a list a column.

    Raises:
        DataError: If the columns differ in length.
    """
    if not is_column_wise(value):
        return None
    lengths = {name: len(cells) for name, cells in value.items()}
    if len(set(lengths.values())) > 1:
        shown = ", ".join(f"'{name}' {length}" for name, length in lengths.items())
        raise DataError(f"{file.path}: its columns differ in length: {shown}. Write it again.")
    return [dict(zip(value, cells, strict=True)) for cells in zip(*value.values(), strict=True)]


def of_records(value: Object) -> list[Object] | None:
    """Return the rows of ``{"q1": {"question": …}, "q2": …}`` where only that reading is possible.

    The objects share a column that data sets have, none of the labels is one, and the objects are
    not tables of their own.
    """
    inner = list(value.values())
    if len(inner) < 2 or not all(isinstance(one, dict) for one in inner):
        return None
    shared = set(inner[0]).intersection(*inner[1:])
    if ROW_COLUMNS.isdisjoint(shared) or not ROW_COLUMNS.isdisjoint(value):
        return None
    return None if any(map(is_column_wise, inner)) else _labelled(inner, list(value))


def of_labels(file: DataFile, value: Object) -> list[Object] | None:
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
    if not alike or _rank(shared) > _rank(value):
        return _labelled(inner, list(value))
    if _rank(value) > _rank(shared):
        rows = [{name: cells[label] for name, cells in value.items()} for label in inner[0]]
        return _labelled(rows, list(inner[0]))
    raise DataError(
        f"{file.path}: holds objects in objects, and either {_few(value)} or {_few(shared)} may be "
        'the columns. Save it as a list of rows: [{"column": …}, …].'
    )


def _rank(names: Collection[str]) -> int:
    """Return how much names look like those of columns: 0 for numbers, 2 for known ones."""
    if all(re.fullmatch(r"-?\d+", name) for name in names):
        return 0
    return 2 if not ROW_COLUMNS.isdisjoint(name.lower() for name in names) else 1


def _few(names: Collection[str]) -> str:
    return ", ".join(f"'{name}'" for name in list(names)[:3]) + (", …" if len(names) > 3 else "")


def _labelled(rows: Sequence[Object], labels: Sequence[Any]) -> list[Object]:
    """Return rows with their labels in a column, unless those are only their places."""
    if [str(label) for label in labels] == [str(place) for place in range(len(rows))]:
        return list(rows)
    name = _LABELS
    while any(name in row for row in rows):
        name += "_"
    return [{name: label, **row} for row, label in zip(rows, labels, strict=True)]
