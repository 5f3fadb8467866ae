"""A data file before it is read: what it is, and its bytes."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from evalguard.errors import DataError
from evalguard.tasks.rows.compression import (
    COMPRESSIONS,
    Compression,
    compression_of,
    decompressed,
)

SUFFIXES = (".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".parquet", ".arrow", ".feather")
"""What names of data files end in, before the suffix of a compression."""

_HEAD_BYTES = 1 << 16
"""Bytes at the start of a file that are looked at."""


@dataclass(frozen=True, slots=True)
class DataFile:
    """A file that can be opened, and holds something.

    Attributes:
        path: The path as the user wrote it.
        suffix: One of :data:`SUFFIXES`.
        compression: How it is compressed, whatever its name says.
        head: Its first bytes, decompressed.
    """

    path: Path
    suffix: str
    compression: Compression | None
    head: bytes

    @property
    def has_a_row_a_line(self) -> bool:
        """Whether its name says so, which decides where its content does not."""
        return self.suffix in (".jsonl", ".ndjson")

    def open(self) -> BinaryIO:
        """Open the file for its decompressed bytes."""
        if self.compression is None:
            return self.path.open("rb")
        return decompressed(self.path, self.compression)

    def read(self) -> bytes:
        """Return all decompressed bytes."""
        with self.open() as file:
            return file.read()

    def piped(self, command: str, name: str) -> str:
        """Return a shell line that rewrites the file.

        Args:
            command: What turns the decompressed bytes into what is written.
            name: Is added to the file's name for the new one.
        """
        plain = self.path.name
        for suffix in (*COMPRESSIONS, *SUFFIXES):
            if plain.lower().endswith(suffix):
                plain = plain[: -len(suffix)]
        kept = self.suffix if self.suffix in SUFFIXES else ""
        source = shlex.quote(str(self.path))
        target = shlex.quote(str(self.path.with_name(f"{plain}-{name}{kept}")))
        if self.compression is None:
            return f"{command} < {source} > {target}"
        return f"{self.compression.tool} -dc < {source} | {command} > {target}"


def data_suffix(path: Path) -> str:
    """Return the suffix that says what a file holds.

    Example:
        >>> data_suffix(Path("data/rows.JSONL.gz"))
        '.jsonl'
    """
    inner = path.with_suffix("") if path.suffix.lower() in COMPRESSIONS else path
    return inner.suffix.lower()


def open_data(path: Path) -> DataFile:
    """Look at a data file.

    Raises:
        DataError: If it is missing, a folder, empty, of a kind that is not read, damaged, or
            something else than the data, such as a Git LFS pointer or a web page.
        OSError: If it cannot be read.
    """
    _check_place(path)
    suffix = data_suffix(path)
    if suffix not in SUFFIXES:
        raise DataError(
            f"{path}: data is read from {', '.join(SUFFIXES)} files, also compressed "
            f"({', '.join(COMPRESSIONS)}). Save it as one.{_texts_as_rows(path, suffix)}"
        )
    with path.open("rb") as raw:
        head = raw.read(_HEAD_BYTES)
    compression = compression_of(head)
    if compression is not None:
        with decompressed(path, compression) as unpacked:
            head = unpacked.read(_HEAD_BYTES)
    if (reason := _no_data(path, head)) is not None:
        raise DataError(f"{path}: {reason}")
    return DataFile(path, suffix, compression, head)


def _texts_as_rows(path: Path, suffix: str) -> str:
    """Return how a file of raw text becomes rows, which it does not tell apart itself."""
    if suffix not in (".txt", ".text", ".md"):
        return ""
    name = path.with_suffix("").name
    files = f"< {shlex.quote(str(path))} > {shlex.quote(str(path.with_name(f'{name}.jsonl')))}"
    lines = "[print(json.dumps({'text': s.strip()})) for s in sys.stdin if s.strip()]"
    whole = "print(json.dumps({'text': sys.stdin.read()}))"
    return "".join(
        f'\n{what}: python -c "import json, sys; {code}" {files}'
        for what, code in (("one text a line", lines), ("one text", whole))
    )


def _check_place(path: Path) -> None:
    """Refuse what is no file."""
    if path.is_dir():
        files = sorted(one.name for one in path.iterdir() if data_suffix(one) in SUFFIXES)
        shown = ", ".join(files[:5]) + (", …" if len(files) > 5 else "")
        holds = f"It holds {shown}" if files else f"It holds no {', '.join(SUFFIXES)} file"
        raise DataError(f"{path}: is a folder; data is read from one file. {holds}.")
    if path.is_symlink() and not path.exists():
        target = str(path.readlink())
        annexed = "/annex/objects/" in target
        fetch = f"Fetch it: git annex get {shlex.quote(str(path))}" if annexed else "Correct it"
        raise DataError(f"{path}: is a symbolic link to {target}, which does not exist. {fetch}.")
    if path.exists() and not path.is_file():
        raise DataError(
            f"{path}: is not a regular file (data is read twice). Save it to a file first."
        )


_FOREIGN: tuple[tuple[bytes, str], ...] = (
    (b"PK\x03\x04", "is a ZIP archive or an Excel workbook. Unpack it, or export it as CSV UTF-8"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "is an Excel workbook. Export it as CSV UTF-8"),
    (b"7z\xbc\xaf\x27\x1c", "is a 7z archive. Unpack it"),
    (b"Rar!\x1a\x07", "is a RAR archive. Unpack it"),
    (b"\x04\x22\x4d\x18", "is compressed with LZ4. Decompress it: lz4 -d"),
    (b"SQLite format 3\x00", "is an SQLite database. Export the table as CSV"),
    (b"%PDF-", "is a PDF. Save the rows as JSON lines or CSV"),
    (b"\x89HDF\r\n", "is an HDF5 file. Save it as Parquet or JSON lines"),
    (b"\x93NUMPY", "is a NumPy array. Save the rows as JSON lines or CSV"),
    (b"\x80\x03", "is a Python pickle, which could run code. Save it as Parquet or JSON lines"),
    (b"\x80\x04", "is a Python pickle, which could run code. Save it as Parquet or JSON lines"),
    (b"\x80\x05", "is a Python pickle, which could run code. Save it as Parquet or JSON lines"),
    (b"Obj\x01", "is an Avro file. Save it as Parquet or JSON lines"),
    (b"FEA1", "is a Feather file of version 1. Write it with version 2 (Arrow) or as Parquet"),
    (b"\x00\x05\x16\x07", "holds macOS metadata of another file. Name that file, without ._"),
    (b"/annex/objects/", "is a git-annex pointer, not the data. Fetch it: git annex get"),
)
"""What files begin with that hold no rows, and what to do."""

_WEB_PAGE = re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:!doctype|html|head|body|\?xml|!--)", re.I)
_TITLE = re.compile(rb"<title[^>]*>\s*([^<]*?)\s*</title>", re.I)
_LFS = b"version https://git-lfs.github.com/spec/"
_LFS_SIZE = re.compile(rb"^size (\d+)", re.M)


def _no_data(path: Path, head: bytes) -> str | None:
    """Return what a file is that holds no rows, or ``None``."""
    if not head:
        return "is empty. Was it written or downloaded completely?"
    if not head.strip(b"\0"):
        return "begins with zero bytes only: it was not written completely. Copy it again."
    if head.startswith(_LFS):
        found = _LFS_SIZE.search(head)
        size = f" to {int(found[1]):,} bytes" if found else ""
        fetch = f"git lfs pull --include {shlex.quote(path.name)}"
        return f"is a Git LFS pointer{size}, not the data. Fetch it: {fetch}"
    if _WEB_PAGE.match(head):
        title = _TITLE.search(head)
        name = f' ("{title[1].decode(errors="replace")[:80]}")' if title and title[1] else ""
        return (
            f"is a web page or XML{name}, not the data: what was saved is the page of an address, "
            "such as a login or an error. Download the file itself, logged in where it needs that."
        )
    return _foreign(head)


def _foreign(head: bytes) -> str | None:
    """Return which other program's file it is, or ``None``."""
    if head[257:262] == b"ustar":
        return "is a tar archive. Unpack it, and name a file of it."
    if (inner := compression_of(head)) is not None:
        return f"is compressed twice. Decompress it once: {inner.tool} -dc."
    return next((f"{reason}." for magic, reason in _FOREIGN if head.startswith(magic)), None)
