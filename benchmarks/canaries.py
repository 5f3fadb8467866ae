"""``python -m benchmarks.canaries``: what it costs to show that a gate can fail.

Checks the demo's project with an adapter of random weights, in a process of its own each: with the
canaries, and without, to compare what the engine is asked. The share is of CPU seconds, user and
system, of the whole process, the lower of two runs. A check whose samples are stored is the harder
one: no model runs beside them.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.start_up import CHECK_CODES, environment, write_demo

MOST_SHARE = 0.01
"""Of a check's CPU seconds."""

REPEATS = 2
_RESULT = "RESULT "


def run_check(*, with_canaries: bool) -> int:
    """Run ``evalguard check`` in this process, and print what the canaries took."""
    from evalguard.cli import main as evalguard
    from evalguard.engines.hf import HFEngine
    from evalguard.tasks import registry

    taken = {"tasks": 0, "canaries": 0.0, "requests": 0}
    shows_that_it_can_fail, stream = registry.cannot_fail, HFEngine.stream

    def timed(*arguments: Any) -> Mapping[str, str]:
        started = time.process_time()
        found = shows_that_it_can_fail(*arguments) if with_canaries else {}
        taken["canaries"] += time.process_time() - started
        taken["tasks"] += 1
        return found

    def counted(self: Any, requests: Any) -> Iterator[Any]:
        taken["requests"] += len(requests)
        return stream(self, requests)

    registry.cannot_fail, HFEngine.stream = timed, counted  # type: ignore[assignment, method-assign]
    try:
        code = evalguard(["check"])
    except SystemExit as left:
        code = int(left.code or 0)
    print(_RESULT + json.dumps(taken | {"cpu": time.process_time()}))
    return int(code or 0)


def measured(folder: Path, env: Mapping[str, str], *options: str) -> dict[str, float]:
    """Return what a check in a new process took: CPU seconds, those of the canaries, requests."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.canaries", "--here", *options],
        cwd=folder, env=dict(env), capture_output=True, text=True, check=False,
    )  # fmt: skip
    lines = [line for line in done.stdout.splitlines() if line.startswith(_RESULT)]
    if done.returncode not in CHECK_CODES or not lines:
        raise RuntimeError(
            f"the check exited {done.returncode}:\n{(done.stderr or done.stdout)[-2000:]}"
        )
    found: dict[str, float] = json.loads(lines[-1].removeprefix(_RESULT))
    return found


def _fresh(env: Mapping[str, str], *options: str) -> tuple[dict[str, float], dict[str, float]]:
    """Return a check of a new project, and a second one of the same."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_demo(folder)
        return measured(folder, env, *options), measured(folder, env, *options)


def main() -> int:
    """Print the table; return 1 if a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--without", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.here:
        return run_check(with_canaries=not options.without)
    with tempfile.TemporaryDirectory() as bytecode:
        root = str(Path(__file__).resolve().parents[1])
        env = environment(Path(bytecode)) | {"PYTHONPATH": root}
        runs = [_fresh(env) for _ in range(REPEATS)]
        without, _ = _fresh(env, "--without")
    first, second = (
        min(one["canaries"] / one["cpu"] for one in column) for column in zip(*runs, strict=True)
    )
    asked = runs[0][0]["requests"] - without["requests"]
    table = Table("canaries of the demo's check", "target", "measured")
    missed = 0
    for name, target, shown, reached in (
        ("share of its CPU seconds", f"< {MOST_SHARE:.0%}", f"{first:.2%}", first < MOST_SHARE),
        (
            "the same, every sample stored",
            f"< {MOST_SHARE:.0%}",
            f"{second:.2%}",
            second < MOST_SHARE,
        ),
        ("requests to the engine for them", "0", f"{asked:.0f}", asked == 0),
    ):
        table.add_row(name, target, shown if reached else f"{shown}  MISSED")
        missed += not reached
    Console(width=100).print(table)
    print(
        f"{runs[0][0]['tasks']:.0f} tasks, {runs[0][0]['canaries']:.3f} of "
        f"{runs[0][0]['cpu']:.1f} s; {runs[0][0]['requests']:.0f} requests in all"
    )
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
