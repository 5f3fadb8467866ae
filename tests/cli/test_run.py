"""The command as a process: it ends fast, and with what it had to say said."""

import subprocess
import sys

import pytest

LEAVING = """
import atexit, sys
import evalguard.cli as cli

class Slow:
    def __del__(self):
        print("taken apart", flush=True)

keep = Slow()
keep.itself = keep
cli.main = lambda: atexit.register(print, "handler") and {code}
print("said", end="")  # not flushed
cli.run()
"""


@pytest.mark.parametrize("code", [0, 1, 6])
def test_it_ends_with_its_code_after_the_handlers_and_nothing_more(code):
    done = subprocess.run(
        [sys.executable, "-c", LEAVING.format(code=code)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code
    assert done.stdout == "saidhandler\n"
    assert done.stderr == ""


def test_a_reader_that_has_gone_is_no_error():
    command = f"{sys.executable} -m evalguard --help | head -1; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert done.stderr == ""
