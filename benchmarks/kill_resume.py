"""``python -m benchmarks.kill_resume``: checks killed at random moments lose nothing.

Each run is killed with SIGKILL at a random moment of its measurement, up to five times, and then
finished. Its result must equal that of a run that nobody killed: no sample lost, none doubled.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks import projects
from benchmarks.random_adapters import save_adapter

RUNS = 30
SEED = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """One run that was killed and resumed.

    Attributes:
        kills: How often it was killed.
        kept: Samples that the last attempt found in the store.
        lost: Samples of the uninterrupted run that it does not have.
        doubled: Samples that were stored more than once.
        identical: Whether every gate equals the uninterrupted run's.
    """

    kills: int
    kept: int
    lost: int
    doubled: int
    identical: bool


def write_project(folder: Path) -> Path:
    """Write a small project over the embedded model; return its file."""
    from evalguard.demo import model_path
    from evalguard.demo.suites import suite_items

    rows = [{"question": item.prompt, "answer": item.answer} for item in suite_items("facts")]
    save_adapter(model_path(), folder / "adapter", scale=0.05, seed=1)
    return projects.write_project(
        folder,
        engine={"name": "hf", "dtype": "float32", "device": "cpu"},
        baseline={"model": str(model_path())},
        candidates={"candidate": {"adapter": "adapter"}},
        suites={"facts": projects.write_test_set(folder, "facts", rows[:160], max_new_tokens=12)},
        gates=[{"suite": "facts", "metric": "exact_match", "max_drop": "10pp"}],
    )


def measure(runs: int, *, seed: int = SEED) -> list[Outcome]:
    """Kill and resume ``runs`` checks; each is a process of its own."""
    rng = random.Random(seed)  # noqa: S311 - moments of killing, not secrets
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        project = write_project(folder)
        whole = _check(project)
        shutil.rmtree(folder / ".evalguard")
        started = time.perf_counter()  # the libraries are loaded by now, as in every fork
        _check(project)
        seconds = time.perf_counter() - started
        outcomes = []
        for _ in range(runs):
            first, *others = (rng.uniform(0.1, 0.9) * seconds for _ in range(5))
            shutil.rmtree(folder / ".evalguard", ignore_errors=True)
            while not _killed(project, first):  # it ended before: the machine is less busy by now
                shutil.rmtree(folder / ".evalguard")
                first /= 2
            kills = 1 + sum(_killed(project, moment) for moment in others)
            outcomes.append(_outcome(_check(project), whole, kills, folder))
        return outcomes


def _check(project: Path) -> dict[str, Any]:
    """Run a check to its end and return what is compared."""
    from evalguard.config import load_project
    from evalguard.engines import grouping
    from evalguard.records import to_json
    from evalguard.runner import measure as measuring
    from evalguard.runner.check import run_check

    # Many moments at which a kill can fall between two samples that are stored.
    grouping.BLOCKS, grouping.BLOCK, measuring.STORE_SECONDS = {}, 16, 0.0
    loaded = load_project(project)
    selected = [(gate, "candidate") for gate in loaded.thresholds.gates]
    result = run_check(loaded, selected, full=True)
    return {
        "gates": to_json(result)["gates"],
        "samples": sum(run.samples for run in result.tasks),
        "kept": sum(run.reused for run in result.tasks),
    }


def _killed(project: Path, after_seconds: float) -> bool:
    """Start a check in a process of its own and kill it; return whether it was still running."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
            _check(project)
            status = 0
        finally:
            os._exit(status)  # nothing of the parent's is cleaned up here
    until = time.monotonic() + after_seconds
    while time.monotonic() < until:
        finished, status = os.waitpid(child, os.WNOHANG)
        if finished and status:
            raise RuntimeError(f"A check that nobody killed ended with status {status}.")
        if finished:
            return False
        time.sleep(0.01)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return True


def _outcome(resumed: dict[str, Any], whole: dict[str, Any], kills: int, folder: Path) -> Outcome:
    from evalguard.store import SampleStore

    with SampleStore(folder / ".evalguard" / "store.db") as store:
        stored = sum(run.samples for run in store.runs())
    return Outcome(
        kills=kills,
        kept=resumed["kept"],
        lost=whole["samples"] - resumed["samples"],
        doubled=stored - whole["samples"],
        identical=resumed["gates"] == whole["gates"],
    )


def report(outcomes: Sequence[Outcome]) -> bool:
    """Print the table and return whether every target is reached."""
    rows = [
        ("runs killed at least once", f"{len(outcomes)}", sum(o.kills > 0 for o in outcomes)),
        ("results identical to the uninterrupted run", f"{len(outcomes)}",
         sum(o.identical for o in outcomes)),
        ("samples lost", "0", sum(o.lost for o in outcomes)),
        ("samples doubled", "0", sum(o.doubled for o in outcomes)),
    ]  # fmt: skip
    table = Table("", "target", "figure", title=f"{len(outcomes)} checks, killed with SIGKILL")
    for name, target, figure in rows:
        table.add_row(name, target, f"{figure}{'' if str(figure) == target else '  MISSED'}")
    kills = sum(outcome.kills for outcome in outcomes)
    kept = sorted(outcome.kept for outcome in outcomes)
    table.add_row("kills in all", "", f"{kills}")
    table.add_row("samples found in the store by the last attempt, median", "",
                  f"{kept[len(kept) // 2]}")  # fmt: skip
    Console().print(table)
    return all(str(figure) == target for _, target, figure in rows)


def main() -> int:
    """Run the benchmark."""
    import torch

    torch.set_num_threads(1)
    return 0 if report(measure(RUNS)) else 1


if __name__ == "__main__":
    sys.exit(main())
