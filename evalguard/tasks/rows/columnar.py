"""Parquet and Arrow: rows of typed columns, through pyarrow."""

from __future__ import annotations

import io
import math
from collections.abc import Iterator
from typing import Any

from evalguard.errors import DataError, PrerequisiteError
from evalguard.tasks.rows.opening import DataFile
from evalguard.tasks.rows.row import Found, Row, Struct
from evalguard.tasks.values import Decimals

PARQUET = b"PAR1"
"""What a Parquet file begins with."""

ARROW_FILE = b"ARROW1"
"""What an Arrow file (Feather) begins with; that of a stream begins with its first message."""

_END_OF_STREAM = b"\xff\xff\xff\xff\0\0\0\0"
"""Without it, what is left of a stream that was cut between two batches reads as a whole one."""

_BATCH_ROWS = 1024


def read_columnar(file: DataFile) -> Found:
    """Yield the rows of a Parquet or Arrow file, numbered from 1.

    Raises:
        DataError: If it is not readable.
        PrerequisiteError: If pyarrow is not installed.
    """
    # pyarrow comes with the extra that brings the engines, and is slow to import.
    try:
        import pyarrow as arrow
    except ImportError as error:
        raise PrerequisiteError(f"Reading {file.path}", extra="models") from error
    number = 0
    is_parquet = file.head.startswith(PARQUET) or (
        file.suffix == ".parquet" and not file.head.startswith(ARROW_FILE)
    )
    try:
        for batch in _parquet(file) if is_parquet else _arrow(file):
            if len(set(batch.schema.names)) != len(batch.schema.names):
                raise DataError(f"{file.path}: two columns share a name: {batch.schema.names}.")
            for data in batch.to_pylist(maps_as_pydicts="strict"):
                number += 1
                yield Row(number, {name: _stored(value) for name, value in data.items()})
    except KeyError as error:
        raise DataError(
            f"{file.path}: a map has a duplicate key ({error.args[0]}). Keep one"
        ) from error
    except (arrow.ArrowException, OSError) as error:
        kind = "Parquet" if is_parquet else "Arrow"
        raise DataError(f"{file.path}: not a readable {kind} file: {error}") from error


def _parquet(file: DataFile) -> Iterator[Any]:
    """Yield the batches of a Parquet file."""
    from pyarrow import parquet

    source = file.path if file.compression is None else io.BytesIO(file.read())
    with parquet.ParquetFile(source) as opened:
        yield from opened.iter_batches(batch_size=_BATCH_ROWS)


def _arrow(file: DataFile) -> Iterator[Any]:
    """Yield the batches of an Arrow file or stream, as ``datasets`` saves them."""
    from pyarrow import ipc

    data = file.read()
    if not data.startswith(ARROW_FILE):
        if not data.endswith(_END_OF_STREAM):
            raise DataError(f"{file.path}: not a readable Arrow file: its end is missing.")
        with ipc.open_stream(data) as stream:
            yield from stream
        return
    with ipc.open_file(data) as opened:
        for index in range(opened.num_record_batches):
            yield opened.get_batch(index)


def _stored(value: Any) -> Any:
    """Return a value as a row holds it.

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
            stored = {key: _stored(one) for key, one in value.items()}
            return Struct(stored) if None in stored.values() else stored
        case _:
            return value


def _is_whole(value: float) -> bool:
    """Return whether a number has no fraction, and few enough digits to be written out."""
    return value.is_integer() and abs(value) < 1e15
