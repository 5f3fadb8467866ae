"""Read the rows of a test set: JSONL, JSON, CSV, TSV or Parquet.

A broken file is refused whole, with its first broken rows named: a test set that silently lost
rows would measure something else than the one it is compared with.
"""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evalguard.errors import DataError, PrerequisiteError
from evalguard.tasks.values import Decimals

MAX_PROBLEMS = 10
"""Broken rows named in one error; reading stops there."""

ID_COLUMN = "id"
"""A column of this name must hold another value in every row."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a data file.

    Attributes:
        number: Line of the file it starts on, from 1; in JSON and Parquet its place, from 1.
        data: Its values by column.
    """

    number: int
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class BrokenRow:
    """A row that cannot be used.

    Attributes:
        number: As in :class:`Row`.
        reason: What is wrong with it, and how to mend it.
    """

    number: int
    reason: str


_Found = Iterator[Row | BrokenRow]


def read_rows(path: Path) -> list[Row]:
    """Return all rows of a file, in order.

    Args:
        path: A file that ends in ``.jsonl``, ``.ndjson``, ``.json``, ``.csv``, ``.tsv`` or
            ``.parquet``; text is UTF-8. Read row by row, except JSON, which is parsed whole.

    Raises:
        DataError: If the file is missing, of another kind, empty or unreadable, if rows are
            broken (the first :data:`MAX_PROBLEMS` are named), or ids occur twice.
        PrerequisiteError: If the file is Parquet and pyarrow is not installed.
    """
    rows: list[Row] = []
    broken: list[BrokenRow] = []
    for found in _with_new_ids(parse_rows(path)):
        if isinstance(found, Row):
            rows.append(found)
        else:
            broken.append(found)
        if len(broken) == MAX_PROBLEMS:
            break
    if broken:
        shown = "".join(f"\n  {path}:{one.number}: {one.reason}" for one in broken)
        count = f"{'at least ' if len(broken) == MAX_PROBLEMS else ''}{len(broken)}"
        raise DataError(f"{path}: broken rows: {count}.{shown}")
    if not rows:
        raise DataError(f"{path}: holds no rows. A test set needs at least one.")
    return rows


def parse_rows(path: Path) -> Iterator[Row | BrokenRow]:
    """Yield the rows of a data file in order, the broken ones in their places.

    Args:
        path: As for :func:`read_rows`.

    Raises:
        DataError: If the file as a whole is missing, of another kind or unreadable.
        PrerequisiteError: If the file is Parquet and pyarrow is not installed.
    """
    read = _READERS.get(path.suffix.lower())
    if read is None:
        raise DataError(f"{path}: data is read from {', '.join(_READERS)} files. Save it as one.")
    try:
        yield from read(path)
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror or error}.") from error


def _with_new_ids(found: _Found) -> _Found:
    """Pass rows on; one whose id an earlier row has becomes a broken one."""
    first: dict[str, int] = {}
    for one in found:
        if isinstance(one, BrokenRow) or one.data.get(ID_COLUMN) is None:
            yield one
            continue
        key = str(one.data[ID_COLUMN])
        if key in first:
            yield BrokenRow(one.number, f"{ID_COLUMN} '{key}' is that of row {first[key]} too")
        else:
            first[key] = one.number
            yield one


def _text_lines(path: Path) -> Iterator[str]:
    """Yield decoded lines with their ends; an undecodable byte becomes a lone surrogate."""
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
        yield from file


def _read_jsonl(path: Path) -> _Found:
    for number, line in enumerate(_text_lines(path), start=1):
        if not line.strip():
            continue
        try:
            yield _object(number, _parse(line))
        except ValueError as error:
            yield BrokenRow(number, f"not JSON: {error}")


def _read_json(path: Path) -> _Found:
    try:
        values = _parse("".join(_text_lines(path)))
    except ValueError as error:
        raise DataError(f"{path}: not JSON: {error}") from error
    if not isinstance(values, list):
        raise DataError(
            f"{path}: holds {kind_of(values)}; a test set is a list of objects: [{{…}}, {{…}}]."
        )
    for number, value in enumerate(values, start=1):
        yield _object(number, value)


def _parse(text: str) -> Any:
    """Return a JSON value, refusing what would change silently on the way through Python."""

    def no_constant(name: str) -> Any:
        raise ValueError(f"{name} is not JSON; write null or a number")

    def no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        data = dict(pairs)
        if len(data) != len(pairs):
            keys = [key for key, _ in pairs]
            twice = next(key for key in keys if keys.count(key) > 1)
            raise ValueError(f"the key '{twice}' occurs twice")
        return data

    def finite(number: str) -> Decimals:
        if math.isinf(value := Decimals(number)):
            raise ValueError(f"{number} is larger than any number that can be stored")
        return value

    try:
        return json.loads(
            text,
            parse_constant=no_constant,
            parse_float=finite,
            object_pairs_hook=no_duplicates,
        )
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def _object(number: int, value: Any) -> Row | BrokenRow:
    """Return a parsed value as a row."""
    if not isinstance(value, dict):
        return BrokenRow(number, f"is {kind_of(value)}; a row is an object such as {{…: …}}")
    if (reason := _undecodable(value)) is not None:
        return BrokenRow(number, reason)
    return Row(number, value)


def _undecodable(values: Mapping[str, Any]) -> str | None:
    """Return why a row's text cannot be encoded again, or ``None``."""
    try:
        json.dumps(values, ensure_ascii=False, default=str).encode()
    except UnicodeEncodeError:
        return "holds bytes that are not UTF-8, or half a surrogate pair; save the file as UTF-8"
    return None


_KINDS: dict[type, str] = {
    dict: "an object",
    list: "a list",
    str: "a string",
    bool: "a truth value",
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


def _read_delimited(delimiter: str) -> Callable[[Path], _Found]:
    """Return the reader of a file of delimited columns, the first row naming them."""

    def read(path: Path) -> _Found:
        reader = csv.reader(_text_lines(path), delimiter=delimiter, strict=True)
        columns: list[str] | None = None
        while True:
            number = reader.line_num + 1
            try:
                values = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                # What follows a broken quote cannot be told apart from what it quotes.
                yield BrokenRow(number, f"not readable: {error}")
                return
            if columns is None:
                columns = _header(path, values)
            elif values:
                yield _delimited_row(number, columns, values)

    return read


def _header(path: Path, columns: list[str]) -> list[str]:
    """Return the column names of a file's first row."""
    names = [name.strip() for name in columns]
    if not all(names) or len(set(names)) != len(names):
        raise DataError(f"{path}:1: the first row must name every column once, got {names}.")
    return names


def _delimited_row(number: int, columns: list[str], values: list[str]) -> Row | BrokenRow:
    """Return a row whose values match the columns in number."""
    if len(values) != len(columns):
        return BrokenRow(
            number,
            f"has {len(values)} values for {len(columns)} columns ({', '.join(columns)}); "
            "put quotes around values that hold the separator",
        )
    data = dict(zip(columns, values, strict=True))
    reason = _undecodable(data)
    return Row(number, data) if reason is None else BrokenRow(number, reason)


def _read_parquet(path: Path) -> _Found:
    # pyarrow comes with the extra that brings the engines, and is slow to import.
    try:
        import pyarrow as arrow
        from pyarrow import parquet
    except ImportError as error:
        raise PrerequisiteError(f"Reading {path}", extra="models") from error
    try:
        number = 0
        with parquet.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=1024):
                for data in batch.to_pylist():
                    number += 1
                    yield Row(number, {name: _stored(value) for name, value in data.items()})
    except (arrow.ArrowInvalid, arrow.ArrowNotImplementedError) as error:
        raise DataError(f"{path}: not a readable Parquet file: {error}") from error


def _stored(value: Any) -> Any:
    """Return a Parquet value as a row holds it.

    A column of whole numbers with gaps is stored as fractions, with NaN in the gaps: NaN becomes
    null, and a whole number is written without its ".0".
    """
    match value:
        case float():
            if math.isnan(value):
                return None
            return Decimals(value, str(int(value))) if _is_whole(value) else value
        case list():
            return [_stored(one) for one in value]
        case dict():
            return {key: _stored(one) for key, one in value.items()}
        case _:
            return value


def _is_whole(value: float) -> bool:
    """Return whether a number has no fraction, and few enough digits to be written out."""
    return value.is_integer() and abs(value) < 1e15


_READERS: dict[str, Callable[[Path], _Found]] = {
    ".jsonl": _read_jsonl,
    ".ndjson": _read_jsonl,
    ".json": _read_json,
    ".csv": _read_delimited(","),
    ".tsv": _read_delimited("\t"),
    ".parquet": _read_parquet,
}
