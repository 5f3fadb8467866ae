"""Several candidates at the margin, of which whatever passes is released.

``python -m benchmarks.awkward --group several``. A false PASS is that any of the k bad candidates
passes; power is the chance that the one good candidate among them does. Each takes ten looks and,
where it stays undecided, one extension.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache

import numpy as np

from benchmarks.awkward.case import ALPHA, ENGINE, Case, Rates
from benchmarks.awkward.sequential import LOOKS, MARGIN, RESERVE, draw, pvalues
from evalguard.gates.looks import LookPlan
from evalguard.stats import combined_pvalue, levels

N = 500
EXTENSION = 500


def passes(theta: float, runs: int, rng: np.random.Generator, sharing: int) -> float:
    """Return the share of candidates that pass, with ``sharing`` candidates to share α.

    FAIL is at all of α; a candidate that fails cannot pass later.
    """
    sizes = LookPlan(LOOKS).sizes(N)
    shares = [*(size / N for size in sizes), 2.0]
    of_pass = levels(shares, ALPHA / sharing, reserve=RESERVE)
    of_fail = levels(shares, ALPHA, reserve=RESERVE)

    @cache
    def ends(losses: int, gains: int, look: int) -> str:
        passing, failing = pvalues(losses, gains, sizes[look])
        return "F" if failing <= of_fail[look] else "P" if passing <= of_pass[look] else ""

    tables = np.zeros((runs, 2), dtype=np.int64)
    going, passed = np.ones(runs, dtype=bool), np.zeros(runs, dtype=bool)
    for look, size in enumerate(sizes):
        before = sizes[look - 1] if look else 0
        tables[going] += draw(size - before, theta, int(going.sum()), rng)
        for run in np.flatnonzero(going):
            if said := ends(int(tables[run, 0]), int(tables[run, 1]), look):
                going[run], passed[run] = False, said == "P"
    more = draw(EXTENSION, theta, runs, rng)
    for run in np.flatnonzero(going):
        stages = [
            pvalues(*map(int, tables[run]), N)[0],
            pvalues(*map(int, more[run]), EXTENSION)[0],
        ]
        passed[run] = combined_pvalue(stages, [1, 1]) <= of_pass[-1]
    return float(passed.mean())


def any_of(k: int) -> Callable[[int, np.random.Generator], Mapping[str, Rates]]:
    """Return what measures k candidates, with their error shared and with all of it for each."""

    def rates(sharing: int, runs: int, rng: np.random.Generator) -> Rates:
        # Each on questions of its own: on the same ones, candidates pass together more often, and
        # at least one of them less often.
        one = passes(-MARGIN, runs * k, rng, sharing)
        return Rates(1 - (1 - one) ** k, power=passes(0.0, runs, rng, sharing))

    def measure(runs: int, rng: np.random.Generator) -> Mapping[str, Rates]:
        return {ENGINE: rates(k, runs, rng), "selection: each": rates(1, runs, rng)}

    return measure


CASES = [
    Case(
        "several",
        f"any of {k} candidates, n = {N}, ψ = .1, ten looks, one extension, 5 pp",
        any_of(k),
        share=0.2,
    )
    for k in (5, 10, 20)
]
