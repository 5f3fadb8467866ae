"""The ``code_eval`` metric of the hub, written again for machines that cannot fetch it.

Each candidate is run with its test in a process of its own that is killed after a timeout; the
estimate of pass@k is that of Chen et al. 2021 (arXiv:2107.03374), equation 1. It runs what the
model wrote: the benchmark's rows and models are the project's own.
"""

from __future__ import annotations

import math
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from typing import Any

import datasets
import evaluate


class CodeEval(evaluate.Metric):  # type: ignore[misc]  # it has no types
    """Share of problems that a program passes."""

    def _info(self) -> evaluate.MetricInfo:
        features = datasets.Features(
            {
                "predictions": datasets.Sequence(datasets.Value("string")),
                "references": datasets.Value("string"),
            }
        )
        return evaluate.MetricInfo(
            description=__doc__, citation="", inputs_description="", features=features
        )

    def _compute(
        self,
        predictions: Sequence[Sequence[str]],
        references: Sequence[str],
        k: Sequence[int] = (1, 10, 100),
        num_workers: int = 4,
        timeout: float = 3.0,
    ) -> tuple[dict[str, float], dict[int, list[Any]]]:
        if os.getenv("HF_ALLOW_CODE_EVAL", "0") != "1":
            raise ValueError("set HF_ALLOW_CODE_EVAL=1 to run code that a model wrote")
        known: dict[str, bool] = {}
        results: dict[int, list[Any]] = {}
        for task, (candidates, test) in enumerate(zip(predictions, references, strict=True)):
            results[task] = []
            for index, candidate in enumerate(candidates):
                program = f"{candidate}\n{test}"
                if program not in known:
                    known[program] = _passes(program, timeout)
                row = {"task_id": task, "passed": known[program], "completion_id": index}
                results[task].append((index, row))
        counts = [(len(rows), sum(row["passed"] for _, row in rows)) for rows in results.values()]
        estimates = {
            f"pass@{size}": math.fsum(_pass_at(n, right, size) for n, right in counts) / len(counts)
            for size in k
            if all(n >= size for n, _ in counts)
        }
        return estimates, results


def _passes(program: str, timeout: float) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        try:
            done = subprocess.run(
                [sys.executable, "-I", "-c", program],
                cwd=folder,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=timeout,
                check=False,
            )
        except (subprocess.TimeoutExpired, ValueError):  # ValueError: a null byte in the program
            return False
    return done.returncode == 0


def _pass_at(n: int, right: int, k: int) -> float:
    if n - right < k:
        return 1.0
    return 1.0 - math.prod(1.0 - k / i for i in range(n - right + 1, n + 1))
