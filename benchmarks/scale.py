"""A whole check of SAMPLES samples on lm-eval's ``dummy`` model, which answers at once.

``python -m benchmarks.scale SAMPLES`` prints, as JSON, the seconds that EvalGuard itself took and
the memory at its peak. What is left of a run without an engine is what EvalGuard costs.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import projects
from benchmarks.peak import peak_bytes

ANSWER = "lol"
"""What the dummy model always says."""


def write_project(folder: Path, samples: int, *, engine: str) -> Path:
    """Write a project with one test set and two models of their own; return its file."""
    from benchmarks.one_task import write_model

    for seed, name in enumerate(("base", "tuned")):
        write_model(folder / name, seed=seed)
    rows = (
        {"question": f"What is the flag colour of town number {n}?", "answer": ANSWER}
        for n in range(samples)
    )
    return projects.write_project(
        folder,
        engine={"name": engine, "max_length": 2048},
        baseline={"model": "base"},
        candidates={"tuned": {"model": "tuned"}},
        suites={"rows": projects.write_test_set(folder, "rows", rows, max_new_tokens=48)},
        gates=[{"suite": "rows", "metric": "exact_match", "max_drop": "5pp"}],
    )


def run() -> None:
    """Run the check and print its cost."""
    from evalguard.config import load_project
    from evalguard.runner.check import run_check

    samples = int(sys.argv[1])
    with tempfile.TemporaryDirectory() as name:
        project = load_project(write_project(Path(name), samples, engine="dummy"))
        selected = [(gate, "tuned") for gate in project.thresholds.gates]
        started = time.perf_counter()
        result = run_check(project, selected, full=True)
        seconds = time.perf_counter() - started
    scored = sum(task.samples for task in result.tasks)
    if scored != 2 * samples:
        sys.exit(f"scored {scored} of {2 * samples} answers: {result.gates[0].reason}")
    found = {
        "samples": scored,
        "verdict": str(result.verdict),
        "seconds": seconds,
        "engine_seconds": result.timing["engine_seconds"],
        "bytes": peak_bytes(),
    }
    print(f"\nRESULT {json.dumps(found)}", flush=True)


if __name__ == "__main__":
    run()
