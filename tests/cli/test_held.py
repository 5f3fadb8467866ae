"""The exit code of a check is held by a process that no code of the project runs in."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a check has one process")

RUN = """
import os, signal, sys, time, atexit
import evalguard.cli as cli
sys.argv = ["evalguard", "check"]
signal.signal(signal.SIGINT, signal.default_int_handler)  # which is ignored in the background
def main():
    {body}
cli.main = main
cli.run()
"""


def script(body: str) -> list[str]:
    return [sys.executable, "-c", RUN.format(body=body)]


def run(body: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(script(body), capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize("code", [0, 1, 6, 7])
def test_the_code_is_that_of_the_command(code):
    assert run(f"return {code}").returncode == code


@pytest.mark.parametrize(
    "body",
    [
        "os._exit(0)",
        "import ctypes; ctypes.CDLL(None)._exit(0)",
        "os.execvp('true', ['true'])",
        "import threading; threading.Thread(target=os._exit, args=(0,)).start(); time.sleep(30)",
        "(os.fork() or time.sleep(2)) and os._exit(0)",
    ],
)
def test_what_ends_the_process_with_0_is_no_pass(body):
    done = run(body)
    assert done.returncode == 3
    assert "Nothing was decided" in done.stderr


def test_a_handler_that_ends_the_process_with_0_does_not_change_the_code():
    assert run("atexit.register(os._exit, 0); return 1").returncode == 1


def test_another_code_and_a_signal_are_handed_on():
    assert run("os._exit(9)").returncode == 9
    assert run("os.kill(os.getpid(), signal.SIGKILL)").returncode == 128 + signal.SIGKILL


def started(body: str) -> tuple[subprocess.Popen[str], int]:
    """Start a command that prints the id of its process first."""
    begun = subprocess.Popen(
        script(f"PID = lambda: print(os.getpid(), flush=True)\n    {body}"),
        stdout=subprocess.PIPE,
        text=True,
    )
    assert begun.stdout is not None
    with begun.stdout as said:
        return begun, int(said.readline())


def test_an_interrupt_reaches_the_command():
    begun, _ = started("try: PID(); time.sleep(60)\n    except KeyboardInterrupt: return 2")
    begun.send_signal(signal.SIGINT)
    assert begun.wait(timeout=30) == 2


def test_the_command_does_not_outlive_the_one_who_waits():
    begun, child = started("PID(); time.sleep(60)")
    begun.kill()
    begun.wait()
    for _ in range(500):
        try:
            os.kill(child, 0)
        except ProcessLookupError:
            return
        time.sleep(0.02)
    pytest.fail("it runs on")
