"""A program does not reach files, processes, the network or the kernel's settings."""

import os
import platform
import subprocess
import time

import psutil
import pytest

from benchmarks.peak import forget_peak, peak_bytes
from tests.scorers.sandbox.escapes import GOOD, OLD_CALLS, RAISES, WRITES

NUMBERS = {"x86_64": {"CLONE": "56", "BPF": "321", "ADD_KEY": "248"},
           "aarch64": {"CLONE": "220", "BPF": "280", "ADD_KEY": "217"}}  # fmt: skip
TESTS = "assert f(1) == 2"


@pytest.fixture
def placed(tmp_path):
    """Return a program with the paths of this machine in it."""
    (tmp_path / "secret").write_text("secret")

    def place(program):
        names = {"OUTSIDE": str(tmp_path / "outside"), "FOLDER": str(tmp_path),
                 "SECRET": str(tmp_path / "secret"), **NUMBERS[platform.machine()]}  # fmt: skip
        for name, value in names.items():
            program = program.replace(name, value)
        return f"import os\n{program}"

    return place


@pytest.mark.parametrize("program", WRITES.values(), ids=WRITES)
def test_nothing_outside_is_written(passes, placed, tmp_path, program):
    passes(placed(program) + GOOD, TESTS, timeout_seconds=4)
    if "sleep" in program:
        time.sleep(1.5)
    assert [one.name for one in tmp_path.iterdir()] == ["secret"]


@pytest.mark.parametrize("program", RAISES.values(), ids=RAISES)
def test_what_is_not_allowed_raises(passes, placed, program):
    lines = "\n".join(f"    {line}" for line in placed(program).splitlines())
    caught = f"try:\n{lines}\nexcept Exception: refused = True\nelse: refused = False\n"
    assert passes(caught, "assert refused", timeout_seconds=10)


@pytest.mark.skipif(platform.machine() != "x86_64", reason="a call of x86")
def test_the_calls_of_another_architecture_end_the_process(passes):
    assert not passes(OLD_CALLS + GOOD, TESTS)


def test_a_flood_on_the_pipes_is_cut(passes):
    forget_peak()
    before = peak_bytes()
    flood = (
        "import os\nb = b'\\0' * (1 << 20)\nfor _ in range(2000):\n    for fd in range(256):\n"
        "        try: os.write(fd, b)\n        except OSError: pass\n"
    )
    passes(flood + GOOD, TESTS, timeout_seconds=3)  # wherever the pipes are among these
    assert peak_bytes() - before < 50 << 20


def test_no_process_outlives_the_program(passes):
    mark = f"sleep {60 + os.getpid() / 1e6:.6f}"
    passes(f"import ctypes\nctypes.CDLL(None).system(b'setsid {mark} &')\n{GOOD}", TESTS)
    found = subprocess.run(["pgrep", "-f", mark], capture_output=True, text=True, check=False)
    assert found.stdout == ""


def children():
    """Return the processes that this one has started."""
    return {child.pid for child in psutil.Process().children(recursive=True)}


def test_what_runs_on_is_ended(passes):
    program = (
        "import threading, time\nfor _ in range(4):\n"
        f"    threading.Thread(target=lambda: [0 for _ in iter(int, 1)]).start()\n{GOOD}"
    )
    before = children()
    assert not passes(program + "while True: pass", TESTS, timeout_seconds=1)
    deadline = time.monotonic() + 20
    while children() - before and time.monotonic() < deadline:
        time.sleep(0.02)
    assert children() <= before


def test_samples_do_not_see_each_other(passes):
    passes("open('/tmp/left', 'w').write('x')\n" + GOOD, TESTS)
    there = "import os\nseen = os.path.exists('/tmp/left')"
    assert passes(there, "assert not seen")


def test_secrets_of_the_environment_are_not_handed_on(passes, monkeypatch):
    monkeypatch.setenv("API_KEY", "secret")
    assert passes("import os\nseen = dict(os.environ)", "assert 'API_KEY' not in seen")
    assert passes("", "import os\nassert 'API_KEY' not in os.environ")
