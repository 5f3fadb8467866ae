"""No byte of an installed package can change without changing what scores are stored under."""

import base64
import hashlib
import os
import shutil
import sys
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evalguard.code.installed import state_of

FILES = {
    "own_metric/__init__.py": "from own_metric.words import score\n",
    "own_metric/words.py": "def score(text):\n    return len(text)\n",
    "own_metric/profiles/en": '{"the": 3}',
    "own_metric/words.txt": "the of and",
    "own_metric/table.bin": "\0\1",
    "own_metric/fast.cpython-311-x86_64-linux-gnu.so": "machine code",
    "own_metric.libs/libfast-1.so.5.0": "machine code",
}


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    """An installed package, whose RECORD is older than a tick of the clock."""
    folder = tmp_path_factory.mktemp("site-packages")
    lines = []
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode()
        lines.append(f"{name},sha256={digest.rstrip('=')},{len(text)}")
    info = folder / "own_metric-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: own-metric\nVersion: 1.0\n")
    record = f"{info.name}/RECORD"
    (folder / record).write_text("\n".join([*lines, f"{record},,"]) + "\n")
    time.sleep(0.02)
    sys.path.append(str(folder))
    yield folder
    sys.path.remove(str(folder))


def state():
    return state_of.__wrapped__("own-metric")  # as a process that starts now has it


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.sampled_from(sorted(FILES)), place=st.integers(0, 1 << 16), bit=st.integers(0, 7))
def test_any_byte_of_any_file_counts_though_its_times_are_put_back(package, name, place, bit):
    before, file = state(), package / name
    content, times = file.read_bytes(), file.stat()
    edited = bytearray(content)
    edited[place % len(edited)] ^= 1 << bit
    try:
        file.write_bytes(edited)
        os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
        assert state() != before
    finally:
        file.write_bytes(content)
    assert state() == before


def test_a_file_that_is_gone_counts(package, tmp_path):
    before = state()
    shutil.move(package / "own_metric/words.txt", tmp_path)
    assert state() != before
    shutil.move(tmp_path / "words.txt", package / "own_metric")
