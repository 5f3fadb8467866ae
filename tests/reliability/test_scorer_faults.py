"""A scorer that takes the process down on one answer costs that answer, and no other."""

import json
import os
import signal
import subprocess
import sys

import pytest

from evalguard.cli.held import MOST_FAULTS

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a check has one process")

N_ROWS = 8
HANGS = 2
"""Seconds after which a scorer that hangs is stopped; another may need more to fail."""
FAULTS = {
    "segfaults": ("ctypes.string_at(0)", "it ended the process by SIGSEGV"),
    "aborts": ("os.abort()", "it ended the process by SIGABRT"),
    "is killed for its memory": (
        "os.kill(os.getpid(), signal.SIGKILL)", "it ended the process by SIGKILL",
    ),
    "takes all memory": ("bytearray(1 << 50)", "MemoryError"),
    "recurses without end": ("recurse()", "RecursionError"),
    "recurses without end in C": (
        "sys.setrecursionlimit(10**9) or recurse_in_c()", "it ended the process by SIGSEGV",
    ),
    "hangs": ("time.sleep(999)", f"it took more than {HANGS} s"),
    "hangs where no signal reaches Python": (
        "ctypes.CDLL(None).pause()", f"it took more than {HANGS} s",
    ),
    "forks": ("os.fork()", None),
    "leaves": ("os._exit(0)", "it ended the process with exit code 0"),
    "raises SystemExit": ("sys.exit(0)", "SystemExit(0)"),
    "closes the process's files": ("os.closerange(3, 4096)", "it closed files of the process"),
    "fills the disk": ("write_all()", "OSError"),
}  # fmt: skip

OURS = """
import ctypes, os, resource, signal, sys, time
from evalguard.scorers import scorer

def recurse():
    return recurse()

def recurse_in_c():
    value = []
    for _ in range(10**6):
        value = [value]
    return repr(value)

def write_all():
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 16, before[1]))
    try:
        with open("big", "wb") as file:
            file.write(b"x" * (1 << 20))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)

@scorer(name="ours", kind="binary")
def ours(output: str, target: str, row: dict) -> bool:
    if row["n"] == 5:
        {fault}
    return len(output) > 0
"""

SCORES_EIGHT = """
import json
import evalguard.cli as cli
from evalguard.errors import MeasurementError
from evalguard.scorers import get, score_checked
sys.argv = ["evalguard", "check"]
def main():
    found = {{}}
    for n in range(8):
        try:
            given = f"answer {{n}}", "x", {{"n": n}}
            found[n] = score_checked(get("ours"), *given, sample_id=f"q{{n}}")["ours"]
        except MeasurementError as error:
            found[n] = str(error)
    with open("out.json", "w") as file:
        json.dump(found, file)
    return 6
cli.main = main
cli.run()
"""
"""What a check does with the answers to eight questions, without a model."""


@pytest.mark.parametrize(("fault", "said"), FAULTS.values(), ids=FAULTS)
def test_a_fault_costs_its_own_sample(tmp_path, fault, said):
    seconds = HANGS if said and "took more" in said else 30
    done = subprocess.run(
        [sys.executable, "-c", OURS.replace("{fault}", fault) + SCORES_EIGHT.format()],
        cwd=tmp_path, capture_output=True, text=True, check=False, timeout=300,
        env=os.environ | {"EVALGUARD_SCORER_SECONDS": str(seconds)},
    )  # fmt: skip
    assert done.returncode == 6, done.stderr
    found = json.loads((tmp_path / "out.json").read_text())
    expected = dict.fromkeys(map(str, range(N_ROWS)), 1.0)
    if said is not None:
        lost = found.pop("5")
        expected.pop("5")
        assert lost.startswith("scorer 'ours', sample 'q5': ")
        assert said in lost
    assert found == expected


def test_a_scorer_that_ends_the_process_again_and_again_is_given_up(tmp_path):
    always = OURS.replace('row["n"] == 5', 'row["n"] >= 0').replace("{fault}", "os.abort()")
    program = (always + SCORES_EIGHT.format()).replace("range(8)", "range(100)")
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False,
        timeout=300,
    )  # fmt: skip
    assert done.returncode == 128 + signal.SIGABRT
    assert done.stderr.count("a scorer did not return") == MOST_FAULTS


@pytest.fixture
def ours(project):
    """A suite of eight rows that the scorer of the project scores."""
    rows = [{"n": n, "question": f"The answer to question {n} is"} for n in range(N_ROWS)]
    (project / "suites" / "ours.jsonl").write_text("\n".join(map(json.dumps, rows)))
    (project / "suites" / "ours.yaml").write_text(
        "version: 1\nability: general\ntasks:\n  - {kind: test_set, name: ours, data: ours.jsonl,\n"
        "     prompt: '{{ question }}', target: 'x', max_new_tokens: 8, scorers: [ours]}\n"
    )
    (project / "thresholds" / "release.yaml").write_text(
        "version: 1\ngates:\n  - {name: ours, suite: ours, metric: ours, max_drop: 10pp}\n"
    )
    config = (project / "evalguard.yaml").read_text().replace("[general, facts]", "[ours]")
    (project / "evalguard.yaml").write_text(config + "scorer_modules: [ours.py]\n")
    return project


@pytest.mark.slow
def test_a_check_goes_on_after_a_segfault(ours):
    (ours / "ours.py").write_text(OURS.replace("{fault}", "ctypes.string_at(0)"))
    done = subprocess.run(
        [sys.executable, "-m", "evalguard", "check", "--json", "out.json"],
        cwd=ours, capture_output=True, text=True, check=False, timeout=600,
        env=os.environ | {"HF_HUB_OFFLINE": "1"},
    )  # fmt: skip
    assert (ours / "out.json").exists(), done.stderr + done.stdout
    result = json.loads((ours / "out.json").read_text())
    [gate] = result["gates"]
    assert (gate["n_planned"], gate["missing"]) == (N_ROWS, 1), done.stderr
    assert gate["verdict"] == "INCONCLUSIVE"
    assert done.returncode == 6
    assert any("ended the process by SIGSEGV" in one for one in result["warnings"])
