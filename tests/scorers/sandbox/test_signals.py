"""A check that is ended while unit tests run leaves no process and no folder behind."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.scorers.sandbox import missing

RUN = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell ignores it in the background
from evalguard.scorers import sandbox
sandbox.choose({kind!r})
print("ready", flush=True)
sandbox.passes("def f(): return 1", "f()\\nwhile True: pass", kind={kind!r},
               timeout_seconds=60, memory_bytes=512 << 20)
"""


def descendants(pid):
    """Return the processes that a process has started, and those that these have started."""
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, task.read_text().split()):
            found += [child, *descendants(child)]
    return found


def is_there(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("ends", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
@pytest.mark.parametrize("kind", ["bubblewrap", "sandlock", "none"])
def test_a_run_that_is_ended_leaves_nothing_behind(tmp_path, kind, ends):
    if kind != "none" and (why := missing(kind)):
        pytest.skip(f"{kind} does not work here: {why}")
    if kind == "none" and ends == signal.SIGKILL:
        pytest.skip("nobody is left to remove the folder of a run without a sandbox")
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    with subprocess.Popen(
        [sys.executable, "-c", RUN.format(kind=kind)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        process.stdout.readline()
        deadline = time.monotonic() + 60
        while len(descendants(process.pid)) < 2 and time.monotonic() < deadline:
            time.sleep(0.02)
        time.sleep(0.5)
        started = descendants(process.pid)
        assert len(started) >= 2
        process.send_signal(ends)
        process.wait(timeout=60)
    assert process.returncode in (-ends, 128 + ends)
    deadline = time.monotonic() + 20
    while any(map(is_there, started)) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not [one for one in started if is_there(one)]
    assert list(tmp_path.iterdir()) == []
