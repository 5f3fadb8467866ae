"""What a container's cgroup limits, without the limits that EvalGuard sets inside it."""

import subprocess

import pytest

from evalguard.scorers.sandbox import backends
from evalguard.scorers.sandbox.containers import CONTAINERS, container
from tests.scorers import sandbox

MEMORY_MIB = 64
WITH_KEEPER_MIB = MEMORY_MIB + 128

CHILDREN = """
import os
import time
from pathlib import Path

ends = []
for _ in range({count}):
    read, write = os.pipe()
    if os.fork() == 0:
        block = bytearray({mib} << 20)
        block[::4096] = b"x" * len(block[::4096])
        os.write(write, b"1")
        time.sleep(60)
        os._exit(0)
    os.close(write)
    ends.append(read)
print(sum(len(os.read(read, 1)) for read in ends))
"""

FORKS = """
import os
import time

made = 0
try:
    while made < {count}:
        if os.fork() == 0:
            time.sleep(60)
            os._exit(0)
        made += 1
except BlockingIOError:
    pass
print(made)
"""


@pytest.fixture(params=CONTAINERS)
def run(request, tmp_path):
    """Run Python in a container; return its exit code and what it printed."""
    kind = request.param
    if why := sandbox.missing(kind):
        pytest.skip(f"{kind} does not work here: {why}")

    def run(code, **values):
        walls = container(
            kind,
            {"memory_bytes": MEMORY_MIB << 20},
            shown=[*backends._readable(), backends._python()],
            folder_bytes=16 << 20,
            inside=str(backends._HERE / "inside"),
            environment={},
        )
        done = subprocess.run(
            [*walls, backends._python(), "-I", "-S", "-B", "-c", code.format(**values)],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            cwd=tmp_path,  # podman notes there that memory ran out
        )
        return done.returncode, done.stdout.strip()

    return run


def test_memory_is_limited_over_all_processes(run):
    held = 40
    assert run(CHILDREN, count=2, mib=held) == (0, "2")
    code, said = run(CHILDREN, count=8, mib=held)  # each alone is below the limit
    assert 8 * held > WITH_KEEPER_MIB > held
    assert code != 0 or int(said) < 8


def test_one_process_that_takes_too_much_is_killed(run):
    assert run(CHILDREN, count=1, mib=WITH_KEEPER_MIB + 64) in {(0, "0"), (137, "")}


def test_files_of_its_folder_count_no_more_than_their_limit(run):
    write = "open('/tmp/a', 'wb').write(bytes({mib} << 20))\nprint('written')"
    assert run(write, mib=12) == (0, "written")
    assert run(write, mib=20)[0] != 0


def test_processes_are_limited(run):
    assert run(FORKS, count=50) == (0, "50")
    code, said = run(FORKS, count=400)
    assert code == 0
    assert 50 < int(said) < 256
