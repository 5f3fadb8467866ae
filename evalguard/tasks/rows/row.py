"""One row of a data file, or why it cannot be used."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a data file.

    Attributes:
        number: Line of the file it starts on, from 1, where each row has a line (JSON lines, CSV);
            otherwise its place among the rows, from 1 (arrays, Parquet). No two rows share it.
        data: Its values by column.
    """

    number: int
    data: Mapping[str, Any]


class Struct(dict[str, Any]):
    """An object of a table with nulls: of these keys, nobody knows whether they were there.

    Arrow gives every object of a column the keys of all.
    """

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class BrokenRow:
    """A row that cannot be used.

    Attributes:
        number: As in :class:`Row`.
        reason: What is wrong with it and how to correct it, in words that every row with the same
            fault shares.
        detail: Where in the row, such as its column; empty for all of it.
    """

    number: int
    reason: str
    detail: str = ""


Found = Iterator[Row | BrokenRow]
"""The rows of a file in order, the broken ones in their places."""


ENCODED_TWICE = (
    "is a string that holds JSON: it was encoded twice. Write the rows as objects, with one "
    "json.dumps"
)


def as_row(number: int, value: Any, *, may_hold_surrogates: bool = True) -> Row | BrokenRow:
    r"""Return a parsed JSON value as a row.

    Args:
        number: As in :class:`Row`.
        value: The content of the file; a row is an object.
        may_hold_surrogates: Whether the text has escapes such as ``\ud83d``, of which a single one
            is half a character that cannot be stored.
    """
    if isinstance(value, str) and value.lstrip().startswith("{"):
        return BrokenRow(number, ENCODED_TWICE)
    if not isinstance(value, dict):
        return BrokenRow(number, f"is {kind_of(value)}; a row is an object such as {{…: …}}")
    if may_hold_surrogates:
        try:
            json.dumps(value, ensure_ascii=False, default=str).encode()
        except UnicodeEncodeError:
            return BrokenRow(
                number,
                "holds half a surrogate pair, such as \\ud83d alone: a character was cut in two. "
                "Correct the text",
            )
    return Row(number, value)


_KINDS: dict[type, str] = {
    dict: "an object",
    list: "a list",
    str: "a string",
    bool: "a boolean",
    int: "a number",
    float: "a number",
}
"""JSON names of Python's types; ``bool`` stands before ``int``, which it is too."""


def kind_of(value: Any) -> str:
    """Return the JSON name of a value's type."""
    if value is None:
        return "null"
    for kind, name in _KINDS.items():
        if isinstance(value, kind):
            return name
    return f"a {type(value).__name__}"
