"""The project whose cost is measured reaches a verdict, rather than an early refusal."""

import json
import subprocess
import sys

import pytest


@pytest.mark.slow
def test_every_sample_of_both_models_is_scored():
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.scale", "100"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.rpartition("RESULT ")[2])
    assert (found["samples"], found["verdict"]) == (200, "PASS")
