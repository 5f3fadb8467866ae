"""Safetensors files of any size that take no room on the disk."""

import json
import math
import struct
from collections.abc import Mapping
from pathlib import Path


def write_header(file: Path, shapes: Mapping[str, tuple[int, ...]]) -> None:
    """Write a file of zeros with these float16 tensors; its data is a hole."""
    header: dict[str, object] = {}
    offset = 0
    for name, shape in shapes.items():
        end = offset + 2 * math.prod(shape)
        header[name] = {"dtype": "F16", "shape": shape, "data_offsets": [offset, end]}
        offset = end
    text = json.dumps(header).encode()
    with file.open("wb") as stream:
        stream.write(struct.pack("<Q", len(text)) + text)
        stream.truncate(8 + len(text) + offset)
