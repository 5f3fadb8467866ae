"""A check that is killed again and again ends as if nobody had."""

import subprocess
import sys

import pytest


@pytest.mark.slow
def test_thirty_killed_runs_lose_nothing():
    # In a process of its own: it forks, and a fork copies no threads, only the locks they hold.
    run = subprocess.run(
        [sys.executable, "-m", "benchmarks.kill_resume"],
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "30 checks, killed with SIGKILL" in run.stdout
