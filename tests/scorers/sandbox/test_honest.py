"""Right programs pass, wrong ones do not, whatever their tests look at."""

import pytest

from tests.scorers.sandbox import needs_sandbox
from tests.scorers.sandbox import passes as passes_in
from tests.scorers.sandbox.honest import HONEST
from tests.scorers.sandbox.honest_sets import HONEST_SETS, LOST


@pytest.mark.parametrize(("program", "tests"), HONEST.values(), ids=HONEST)
def test_a_right_program_passes(passes, program, tests):
    assert passes(program, tests)


@needs_sandbox
@pytest.mark.parametrize("name", HONEST_SETS)
def test_a_right_program_of_a_benchmark_passes_but_for_those_that_are_known(name):
    program, tests = HONEST_SETS[name]
    if "pandas" in tests:
        pytest.importorskip("pandas")
    assert passes_in(program, tests, timeout_seconds=30) == (name not in LOST)


def test_programs_pass_without_a_sandbox_where_that_is_asked_for():
    assert passes_in("def f(x): return x", "assert f(1) == 1", kind="none")
    assert not passes_in("def f(x): return x", "assert f(1) == 2", kind="none")


WRONG = {
    "raises when it is loaded": "raise SystemExit(0)",
    "another name": "def g(x): return x + 1",
    "another value": "def f(x): return x + 2",
    "another type": "def f(x): return str(x + 1)",
    "raises": "def f(x): raise ValueError",
    "no value": "def f(x): x + 1",
    "no function": "f = 2",
    "is not Python": "def f(x) return x",
}


@pytest.mark.parametrize("program", WRONG.values(), ids=WRONG)
def test_a_wrong_program_does_not(passes, program):
    assert not passes(program, "assert f(1) == 2")
