"""A model's code runs under limits, and cannot pass by leaving early."""

import socket
import sys
import time
from itertools import combinations

import pytest

from evalguard.errors import MeasurementError
from evalguard.scorers import sandbox
from evalguard.scorers.code import pass_at_k
from tests.scorers.sandbox import needs_sandbox
from tests.scorers.sandbox import passes as passes_in

pytestmark = needs_sandbox

GOOD = "def f(x):\n    return x + 1\n"
TESTS = "assert f(1) == 2"


def passes(program, tests=TESTS, **options):
    return passes_in(program, tests, **options)


def test_right_and_wrong_programs():
    assert passes(GOOD)
    assert not passes(GOOD.replace("+ 1", "+ 2"))
    assert not passes("raise SystemExit(0)")
    assert not passes(GOOD, "assert g(1) == 2")


UNITTEST = """import unittest
class T(unittest.TestCase):
    def test(self):
        self.assertEqual(f(1), 2)
"""


@pytest.mark.parametrize(
    "run",
    [
        "unittest.main()",
        'if __name__ == "__main__":\n    unittest.main(verbosity=2)',
        "unittest.main(exit=False)\nassert f(2) == 3",
        "from unittest import main as run\nrun(argv=['x'])",
        "unittest.TestProgram(module='__main__')",
    ],
)
def test_a_file_that_unittest_runs(run):
    assert passes(GOOD, UNITTEST + run)
    assert not passes(GOOD.replace("+ 1", "+ 2"), UNITTEST + run)


@pytest.mark.parametrize(
    "program",
    [
        "def f(x):\n    raise SystemExit(0)",
        "import unittest\nf = lambda x: unittest.main()",
        "import unittest\nclass Own(unittest.TestCase):\n    def test(self):\n        pass\n"
        "f = lambda x: unittest.main(defaultTest='Own')",
        "from sys import exit as f",
    ],
)
def test_a_program_does_not_pass_by_leaving_the_tests(program):
    assert not passes(program, f"{UNITTEST}f(0)\nunittest.main()")
    assert not passes(program, TESTS.replace("1", "0"))


def test_unittest_must_run_a_test():
    assert not passes(GOOD, "import unittest\nunittest.main()")
    skipped = UNITTEST.replace("    def", "    @unittest.skip('')\n    def")
    assert not passes(GOOD, f"{skipped}unittest.main()")


def test_its_own_folder_is_its_to_write():
    if sandbox.choose().kind != "bubblewrap":
        pytest.skip("sandlock has no folder that can be written")
    assert passes(f"open('mine.txt', 'w').write('x')\nopen('mine.txt').read()\n{GOOD}")
    assert passes(f"import tempfile\ntempfile.TemporaryFile().write(b'x')\n{GOOD}")


def test_the_network_cannot_be_reached():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        connect = f"import socket\nsocket.create_connection(('127.0.0.1', {port}), timeout=2)\n"
        assert not passes(connect + GOOD)
        server.setblocking(False)
        with pytest.raises(BlockingIOError):
            server.accept()


def test_a_program_that_never_ends_is_killed():
    started = time.perf_counter()
    assert not passes("while True:\n    pass", timeout_seconds=1.0)
    assert not passes("import time\ntime.sleep(60)", timeout_seconds=1.0)
    assert time.perf_counter() - started < 60  # what it would sleep


def test_what_it_prints_is_thrown_away():
    assert passes(f"import sys\nprint('x' * 10**7)\nsys.stderr.write('y' * 10**7)\n{GOOD}")


def test_a_sandbox_that_cannot_start_is_no_failure_of_the_model(monkeypatch):
    monkeypatch.setattr(sys, "_base_executable", "/bin/false")
    with pytest.raises(MeasurementError, match=r"ended before it ran the program.*it said nothing"):
        passes(GOOD, kind="none")
    monkeypatch.setattr(sys, "_base_executable", "/nonexistent/python")
    with pytest.raises(MeasurementError, match="could not be started"):
        passes(GOOD, kind="none")


@pytest.mark.parametrize(("n", "c", "k"), [(5, 0, 1), (5, 5, 3), (10, 3, 1), (10, 3, 5), (4, 3, 2)])
def test_pass_at_k_counts_the_draws_that_hold_a_right_one(n, c, k):
    draws = [any(sample < c for sample in draw) for draw in combinations(range(n), k)]
    assert pass_at_k(n, c, k) == pytest.approx(sum(draws) / len(draws))


def test_pass_at_1_is_the_mean():
    assert pass_at_k(8, 3, 1) == pytest.approx(3 / 8)


@pytest.mark.parametrize(("n", "c", "k"), [(4, 5, 1), (4, -1, 1), (4, 2, 0), (4, 2, 5)])
def test_pass_at_k_refuses_counts_that_cannot_be(n, c, k):
    with pytest.raises(ValueError, match="pass@k"):
        pass_at_k(n, c, k)
