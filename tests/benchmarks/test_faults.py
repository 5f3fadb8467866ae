"""What counts as a fault that was caught, and that every fault is said once."""

from collections import Counter

import pytest

import benchmarks.faults.classes  # noqa: F401 (declares the faults)
from benchmarks.faults.declared import FAULTS, anew, blocked, exits, inert, no_release
from benchmarks.faults.planting import Seen

RELEASED = "✓ PASS  v2 may be released. All 2 gates passed."


def test_every_fault_has_a_sentence_of_its_own():
    assert not [key for key, n in Counter((f.group, f.what) for f in FAULTS).items() if n > 1]
    assert len(FAULTS) >= 200
    assert len({fault.group for fault in FAULTS}) >= 20


@pytest.mark.parametrize(
    ("seen", "problem"),
    [
        (Seen(code=0, output=RELEASED), f"exit 0: {RELEASED}"),
        (Seen(code=4, output="error: a missing key"), "exit 4, but not for this"),
        (Seen(code=3, output="Traceback (most recent call last):\n  …"), "a traceback"),
        (Seen(code=1, output="the adapter", timed_out=True, seconds=9.0), "hangs (9 s)"),
        (Seen(code=4, output="error: the Adapter is broken"), ""),
    ],
)
def test_blocked_demands_an_exit_code_and_the_right_reason(seen, problem):
    found = blocked("adapter")(seen)
    assert found.startswith(problem)
    assert bool(found) is bool(problem)


def test_no_release_looks_at_all_that_was_written():
    seen = Seen(code=0, output="1 of 2", written={"summary.md": "# v2 may be released"})
    assert no_release(seen) == "“may be released” in summary.md"
    assert not no_release(Seen(code=0, output="1 of 2"))


def test_anew_counts_what_came_from_the_store():
    runs = '{"tasks": [{"model": "v2", "suite": "facts", "reused": REUSED, "samples": 60}]}'
    for reused, problem in (("0", ""), ("7", "7 of 60 stored")):
        seen = Seen(code=0, written={"result.json": runs.replace("REUSED", reused)})
        assert anew("v2")(seen) == problem


def test_exits_and_inert():
    assert not exits(0, 4)(Seen(code=4))
    assert exits(0)(Seen(code=4)).startswith("exit 4")
    assert exits(0, says="Llama")(Seen(code=0)) == "does not say 'Llama'"
    assert inert(0)(Seen(code=0, output="a\x1b[2J")) == "raw 0x1b in terminal"
    assert not inert(0)(Seen(code=0, output="✓ a␛[2J"))
