"""Whole checks as a user runs them: one killed and resumed, one for the overhead.

``python -m benchmarks.gpu.checks ARGUMENTS`` is ``evalguard ARGUMENTS`` with every answer stored
immediately, so that a kill falls between two of them.
"""

from __future__ import annotations

import json
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks import projects
from benchmarks.gpu.process import environment
from benchmarks.gpu.records import Context, Row, at_most, equal
from benchmarks.gpu.shapes import SEED, SMALL, fitting, model_folder, random_text

MAX_OVERHEAD = 10
"""Maximum share of a check's time outside the engine, in per cent."""

_DECIDED = (0, 1, 6)
"""Exit codes of a check that finished."""

_SMALL_BLOCKS, _DEFAULT = "benchmarks.gpu.checks", "evalguard"
_POLL_SECONDS = 0.02
_BLOCK = 16


def kill_resume(context: Context) -> Iterator[Row]:
    """Kill a check with SIGKILL in the middle and resume it.

    The embedded model answers in float32, where answers do not depend on how the remaining samples
    are batched.
    """
    from benchmarks.kill_resume import write_project

    folder = context.work / "kill"
    shutil.rmtree(folder, ignore_errors=True)
    write_project(folder)
    arguments = ["check", "--full", "--set", f"engine.device={context.device}"]
    whole = _check(folder, arguments, context, module=_SMALL_BLOCKS)
    samples = _stored(folder)
    shutil.rmtree(folder / ".evalguard")
    kept = _kill_in_the_middle(folder, arguments, context, samples)
    resumed = _check(folder, arguments, context, module=_SMALL_BLOCKS)
    timing, stored = resumed["timing"], _stored(folder)
    label = f"check of {samples} samples, killed after {kept}"
    yield equal(f"{label}: reused", f"{kept}", f"{timing['samples_reused']:.0f}")
    yield equal(f"{label}: in the result", f"{samples}", f"{timing['samples']:.0f}")
    yield equal(f"{label}: duplicated in the store", "0", f"{stored - samples}")
    same = resumed["gates"] == whole["gates"]
    yield equal(f"{label}: gates equal the uninterrupted run's", "yes", "yes" if same else "no")


def overhead(context: Context) -> Iterator[Row]:
    """Measure the time of a check of a few thousand samples outside its engine."""
    rows, tokens = (8, 8) if context.tiny else (1500, 64)
    folder = context.work / "overhead"
    shutil.rmtree(folder, ignore_errors=True)
    _write_project(folder, context, rows=rows, tokens=tokens)
    started = time.perf_counter()
    result = _check(folder, ["check", "--full"], context)
    seconds = time.perf_counter() - started
    timing = result["timing"]
    label = f"check of {2 * rows:,} answers of {tokens} tokens"
    share = 100 * (1 - timing["engine_seconds"] / seconds)
    name = f"{label}: share outside the engine"
    if context.tiny:  # start-up dominates
        yield Row(name, "", f"{share:.3g} %")
    else:
        yield at_most(name, MAX_OVERHEAD, share, " %")
    before = seconds - timing["seconds"]
    parts = {
        "whole process": seconds,
        "imports, start and end of the process": before,
        "loading, scoring, storing and deciding": timing["outside_seconds"],
        "engine": timing["engine_seconds"],
    }
    for name, value in parts.items():
        yield Row(f"{label}: {name}", "", f"{value:.1f} s")


def _write_project(folder: Path, context: Context, *, rows: int, tokens: int) -> None:
    """Write a project with one test set, a 1B base and an adapter on it."""
    from benchmarks.random_adapters import save_adapter

    base = model_folder(fitting(SMALL, context), context)
    save_adapter(base, folder / "adapter", scale=0.05, seed=1)
    rng = random.Random(SEED)  # noqa: S311 - questions, not secrets
    questions = (f"{number} {random_text(rng, 30)}" for number in range(rows))
    texts = ({"question": question, "answer": "theatre"} for question in questions)
    projects.write_project(
        folder,
        engine={"name": "hf", "dtype": "bfloat16", "device": context.device},
        baseline={"model": str(base)},
        candidates={"tuned": {"adapter": "adapter"}},
        suites={"rows": projects.write_test_set(folder, "rows", texts, max_new_tokens=tokens)},
        gates=[{"suite": "rows", "metric": "exact_match", "min": 0.5}],
    )


def _command(module: str, arguments: list[str]) -> list[str]:
    return [sys.executable, "-m", module, *arguments, "--json", "result.json"]


def _check(
    folder: Path, arguments: list[str], context: Context, *, module: str = _DEFAULT
) -> dict[str, Any]:
    """Run a check to completion and return its result."""
    done = subprocess.run(
        _command(module, arguments),
        cwd=folder,
        env=environment(context.device),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode not in _DECIDED:
        raise RuntimeError(f"check exited {done.returncode}: {done.stderr.strip()[-500:]}")
    result: dict[str, Any] = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    return result


def _kill_in_the_middle(folder: Path, arguments: list[str], context: Context, samples: int) -> int:
    """Start a check, kill it once a third of its samples is stored, and return how many are."""
    child = subprocess.Popen(
        _command(_SMALL_BLOCKS, arguments),
        cwd=folder,
        env=environment(context.device),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while _stored(folder) < samples // 3:
            if child.poll() is not None:
                raise RuntimeError(f"the check exited {child.returncode} before it was killed")
            time.sleep(_POLL_SECONDS)
    finally:
        child.send_signal(signal.SIGKILL)
        child.wait()
    kept = _stored(folder)
    if kept >= samples:
        raise RuntimeError("the check had stored all of its samples when it was killed")
    return kept


def _stored(folder: Path) -> int:
    """Return how many samples the store holds."""
    from evalguard.store import SampleStore

    file = folder / ".evalguard" / "store.db"
    if not file.is_file():
        return 0
    with SampleStore(file) as store:
        return sum(run.samples for run in store.runs())


def _run_in_small_blocks() -> None:
    from evalguard.cli import run
    from evalguard.engines import grouping
    from evalguard.runner import measure

    grouping.BLOCKS, grouping.BLOCK, measure.STORE_SECONDS = {}, _BLOCK, 0.0
    run()


if __name__ == "__main__":
    _run_in_small_blocks()
