"""Draw runs of paired binary outcomes with known truth."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from benchmarks.rules import Mask, Tables, edges
from evalguard.stats import Spending, levels

ACCURACY = 0.7  # of the baseline; only the unpaired test depends on it


def draw(n: int, psi: float, theta: float, *, runs: int, rng: np.random.Generator) -> Tables:
    """Return runs of n questions with discordance ψ and true difference θ."""
    loss, gain = (psi - theta) / 2, (psi + theta) / 2
    both = ACCURACY - loss
    counts = rng.multinomial(n, [loss, gain, both, max(0.0, 1 - loss - gain - both)], size=runs)
    return Tables(n, counts[:, 0], counts[:, 1], counts[:, 2])


class Stopped(NamedTuple):
    """What became of runs that looked before their end: shares of all runs."""

    passed: float
    failed: float
    fraction_used: float


def early_stopping(
    n: int,
    psi: float,
    theta: float,
    *,
    margin: float,
    looks: int,
    runs: int,
    rng: np.random.Generator,
    spending: Spending = "late",
) -> Stopped:
    """Run a gate with looks at equal shares until it is decided or all n questions are used."""
    sizes = [round(n * k / looks) for k in range(1, looks + 1)]
    spent = levels([size / n for size in sizes], spending=spending)
    loss, gain = (psi - theta) / 2, (psi + theta) / 2
    counts = np.zeros((runs, 3), dtype=np.int64)
    passed, failed = np.zeros(runs, dtype=bool), np.zeros(runs, dtype=bool)
    used = np.ones(runs)
    for before, size, level in zip([0, *sizes], sizes, spent, strict=False):
        counts += rng.multinomial(size - before, [loss, gain, max(0.0, 1 - psi)], size=runs)
        pairs = counts[:, 0] + counts[:, 1]
        passing, failing = edges(size, margin, level, int(pairs.max()))
        going = ~(passed | failed)
        fails: Mask = going & (counts[:, 0] >= failing[pairs])
        passes: Mask = going & ~fails & (counts[:, 0] <= passing[pairs])
        used[fails | passes] = size / n
        passed |= passes
        failed |= fails
    return Stopped(float(passed.mean()), float(failed.mean()), float(used.mean()))
