"""The names and shapes in a safetensors file, read from its header alone and without torch."""

from __future__ import annotations

import hashlib
import json
import struct
from dataclasses import dataclass
from pathlib import Path

from evalguard.errors import ModelError

_LFS = b"version https://git-lfs"
"""What a file begins with that Git LFS would replace."""


@dataclass(frozen=True, slots=True)
class TensorInfo:
    """What the header says of one tensor.

    Attributes:
        dtype: Such as ``F32``, ``BF16`` or ``U8``.
        shape: Its dimensions.
    """

    dtype: str
    shape: tuple[int, ...]

    @property
    def size(self) -> int:
        """Number of elements."""
        count = 1
        for dimension in self.shape:
            count *= dimension
        return count


def check_content(file: Path) -> None:
    """Check that a file is not something else that a download left in its place.

    Raises:
        ModelError: If it is a Git LFS pointer or a web page, or no file at all.
    """
    if not file.is_file():
        raise ModelError(f"{file}: not a file that can be read: a folder, a pipe or a device.")
    with file.open("rb") as stream:
        head = stream.read(64).lstrip().lower()
    if head.startswith(_LFS):
        raise ModelError(
            f"{file}: a Git LFS pointer instead of the file. Fetch it with `git lfs pull`, or "
            "download it again."
        )
    if head.startswith((b"<!doctype html", b"<html")):
        raise ModelError(f"{file}: a web page instead of the file. Download it again.")


def read_header(file: Path) -> dict[str, TensorInfo]:
    """Return every tensor of a file by name.

    Raises:
        ModelError: If the file is empty, truncated or corrupt.
    """
    from safetensors import SafetensorError, safe_open

    check_content(file)
    try:
        with safe_open(str(file), framework="numpy") as content:  # loads nothing of the weights
            slices = {name: content.get_slice(name) for name in content.keys()}  # noqa: SIM118 - no mapping
            tensors = {
                name: TensorInfo(str(one.get_dtype()), tuple(one.get_shape()))
                for name, one in slices.items()
            }
    except SafetensorError as error:
        raise _broken(file, f"{file.stat().st_size} bytes; {error}") from error
    if not tensors:
        raise _broken(file, "no tensors")
    return tensors


def data_of(file: Path) -> dict[str, tuple[int, int]]:
    """Return where in a file the bytes of each tensor begin and end.

    Raises:
        ModelError: If the file is empty, truncated or corrupt.
    """
    read_header(file)
    with file.open("rb") as stream:
        start = 8 + struct.unpack("<Q", stream.read(8))[0]
        stream.seek(8)
        entries = json.loads(stream.read(start - 8))
    return {
        name: (start + one["data_offsets"][0], start + one["data_offsets"][1])
        for name, one in entries.items()
        if name != "__metadata__"
    }


def tensors_sha256(file: Path) -> str:
    """Return the SHA-256 over the tensors of a file: not over their order, nor over its metadata.

    Raises:
        ModelError: If the file is empty, truncated or corrupt.
    """
    digest = hashlib.sha256()
    header, places = read_header(file), data_of(file)
    with file.open("rb") as stream:
        for name in sorted(header):
            begin, end = places[name]
            info = header[name]
            stream.seek(begin)
            digest.update(json.dumps([name, info.dtype, info.shape, end - begin]).encode())
            digest.update(stream.read(end - begin))
    return digest.hexdigest()


def _broken(file: Path, found: str) -> ModelError:
    return ModelError(f"{file}: truncated or corrupt: it has {found}. Copy or save it again.")


def read_folder(folder: Path) -> dict[str, TensorInfo]:
    """Return every tensor of a model folder, all shards together; empty where there is none.

    Raises:
        ModelError: If a file is truncated or corrupt.
    """
    tensors: dict[str, TensorInfo] = {}
    for file in sorted(folder.glob("model*.safetensors")):
        tensors |= read_header(file)
    return tensors
