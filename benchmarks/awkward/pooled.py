"""A mean over suites that differ in size, spread, scale of their scores and in what they lose.

``python -m benchmarks.awkward.pooled`` measures how often a loss too small for each gate is failed.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from benchmarks.awkward.case import ALPHA, ENGINE, Case, Rates, paired_t
from benchmarks.awkward.clusters import Draw, Drawn, engine
from evalguard.stats import PairedBinary, paired_scores

MARGIN = 0.02
UNEQUAL = (20, 40, 80, 120, 200, 300, 500, 800, 1300, 2000)
CHANGED = (0.30, 0.05, 0.20, 0.10, 0.05, 0.30, 0.10, 0.05, 0.20, 0.10)
SPREAD = (0.30, 0.02, 0.20, 0.05, 0.10, 0.02, 0.30, 0.05, 0.20, 0.02)


def naive(drawn: Drawn, margin: float) -> dict[str, tuple[float, float]]:
    """Return p-values of PASS and FAIL by rules on the means of the suites; 0 or 1 of a point."""
    names = np.asarray(drawn.strata)
    suites = [drawn.differences[names == name] for name in dict.fromkeys(names)]
    means = np.array([each.mean() for each in suites])
    error = np.sqrt(sum(each.var(ddof=1) / len(each) for each in suites)) / len(suites)
    above = float(means.mean()) + margin
    z = above / max(error, 1e-12)
    return {
        "mean of the suites against the margin": (float(above < 0), float(above >= 0)),
        "t test over the suites' means": paired_t(means, margin),
        "stratified z test": (float(stats.norm.sf(z)), float(stats.norm.cdf(z))),
    }


def measured(
    draw: Draw, margin: float = MARGIN, test: Callable[..., object] = engine
) -> Callable[..., Mapping[str, Rates]]:
    """Return what measures a case: PASS with losses, FAIL with the mirrored gains, and power."""

    def measure(runs: int, rng: np.random.Generator) -> Mapping[str, Rates]:
        counts: dict[str, NDArray[np.float64]] = {}
        for _ in range(runs):
            mirrored = draw(rng, margin, True)
            data = (
                draw(rng, -margin, True),
                mirrored._replace(differences=-mirrored.differences),
                draw(rng, 0.0, False),
            )
            losing, gaining, same = map(test, data)
            found = {
                ENGINE: (
                    losing.p_pass(margin),  # type: ignore[attr-defined]
                    gaining.p_fail(margin),  # type: ignore[attr-defined]
                    same.p_pass(margin),  # type: ignore[attr-defined]
                )
            }
            one, other, power = (naive(each, margin) for each in data)
            found |= {rule: (one[rule][0], other[rule][1], power[rule][0]) for rule in one}
            for rule, pvalues in found.items():
                counts[rule] = counts.get(rule, np.zeros(3)) + (np.array(pvalues) <= ALPHA)
        return {rule: Rates(*(count / runs).tolist()) for rule, count in counts.items()}

    return measure


def suites(
    sizes: tuple[int, ...],
    changed: tuple[float, ...] = CHANGED,
    *,
    losing: int | None = None,
    per_cluster: int = 1,
) -> Draw:
    """Draw scores of 0 and 1 of suites, all of which lose the same, or one alone everything.

    Args:
        sizes: Questions of each suite.
        changed: Share of questions on which the models differ.
        losing: The suite that loses all; every one when omitted.
        per_cluster: Questions of a cluster; those of one have one outcome with chance √.3.
    """
    stratum = np.repeat(np.arange(len(sizes)), sizes)
    psi, cluster = np.array(changed)[stratum], np.arange(sum(sizes)) // per_cluster
    names = [str(index) for index in stratum]

    def outcome(rng: np.random.Generator, theta: NDArray[np.float64]) -> NDArray[np.float64]:
        share = np.maximum(psi, np.abs(theta))
        u = rng.random(len(stratum))
        return np.where(u < (share - theta) / 2, -1.0, np.where(u < share, 1.0, 0.0))

    def draw(rng: np.random.Generator, mean: float, harm: bool) -> Drawn:
        del harm
        theta = np.full(len(sizes), mean)
        if losing is not None:
            theta = np.where(np.arange(len(sizes)) == losing, mean * len(sizes), 0.0)
        values = outcome(rng, theta[stratum])
        if per_cluster > 1:
            first = cluster * per_cluster
            shared = outcome(rng, theta[stratum])[first]
            values = np.where(rng.random(len(stratum)) < np.sqrt(0.3), shared, values)
        return Drawn(values, cluster, names)

    return draw


def graded(sizes: tuple[int, ...], spread: tuple[float, ...], *, rare: int | None = None) -> Draw:
    """Draw graded scores of other spreads, with rare total losses in one suite or in all."""
    stratum = np.repeat(np.arange(len(sizes)), sizes)
    deviation, names = np.array(spread)[stratum], [str(index) for index in stratum]
    hit = np.ones(len(sizes)) if rare is None else np.eye(len(sizes))[rare] * len(sizes)

    def draw(rng: np.random.Generator, mean: float, harm: bool) -> Drawn:
        values = deviation * rng.uniform(-1.7, 1.7, len(stratum))
        if harm:  # all of the change, and as much again, by the rare ones
            rest = mean + MARGIN
            values = values + rest
            values[rng.random(len(stratum)) < (hit * MARGIN / (1 + rest))[stratum]] = -1.0
        else:
            values = values + mean
        return Drawn(np.clip(values, -1, 1), np.arange(len(stratum)), names)

    return draw


def with_missing(drawn: Drawn) -> object:
    """Return the test of scores of 0 and 1 where one candidate's score in 200 is missing."""
    before = (drawn.differences <= 0).astype(float)
    absent = np.arange(len(before)) % 200 == 0
    return paired_scores(
        before,
        np.where(absent, np.nan, before + drawn.differences),
        strata=drawn.strata,
        binary=False,
    ).difference()


EVEN = (300,) * 10
SETTINGS: dict[str, Callable[..., Mapping[str, Rates]]] = {
    "10 suites of 20 to 2000, all lose 2 points": measured(suites(UNEQUAL)),
    "10 suites of 20 to 2000, the smallest loses 20 points": measured(suites(UNEQUAL, losing=0)),
    "10 suites of 20 to 2000, the largest loses 20 points": measured(suites(UNEQUAL, losing=9)),
    "10 suites of 300, all lose 2 points": measured(suites(EVEN, (0.1,) * 10)),
    "10 suites of 300 in clusters of 5": measured(suites(EVEN, (0.1,) * 10, per_cluster=5)),
    "10 suites of 300, 0.5 % missing": measured(suites(EVEN, (0.1,) * 10), test=with_missing),
    "10 graded suites of 20 to 2000, rare losses in all": measured(graded(UNEQUAL, SPREAD)),
    "10 graded suites of 20 to 2000, rare losses in the smallest": measured(
        graded(UNEQUAL, SPREAD, rare=0)
    ),
    "10 graded suites of 40 to 150, rare losses in all": measured(
        graded((40, 50, 60, 70, 80, 90, 100, 110, 130, 150), SPREAD)
    ),
}

CASES = [Case("pooled", f"{name}, 2 pp", measure, share=0.1) for name, measure in SETTINGS.items()]


def small_losses(runs: int, *, n: int = 500, loss: float = 0.02, psi: float = 0.1) -> str:
    """Return how ten gates of 5 points and a pooled one of half a point decide small losses."""
    rng, lines = np.random.default_rng(20261129), []
    for theta, margin in ((-loss, 0.005), (0.0, 0.01)):
        counts = np.zeros(4)
        draw = suites((n,) * 10, (psi,) * 10)
        for _ in range(runs):
            drawn = draw(rng, theta, False)
            each = [
                PairedBinary(int((one < 0).sum()), int((one > 0).sum()), n)
                for one in np.split(drawn.differences, 10)
            ]
            test = engine(drawn)
            decided = [
                min(one.p_fail(0.05) for one in each) <= ALPHA / 10,
                np.mean([one.p_pass(0.05) <= ALPHA for one in each]),
                test.p_fail(margin) <= ALPHA,
                test.p_pass(margin) <= ALPHA,
            ]
            counts += np.asarray(decided, dtype=float)
        rates = " ".join(f"{rate:.3f}" for rate in counts / runs)
        lines.append(f"change {theta:+.3f}, pooled margin {margin}: {rates}")
    return "\n".join(lines)


if __name__ == "__main__":
    print("any gate FAILs, a gate PASSes, pooled FAIL, pooled PASS")
    print(small_losses(int(sys.argv[1]) if len(sys.argv) > 1 else 1000))
