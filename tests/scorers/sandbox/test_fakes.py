"""A wrong program does not pass, whatever it does to the tests, to Python or to its pipes."""

import pytest

from tests.scorers.sandbox import passes as passes_in
from tests.scorers.sandbox.fakes import FAKES


@pytest.mark.parametrize(("program", "tests"), FAKES.values(), ids=FAKES)
def test_a_fake_does_not_pass(passes, program, tests):
    assert not passes(program, tests, timeout_seconds=4)


@pytest.mark.parametrize(("program", "tests"), list(FAKES.values())[:12], ids=list(FAKES)[:12])
def test_a_fake_does_not_pass_without_a_sandbox_either(program, tests):
    """The verdict is formed outside of its process all the same."""
    assert not passes_in(program, tests, kind="none", timeout_seconds=4)


@pytest.mark.parametrize("tests", sorted({tests for _, tests in FAKES.values()}))
def test_a_right_program_passes_the_same_tests(passes, tests):
    """So that it is not the tests that every program fails."""
    numbers = ("'5'", "'a'", "[5]", "{5", "add(2, 3) == {", "[3]", "83157", "V(5)", "set(add", "in add", "sum")
    if not any(text in tests for text in numbers):
        imports = "import math\nimport numpy as np\n" if "np." in tests else "import math\n"
        call = "sum([a, b]) if type(b) is int else 5"
        assert passes(f"{imports}def add(a, b): return {call}", tests)
