"""The room loads numpy and scipy, and nothing heavier."""

import subprocess
import sys

HEAVY = (
    "torch",
    "transformers",
    "lm_eval",
    "datasets",
    "vllm",
    "pandas",
    "matplotlib",
    "statsmodels",
)


def test_importing_stats_loads_no_torch():
    code = f"import evalguard.stats, sys; print([m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
    )
    assert done.stdout.strip() == "[]"
