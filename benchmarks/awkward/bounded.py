"""Graded scores: rare catastrophes, small samples, bounds of one arm."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from benchmarks.awkward.case import ALPHA, ENGINE, Case, Floats, Rates, paired_t
from benchmarks.awkward.clusters import Draw, Drawn, measured
from evalguard.stats import paired_scores


def graded(n: int, share: float, noise: float, depth: float = 1.0, tail: str = "normal") -> Draw:
    """Draw questions of which a share loses ``depth`` and the rest makes up for it.

    Args:
        n: Number of questions.
        share: Share of questions with a catastrophe.
        noise: Standard deviation of the rest.
        depth: What a catastrophe loses.
        tail: ``normal``, or ``gains`` or ``losses`` for exponential ones.
    """

    def draw(rng: np.random.Generator, mean: float, harm: bool) -> Drawn:
        lost = share if harm else 0.0
        rest = (mean + lost * depth) / (1 - lost)
        spread = rng.standard_normal(n)
        if tail != "normal":
            spread = (rng.exponential(size=n) - 1) * (1 if tail == "gains" else -1)
        values = np.where(rng.random(n) < lost, -depth, rest + noise * spread)
        return Drawn(np.clip(values, -1, 1), np.arange(n))

    return draw


def bounded(n: int, share: float, noise: float, bound: float) -> Callable[..., Mapping[str, Rates]]:
    """Return what measures a minimum of the candidate's mean, and its mirror, a maximum.

    Scores go from 0 to 1; a share of the answers scores 0. With the mean at the bound PASS is
    false; at 1 minus the bound, with the scores mirrored, the same data test ``max``.
    """

    def draw(rng: np.random.Generator, mean: float, lost: float) -> Floats:
        rest = mean / (1 - lost)
        spread = np.minimum(noise, 1 - rest) * rng.uniform(-1, 1, n)
        return np.where(rng.random(n) < lost, 0.0, rest + spread)

    def measure(runs: int, rng: np.random.Generator) -> Mapping[str, Rates]:
        counts = np.zeros((2, 3))
        for _ in range(runs):
            at, mirrored = draw(rng, bound, share), 1 - draw(rng, 1 - bound, share)
            above = draw(rng, bound + 0.05, 0.0)
            tests = [
                paired_scores([1.0] * n, scores.tolist(), binary=False).bound(least=True)
                for scores in (at, mirrored, above)
            ]
            counts[0] += [
                tests[0].p_pass(-bound) <= ALPHA,
                tests[1].p_fail(-bound) <= ALPHA,
                tests[2].p_pass(-bound) <= ALPHA,
            ]
            counts[1] += [
                paired_t(at, -bound)[0] <= ALPHA,
                paired_t(mirrored, -bound)[1] <= ALPHA,
                paired_t(above, -bound)[0] <= ALPHA,
            ]
        rates = (counts / runs).tolist()
        return {ENGINE: Rates(*rates[0]), "t test": Rates(*rates[1])}

    return measure


SETTINGS: dict[str, tuple[Draw, float]] = {
    **{
        f"n = {n}, 2 % lose everything": (graded(n, 0.02, 0.02), 0.05) for n in (30, 100, 300, 1000)
    },
    "n = 83, 5 % lose everything, noise .15": (graded(83, 0.05, 0.15, tail="gains"), 0.05),
    "n = 120, 2 % lose everything, noise .1": (graded(120, 0.02, 0.1), 0.05),
    "n = 160, 2 % lose everything, noise .1": (graded(160, 0.02, 0.1), 0.1),
    "n = 300, 1 % lose everything, noise .1": (graded(300, 0.01, 0.1), 0.05),
    "n = 120, 4 % lose half, noise .1": (graded(120, 0.04, 0.1, 0.5), 0.05),
    "n = 300, 30 % lose everything, noise .1": (graded(300, 0.3, 0.1), 0.05),
    "n = 20, 10 % lose everything, heavy losses": (graded(20, 0.1, 0.25, tail="losses"), 0.05),
    "n = 50, noise .15": (graded(50, 0.0, 0.15), 0.05),
    "n = 100, noise .15": (graded(100, 0.0, 0.15), 0.05),
    "n = 500, noise .15": (graded(500, 0.0, 0.15), 0.02),
}

CASES = [
    *(
        Case("bounded", f"{name}, {100 * margin:g} pp", measured(draw, margin), share=0.2)
        for name, (draw, margin) in SETTINGS.items()
    ),
    *(
        Case("bounded", f"min {bound:g}, n = {n}, {share:.0%} score 0",
             bounded(n, share, 0.05, bound), share=0.2)
        for n, share, bound in (
            (100, 0.05, 0.9), (300, 0.02, 0.9), (100, 0.2, 0.5), (200, 0.02, 0.1), (60, 0.1, 0.8)
        )
    ),
]  # fmt: skip
