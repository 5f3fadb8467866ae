"""Writes rows in the kinds of files that people keep them in."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import json
import lzma
from collections.abc import Mapping, Sequence
from typing import Any

Row = Mapping[str, Any]


def jsonl(*rows: Row, end: str = "\n", escaped: bool = False) -> bytes:
    """Return one JSON object a line."""
    lines = [json.dumps(row, ensure_ascii=escaped) for row in rows]
    return "".join(line + end for line in lines).encode()


def array(*rows: Row, indent: int | None = None) -> bytes:
    """Return a JSON array."""
    return json.dumps(list(rows), ensure_ascii=False, indent=indent).encode()


def document(value: Any) -> bytes:
    """Return any JSON value."""
    return json.dumps(value, ensure_ascii=False).encode()


def table(*rows: Row, separator: str = ",", end: str = "\r\n", quote_all: bool = False) -> bytes:
    """Return a table with a header, as spreadsheets write it; lists become JSON text."""
    out = io.StringIO(newline="")
    writer = csv.writer(
        out,
        delimiter=separator,
        lineterminator=end,
        quoting=csv.QUOTE_ALL if quote_all else csv.QUOTE_MINIMAL,
    )
    writer.writerow(rows[0])
    for row in rows:
        writer.writerow([_cell(value) for value in row.values()])
    return out.getvalue().encode()


def parquet(*rows: Row) -> bytes:
    """Return a Parquet file; nested values become structs, as arrow infers them."""
    import pyarrow
    import pyarrow.parquet

    out = pyarrow.BufferOutputStream()
    pyarrow.parquet.write_table(_columns(rows), out)
    return bytes(out.getvalue())


def arrow(*rows: Row) -> bytes:
    """Return an Arrow IPC file."""
    import pyarrow

    out = pyarrow.BufferOutputStream()
    content = _columns(rows)
    with pyarrow.ipc.new_file(out, content.schema) as writer:
        writer.write_table(content)
    return bytes(out.getvalue())


def arrow_stream(*rows: Row) -> bytes:
    """Return an Arrow stream, as ``datasets`` saves its shards."""
    import pyarrow

    out = pyarrow.BufferOutputStream()
    content = _columns(rows)
    with pyarrow.ipc.new_stream(out, content.schema) as writer:
        writer.write_table(content)
    return bytes(out.getvalue())


def _columns(rows: Sequence[Row]) -> Any:
    """Return an Arrow table of all columns, of which arrow itself takes the first row's alone."""
    import pyarrow

    names = dict.fromkeys(name for row in rows for name in row)
    return pyarrow.Table.from_pylist([{name: row.get(name) for name in names} for row in rows])


def gz(content: bytes) -> bytes:
    """Compress with gzip."""
    return gzip.compress(content, mtime=0)


def bz(content: bytes) -> bytes:
    """Compress with bzip2."""
    return bz2.compress(content)


def xz(content: bytes) -> bytes:
    """Compress with xz."""
    return lzma.compress(content)


def zst(content: bytes) -> bytes:
    """Compress with Zstandard."""
    import pyarrow

    out = pyarrow.BufferOutputStream()
    with pyarrow.CompressedOutputStream(out, "zstd") as stream:
        stream.write(content)
    return bytes(out.getvalue())


def encoded(content: bytes, encoding: str) -> bytes:
    """Write UTF-8 text in another encoding."""
    return content.decode().encode(encoding)


def texts(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Return rows whose nested values are JSON text."""
    return [{name: _cell(value) for name, value in row.items()} for row in rows]


def _cell(value: Any) -> Any:
    nested = isinstance(value, list | dict)
    return json.dumps(value, ensure_ascii=False) if nested else "" if value is None else value
