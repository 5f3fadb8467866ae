"""The header of a safetensors file is read alone, and believed only where it fits the file."""

import json
import struct
import subprocess
import sys

import numpy as np
import pytest
from safetensors.numpy import save_file

from evalguard.engines.safetensors_header import TensorInfo, read_header
from evalguard.errors import ModelError


def write(path, header, data):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)
    return path


def tensor(*shape, start=0, end=8, dtype="F32"):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": [start, end]}


def test_names_types_and_shapes_are_read(tmp_path):
    file = tmp_path / "model.safetensors"
    weights = {"a": np.zeros((2, 3), np.float16), "b": np.zeros(4, np.uint8)}
    save_file(weights, file, metadata={"format": "pt"})

    header = read_header(file)

    assert header == {"a": TensorInfo("F16", (2, 3)), "b": TensorInfo("U8", (4,))}
    assert header["a"].size == 6


@pytest.mark.parametrize(
    ("header", "data"),
    [
        ({"a": tensor(2)}, b"x" * 7),  # cut
        ({"a": tensor(2)}, b"x" * 9),  # something behind it
        ({"a": tensor(3)}, b"x" * 8),  # a shape of more bytes than it has
        ({"a": tensor(-2)}, b"x" * 8),
        ({"a": tensor(2, dtype="Q9")}, b"x" * 8),
        ({"a": tensor(2), "b": tensor(2)}, b"x" * 8),  # two in one place
        ({"a": tensor(2), "b": tensor(1, start=12, end=16)}, b"x" * 16),  # a gap
        ({"a": tensor(2, start=8, end=0)}, b"x" * 8),
        ({"a": "text"}, b""),
        ({}, b""),
        (b"{", b""),
        (b"[]", b""),
        (b"\xff", b""),
    ],
)
def test_a_header_that_does_not_fit_its_file_is_refused(tmp_path, header, data):
    file = write(tmp_path / "model.safetensors", header, data)
    with pytest.raises(ModelError, match=r"model.safetensors: truncated or corrupt"):
        read_header(file)


def test_reading_a_header_loads_no_torch(tmp_path):
    file = write(tmp_path / "model.safetensors", {"a": tensor(2)}, b"x" * 8)
    code = (
        "import sys; from pathlib import Path\n"
        "from evalguard.engines.safetensors_header import read_header\n"
        f"read_header(Path({str(file)!r}))\n"
        "print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
