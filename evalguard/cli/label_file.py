"""The file that ``evalguard label`` adds to: JSON lines, which no interruption leaves broken."""

from __future__ import annotations

import json
import os
import shlex
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from errno import EACCES
from pathlib import Path
from typing import Any

from evalguard.errors import UsageError
from evalguard.tasks.rows import read_rows
from evalguard.tasks.rows.decoding import encoding_of, text_of
from evalguard.tasks.rows.opening import DataFile, open_data
from evalguard.tasks.rows.reading import is_columnar

SUFFIXES = (".jsonl", ".ndjson")

_CONVERT = (
    "import json, pathlib, sys; from evalguard.tasks.rows import read_rows; "
    "[print(json.dumps(dict(row.data), default=str)) "
    "for row in read_rows(pathlib.Path(sys.argv[1]), repeats_ids=True)]"
)
"""Writes the rows of any data file as JSON lines."""

Data = Mapping[str, Any]


class LabelFile:
    """A file of labels, one in each line.

    A label is added by writing the whole file beside it and putting that in its place, so that a
    process that is killed loses no line and leaves none half written. Two people may add to one
    file at the same time.

    Args:
        path: The file; it need not exist.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def prepare(self) -> None:
        """Check that labels can be added, before anybody is asked for one.

        Raises:
            UsageError: If the file has another form than JSON lines, or cannot be written.
            DataError: If it is broken.
        """
        if self._path.suffix not in SUFFIXES:
            raise UsageError(f"{self._path}: labels are added to JSON lines; name it .jsonl")
        self.rows()
        with self._writable() as target:
            self._check_form(target)

    def rows(self) -> list[Data]:
        """Return the labels that it holds.

        Raises:
            DataError: If it cannot be read.
        """
        if self._is_new(self._path):
            return []
        return [row.data for row in read_rows(self._path, repeats_ids=True)]

    def add(self, row: Data) -> None:
        """Add a label; when this returns, it is stored.

        Raises:
            UsageError: If the file has another form than JSON lines by now, or cannot be written.
        """
        line = written_line(row).encode()
        with self._writable() as target:
            self._check_form(target)
            before = target.read_bytes() if target.exists() else b""
            gap = b"" if not before or before.endswith((b"\n", b"\r")) else b"\n"
            partial = _partial(target)
            with partial.open("wb") as file:
                file.write(before + gap + line + b"\n")
                file.flush()
                os.fsync(file.fileno())
            if target.exists():
                shutil.copymode(target, partial)
            partial.replace(target)

    @contextmanager
    def _writable(self) -> Iterator[Path]:
        """Yield the file behind all links, while no other process may change it.

        Raises:
            UsageError: If it cannot be written.
        """
        target = self._path.resolve()
        partial = _partial(target)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with _locked(target.parent):
                _check_allowed(target)
                try:
                    partial.touch()  # its content, should a process have been killed, is no label
                    yield target
                finally:
                    partial.unlink(missing_ok=True)
        except OSError as error:
            raise UsageError(
                f"{self._path}: the label cannot be stored: {error.strerror or error}. Those given "
                f"before are kept; make room or allow writing there, then run it again."
            ) from error

    def _is_new(self, target: Path) -> bool:
        """Whether it is missing or empty."""
        if target.is_symlink() or target.exists():
            return target.is_file() and not target.read_bytes().strip(b" \t\r\n")
        return True

    def _check_form(self, target: Path) -> None:
        """Refuse a file in which a further line would be no label, or spoil what is there."""
        if self._is_new(target):
            return
        file = open_data(self._path)
        encoding = encoding_of(file.head)
        if file.compression is not None:
            form = f"is compressed with {file.compression.tool}"
        elif is_columnar(file):
            form = "is a Parquet or Arrow file"
        elif encoding not in ("utf-8", "utf-8-sig"):
            form = f"is in {encoding.upper()}"
        elif not _has_an_object_a_line(file):
            form = "holds no JSON object in each line"
        else:
            return
        name = shlex.quote(str(self._path))
        lines = shlex.quote(str(self._path.with_name(f"{self._path.stem}-lines.jsonl")))
        raise UsageError(
            f"{self._path}: {form}, and labels are added as JSON lines in UTF-8. Convert it, and "
            f"name the new file under 'labelled': python -c {shlex.quote(_CONVERT)} {name} > "
            f"{lines}"
        )


def written_line(row: Data, *, sort_keys: bool = False) -> str:
    """Return a row as a line of the file, with ``?`` for half a character, which no file takes.

    Args:
        row: The row.
        sort_keys: Whether rows with the same values give the same line.

    Raises:
        UsageError: If it holds a number that JSON does not have.
    """
    try:
        line = json.dumps(row, ensure_ascii=False, allow_nan=False, default=str)
        line = line.encode(errors="replace").decode()
        # Sorted as it is read again, where a name held half a character.
        return (
            json.dumps(json.loads(line), ensure_ascii=False, sort_keys=True) if sort_keys else line
        )
    except ValueError as error:
        raise UsageError(f"a row of the data cannot be stored with its label: {error}") from error


def _has_an_object_a_line(file: DataFile) -> bool:
    try:
        with text_of(file, newline=None) as lines:
            rows = (json.loads(line.removeprefix("\ufeff")) for line in lines if line.strip())
            return all(isinstance(row, dict) for row in rows)
    except ValueError:
        return False


def _check_allowed(target: Path) -> None:
    """Refuse a file that nobody may write, which could still be replaced by another.

    Raises:
        OSError: If it is read-only.
    """
    if target.exists() and not (target.stat().st_mode & 0o222 and os.access(target, os.W_OK)):
        raise PermissionError(EACCES, "the file is read-only")


def _partial(target: Path) -> Path:
    return target.with_name(f".{target.name}.partial")


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Let one process at a time write in a folder; without effect where there are no such locks."""
    try:
        import fcntl
    except ImportError:  # Windows
        yield
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # some network file systems
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
        with suppress(OSError):  # some file systems store a folder only by themselves
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
