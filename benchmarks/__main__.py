"""``python -m benchmarks``: run every benchmark and exit 1 where one missed a target."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

PACKAGES = ("data_formats", "faults", "lm_eval_tasks", "servers")
"""Benchmarks of several modules; the one for GPUs is run by itself."""


def main() -> int:
    """Run the benchmarks one after another, each in a process of its own."""
    here = Path(__file__).parent
    names = sorted(
        path.stem
        for path in here.glob("*.py")
        if not path.stem.startswith("_") and "\ndef main(" in path.read_text(encoding="utf-8")
    )
    names += PACKAGES
    missed = []
    for name in names:
        print(f"\n== python -m benchmarks.{name}", flush=True)
        if subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=False).returncode:
            missed.append(name)
    print(f"\n{len(names) - len(missed)} of {len(names)} benchmarks reached every target.")
    if missed:
        print(f"missed: {', '.join(missed)}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
