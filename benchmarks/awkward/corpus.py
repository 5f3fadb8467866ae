"""Corpus metrics under the jackknife, with a few samples that lose everything."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from benchmarks.awkward.bounded import graded
from benchmarks.awkward.case import ALPHA, ENGINE, Case, Floats, Rates
from benchmarks.awkward.clusters import Draw
from evalguard.stats import GROUPS, GroupJackknife, groups


def jackknife(differences: Floats) -> GroupJackknife:
    """Return the engine's test of a mean over the corpus, as if samples had no value alone."""
    left_out = groups([None] * len(differences), GROUPS)
    total, count = differences.sum(), len(differences)
    partial = [
        float((total - differences[group].sum()) / (count - len(group))) for group in left_out
    ]
    return GroupJackknife(float(differences.mean()), partial, [1] * count)


def measured(draw: Draw, margin: float) -> Callable[..., Mapping[str, Rates]]:
    """Return what measures a case: PASS with losses, FAIL with the mirrored gains, and power."""

    def measure(runs: int, rng: np.random.Generator) -> Mapping[str, Rates]:
        counts = np.zeros(3)
        for _ in range(runs):
            losing = jackknife(draw(rng, -margin, True).differences)
            gaining = jackknife(-draw(rng, margin, True).differences)
            same = jackknife(draw(rng, 0.0, False).differences)
            pvalues = losing.p_pass(margin), gaining.p_fail(margin), same.p_pass(margin)
            counts += np.array(pvalues) <= ALPHA
        return {ENGINE: Rates(*(counts / runs).tolist())}

    return measure


CASES = [
    Case(
        "corpus",
        f"jackknife, n = {n}, 2 % lose everything, noise {noise:g}, {100 * margin:g} pp",
        measured(graded(n, 0.02, noise), margin),
        share=0.2,
    )
    for n in (200, 500)
    for noise in (0.02, 0.1)
    for margin in (0.02, 0.05)
]
