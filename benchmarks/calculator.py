"""What ``evalguard decide`` takes on a million paired rows: ``python -m benchmarks.calculator``.

CPU seconds of the whole command and its greatest memory, from files written before; exits 1 where
a target is missed.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.table import Table

MOST_SECONDS, MOST_MB = 3.0, 250.0


class Cost(NamedTuple):
    """CPU seconds and greatest resident memory in MB."""

    seconds: float
    megabytes: float


def write_files(folder: Path, rows: int) -> None:
    """Write one file of both models, and one for each in opposite orders."""
    rng = random.Random(1)  # noqa: S311
    scores = [(int(rng.random() < 0.7), int(rng.random() < 0.7)) for _ in range(rows)]
    with (folder / "pairs.jsonl").open("w") as file:
        for i, (one, other) in enumerate(scores):
            file.write(f'{{"id": "question-{i}", "baseline": {one}, "candidate": {other}}}\n')
    for arm, name in enumerate(("baseline", "candidate")):
        with (folder / f"{name}.jsonl").open("w") as file:
            for i in range(rows) if arm else reversed(range(rows)):
                file.write(f'{{"id": "question-{i}", "score": {scores[i][arm]}}}\n')


def cost(arguments: list[str], folder: Path) -> Cost:
    """Run the command alone, in a process of its own, and return its cost.

    Raises:
        RuntimeError: If it does not end with a verdict.
    """
    # A process between, as the greatest memory is kept over all children of one.
    command = [sys.executable, "-m", "evalguard", "decide", "--max-drop", "1pp", *arguments]
    code = (
        "import resource, subprocess, sys\n"
        "done = subprocess.run(sys.argv[1:], capture_output=True, text=True)\n"
        "used = resource.getrusage(resource.RUSAGE_CHILDREN)\n"
        "print(done.stdout[:4], used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)\n"
    )
    here = str(Path(__file__).parents[1])
    env = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": here}
    done = subprocess.run(  # noqa: PLW1510 (what it printed says more)
        [sys.executable, "-c", code, *command], cwd=folder, env=env, capture_output=True, text=True
    )
    verdict, *figures = done.stdout.split() or [done.stderr]
    if verdict != "PASS":
        raise RuntimeError(f"evalguard decide said {verdict!r}")
    return Cost(*map(float, figures))


def measured(folder: Path, repeats: int) -> Iterator[tuple[str, Cost, bool]]:
    """Yield each way to give the scores, its least cost, and whether it has a target."""
    ways = {
        "one file of both models": (["--from", "pairs.jsonl"], True),
        "a file of each, in other orders": (
            ["--baseline", "baseline.jsonl", "--candidate", "candidate.jsonl"],
            False,
        ),
    }
    for name, (arguments, has_target) in ways.items():
        costs = [cost(arguments, folder) for _ in range(repeats)]
        yield name, Cost(*map(min, zip(*costs, strict=True))), has_target


def main() -> int:
    """Measure and print; 1 where a target was missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    table = Table(f"{options.rows:,} paired rows", "CPU", "target", "memory", "target")
    missed = 0
    with tempfile.TemporaryDirectory() as name:
        write_files(Path(name), options.rows)
        for way, found, has_target in measured(Path(name), options.repeats):
            over = [found.seconds > MOST_SECONDS, found.megabytes > MOST_MB]
            missed += has_target * sum(over)
            targets = [f"≤ {MOST_SECONDS:g} s", f"≤ {MOST_MB:g} MB"] if has_target else ["", ""]
            marks = ["  MISSED" if has_target and one else "" for one in over]
            table.add_row(
                way,
                f"{found.seconds:.2f} s{marks[0]}",
                targets[0],
                f"{found.megabytes:.0f} MB{marks[1]}",
                targets[1],
            )
    Console(width=100).print(table)
    print(f"{missed} targets missed")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
