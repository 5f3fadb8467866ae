"""Bytes of compressed files, told by their first bytes and not by the file's name."""

from __future__ import annotations

import bz2
import io
import lzma
import re
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from evalguard.errors import DataError, PrerequisiteError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_CHUNK_BYTES = 1 << 16


class _Decompressor(Protocol):
    """What the decompressors of the standard library share."""

    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, /) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Compression:
    """A way to compress a file.

    Attributes:
        tool: The program that writes it; ``tool -dc < file`` decompresses.
        magic: What its files begin with.
        new: Returns a decompressor; ``None`` where the standard library has none.
    """

    tool: str
    magic: re.Pattern[bytes]
    new: Callable[[], _Decompressor] | None


COMPRESSIONS: dict[str, Compression] = {
    ".gz": Compression("gzip", re.compile(rb"\x1f\x8b\x08"), lambda: zlib.decompressobj(wbits=31)),
    ".bz2": Compression(
        "bzip2", re.compile(rb"BZh[1-9](?:1AY&SY|\x17rE8P\x90)"), bz2.BZ2Decompressor
    ),
    ".xz": Compression("xz", re.compile(rb"\xfd7zXZ\x00"), lzma.LZMADecompressor),
    # The second form is a frame to be skipped, with which pzstd begins.
    ".zst": Compression("zstd", re.compile(rb"\x28\xb5\x2f\xfd|[\x50-\x5f]\x2a\x4d\x18"), None),
}
"""By the suffix of their files."""


def compression_of(head: bytes) -> Compression | None:
    """Return how a file is compressed that begins with some bytes, or ``None``."""
    return next((one for one in COMPRESSIONS.values() if one.magic.match(head)), None)


def decompressed(path: Path, compression: Compression) -> io.BufferedReader:
    """Open a compressed file.

    Reading raises :class:`~evalguard.errors.DataError` where the file is damaged or cut short.

    Raises:
        PrerequisiteError: If the file needs pyarrow and it is not installed.
    """
    if compression.new is None:
        return io.BufferedReader(_Stream(_zstd_chunks(path)))
    return io.BufferedReader(_Stream(_chunks(path, compression.tool, compression.new)))


def _chunks(path: Path, tool: str, new: Callable[[], _Decompressor]) -> Iterator[bytes]:
    """Yield the bytes of a file of one or more compressed parts.

    ``bz2`` and ``lzma`` of the standard library ignore what follows a part and is no part itself;
    here it is an error.
    """
    part = new()
    with path.open("rb") as file:
        while data := file.read(_CHUNK_BYTES):
            while data:
                if part.eof:
                    data = data.lstrip(b"\0")  # padding
                    part = new() if data else part
                if not data:
                    break
                try:
                    yield part.decompress(data)
                except (OSError, EOFError, zlib.error, lzma.LZMAError) as error:
                    raise _damaged(path, tool, str(error)) from error
                data = part.unused_data if part.eof else b""
    if not part.eof:
        raise _damaged(path, tool, "the end is missing")


def _zstd_chunks(path: Path) -> Iterator[bytes]:
    # The standard library has zstd from Python 3.14 on.
    try:
        import pyarrow as arrow
    except ImportError as error:
        raise PrerequisiteError(f"Reading {path}", extra="models") from error
    with path.open("rb") as file:
        try:
            with arrow.CompressedInputStream(file, "zstd") as stream:
                while data := stream.read(_CHUNK_BYTES):
                    yield data
        except OSError as error:
            raise _damaged(path, "zstd", str(error)) from error


def _damaged(path: Path, tool: str, reason: str) -> DataError:
    return DataError(
        f"{path}: is compressed with {tool}, and damaged or cut short: {reason}. "
        "Copy or download it again."
    )


class _Stream(io.RawIOBase):
    """The bytes that an iterator yields, as a file."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        """Return that it can be read."""
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Fill a buffer with the next bytes; return how many there were."""
        while not self._rest:
            chunk = next(self._chunks, None)
            if chunk is None:
                return 0
            self._rest = memoryview(chunk)
        target = memoryview(buffer).cast("B")
        size = min(len(target), len(self._rest))
        target[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        return size
