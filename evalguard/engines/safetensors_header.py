"""The names and shapes in a safetensors file, read from its header alone and without torch."""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from pathlib import Path

from evalguard.errors import ModelError

_MAX_HEADER_BYTES = 100_000_000
"""The format's own limit."""


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


def read_header(file: Path) -> dict[str, TensorInfo]:
    """Return every tensor of a file by name.

    Raises:
        ModelError: If the file is empty, truncated or corrupt.
    """
    broken = ModelError(f"{file}: truncated or corrupt. Copy or save it again.")
    size = file.stat().st_size
    with file.open("rb") as stream:
        prefix = stream.read(8)
        if len(prefix) < 8:
            raise broken
        (length,) = struct.unpack("<Q", prefix)
        if length > min(size - 8, _MAX_HEADER_BYTES):
            raise broken
        try:
            header = json.loads(stream.read(length))
            entries = {name: entry for name, entry in header.items() if name != "__metadata__"}
            tensors = {
                name: TensorInfo(str(entry["dtype"]), tuple(int(n) for n in entry["shape"]))
                for name, entry in entries.items()
            }
            end = max((int(entry["data_offsets"][1]) for entry in entries.values()), default=0)
        except (ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
            raise broken from error
    if not tensors or size != 8 + length + end:
        raise broken
    return tensors


def read_folder(folder: Path) -> dict[str, TensorInfo]:
    """Return every tensor of a model folder, all shards together; empty where there is none.

    Raises:
        ModelError: If a file is truncated or corrupt.
    """
    tensors: dict[str, TensorInfo] = {}
    for file in sorted(folder.glob("model*.safetensors")):
        tensors |= read_header(file)
    return tensors
