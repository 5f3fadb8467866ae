"""Rows inside one object of a row, as in ``{"row": {"question": …, "answer": …}}``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from evalguard.training.formats.cells import blank
from evalguard.training.formats.layout import COLUMNS, MEANT, Layout
from evalguard.training.formats.recognise import candidates
from evalguard.training.rows import RawRow

_NAMES_OF_ROWS = frozenset({"id", "_id", "uuid", "key", "custom_id", "row_idx", "index", "idx"})
"""Columns that may stand beside the row that they name."""


def unwrapped(row: RawRow, layout: Layout) -> RawRow:
    """Return the row inside the only object of a row, or the row as it is.

    It is taken out where the row has no format of its own and the one inside has. Beside it may
    stand names of the row and what is empty; anything else may be part of what is meant.
    """
    objects = [name for name, value in row.fields.items() if isinstance(value, dict)]
    if len(objects) != 1 or objects[0] in COLUMNS | MEANT or candidates({*row.fields}):
        return row
    [name] = objects
    inner: Mapping[str, Any] = row.fields[name]
    beside = {one: value for one, value in row.fields.items() if one != name}
    if any(one not in _NAMES_OF_ROWS and not blank(value) for one, value in beside.items()):
        return row
    fields = {one: value for one, value in inner.items() if value is not None}
    named = {here for here, theirs in layout.columns.items() if theirs in fields}
    if not candidates(named | {*fields}) or not beside.keys().isdisjoint(fields):
        return row
    nulls = (*row.nulls, *(one for one, value in inner.items() if value is None))
    return replace(row, fields={**beside, **fields}, nulls=nulls)
