"""A wrong program does not pass, whatever it does to the tests, to Python or to its pipes."""

import pytest

from tests.scorers.sandbox import passes as passes_in
from tests.scorers.sandbox.fakes import FAKES, NEAR, TESTS, UNITTEST


@pytest.mark.parametrize(("program", "tests"), FAKES.values(), ids=FAKES)
def test_a_fake_does_not_pass(passes, program, tests):
    assert not passes(program, tests, timeout_seconds=4)


@pytest.mark.parametrize(("program", "tests"), list(FAKES.values())[:12], ids=list(FAKES)[:12])
def test_a_fake_does_not_pass_without_a_sandbox_either(program, tests):
    """The verdict is formed outside of its process all the same."""
    assert not passes_in(program, tests, kind="none", timeout_seconds=4)


@pytest.mark.parametrize("tests", [TESTS, UNITTEST, NEAR])
def test_a_right_program_passes_the_same_tests(passes, tests):
    assert passes("def add(a, b): return a + b", tests)
