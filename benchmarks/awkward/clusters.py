"""Clusters of unequal sizes, of which the large ones are lost, and clusters that span strata."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.awkward.case import ALPHA, ENGINE, Case, Floats, Measure, Rates, paired_t
from evalguard.stats import MarginTest, paired_scores

MARGIN = 0.05
BELOW = 0.05  # how far the losses of a bad run take the mean below that of the rest


class Drawn(NamedTuple):
    """Differences of questions, the cluster of each, and its stratum where strata weigh alike."""

    differences: Floats
    cluster: NDArray[np.int64]
    strata: list[str] | None = None


Draw = Callable[[np.random.Generator, float, bool], Drawn]
"""Draws a run with the given mean, with the case's catastrophes or without any."""


def engine(drawn: Drawn) -> MarginTest:
    """Return the engine's test of graded differences."""
    count = len(drawn.differences)
    return paired_scores(
        [0.0] * count,
        drawn.differences.tolist(),
        clusters=drawn.cluster.tolist(),
        strata=drawn.strata,
        low=0.0,
        binary=False,
    ).difference()


def plain(drawn: Drawn, margin: float) -> dict[str, tuple[float, float]]:
    """Return the p-values of t tests over questions and over clusters."""
    weight = np.ones(len(drawn.differences))
    if drawn.strata is not None:
        _, stratum, sizes = np.unique(drawn.strata, return_inverse=True, return_counts=True)
        weight = len(weight) / (len(sizes) * sizes[stratum])
    shifted = (drawn.differences + margin) * weight
    found = {"t test over questions": paired_t(shifted, 0.0)}
    sums = np.bincount(drawn.cluster, weights=shifted).astype(np.float64)
    if len(sums) < len(shifted):
        found["t test over clusters"] = paired_t(sums, 0.0)
    return found


def measured(
    draw: Draw,
    margin: float = MARGIN,
    *,
    test: Callable[[Drawn], MarginTest] = engine,
    rules: Callable[[Drawn, float], dict[str, tuple[float, float]]] = plain,
) -> Measure:
    """Return what measures a case: PASS with losses, FAIL with the mirrored gains, and power.

    Args:
        draw: Draws a run.
        margin: The tolerated drop.
        test: The engine's test of a run.
        rules: The p-values of PASS and of FAIL by other rules.
    """

    def measure(runs: int, rng: np.random.Generator) -> Mapping[str, Rates]:
        counts: dict[str, NDArray[np.float64]] = {}
        for _ in range(runs):
            losing = draw(rng, -margin, True)
            mirrored = draw(rng, margin, True)
            gaining = mirrored._replace(differences=-mirrored.differences)
            same = draw(rng, 0.0, False)
            found = {
                ENGINE: (
                    test(losing).p_pass(margin),
                    test(gaining).p_fail(margin),
                    test(same).p_pass(margin),
                )
            }
            sides = zip(
                rules(losing, margin).items(),
                rules(gaining, margin).values(),
                rules(same, margin).values(),
                strict=True,
            )
            found |= {rule: (one[0], other[1], power[0]) for (rule, one), other, power in sides}
            for rule, pvalues in found.items():
                counts[rule] = counts.get(rule, np.zeros(3)) + (np.array(pvalues) <= ALPHA)
        return {rule: Rates(*(count / runs).tolist()) for rule, count in counts.items()}

    return measure


def lost(sizes: Floats, worst: int, noise: float) -> Draw:
    """Draw clusters of which each of the largest is lost with one probability.

    Args:
        sizes: Questions in each cluster.
        worst: How many of the largest may be lost.
        noise: Standard deviation of the other questions.
    """
    large = np.argsort(sizes)[::-1][:worst]
    cluster = np.repeat(np.arange(len(sizes)), sizes.astype(int))

    def draw(rng: np.random.Generator, mean: float, harm: bool) -> Drawn:
        rest = mean + BELOW if harm else mean
        values = rest + noise * rng.standard_normal(len(cluster))
        if harm:
            chance = BELOW * sizes.sum() / ((1 + rest) * sizes[large].sum())
            bad = np.zeros(len(sizes), dtype=bool)
            bad[large[rng.random(worst) < chance]] = True
            values[bad[cluster]] = -1.0
        return Drawn(np.clip(values, -1, 1), cluster)

    return draw


def correlated(sizes: Floats, icc: float, psi: float = 0.1) -> Draw:
    """Draw clusters whose questions share the cluster's outcome with probability √ICC."""
    cluster = np.repeat(np.arange(len(sizes)), sizes.astype(int))

    def draw(rng: np.random.Generator, mean: float, harm: bool) -> Drawn:
        del harm
        shares = [(psi - mean) / 2, (psi + mean) / 2, 1 - psi]
        own = rng.choice([-1.0, 1.0, 0.0], p=shares, size=len(cluster))
        shared = rng.choice([-1.0, 1.0, 0.0], p=shares, size=len(sizes))[cluster]
        return Drawn(np.where(rng.random(len(cluster)) < np.sqrt(icc), shared, own), cluster)

    return draw


def spanning(strata: int, passages: int) -> Draw:
    """Draw passages with one question in each stratum, that are lost as a whole."""
    cluster = np.tile(np.arange(passages), strata)
    names = [str(stratum) for stratum in np.repeat(np.arange(strata), passages)]

    def draw(rng: np.random.Generator, mean: float, harm: bool) -> Drawn:
        rest = mean + BELOW if harm else mean
        bad = rng.random(passages) < (BELOW / (1 + rest) if harm else 0.0)
        values = rest + 0.1 * rng.standard_normal(len(cluster))
        return Drawn(np.clip(np.where(bad[cluster], -1.0, values), -1, 1), cluster, names)

    return draw


def stratified(sizes: tuple[int, ...], losing: tuple[float, ...] | None = None) -> Draw:
    """Draw strata of the same weight, of which the given ones lose questions altogether."""
    stratum = np.repeat(np.arange(len(sizes)), sizes)
    names = [str(index) for index in stratum]
    shares = np.ones(len(sizes)) if losing is None else np.array(losing)

    def draw(rng: np.random.Generator, mean: float, harm: bool) -> Drawn:
        rest = mean + BELOW if harm else mean
        chance = shares / shares.mean() * BELOW / (1 + rest) if harm else np.zeros(len(sizes))
        values = rest + 0.1 * rng.standard_normal(len(stratum))
        values[rng.random(len(stratum)) < chance[stratum]] = -1.0
        return Drawn(np.clip(values, -1, 1), np.arange(len(stratum)), names)

    return draw


def _geometric(count: int) -> Floats:
    return np.minimum(1 + np.random.default_rng(0).geometric(0.2, count), 60).astype(float)


def _sizes(*groups: tuple[int, int]) -> Floats:
    return np.repeat([float(size) for _, size in groups], [count for count, _ in groups])


SINGLES_AND_FIVES = _sizes((90, 1), (10, 5))
SETTINGS: dict[str, Draw] = {
    "90 clusters of 1, 10 of 5, these are lost": lost(SINGLES_AND_FIVES, 10, 0.1),
    "90 clusters of 1, 10 of 5, five of these are lost": lost(SINGLES_AND_FIVES, 5, 0.1),
    "56 clusters of 1, 4 of 20, these are lost": lost(_sizes((56, 1), (4, 20)), 4, 0.1),
    "300 clusters of 1, 20 of 4, these are lost": lost(_sizes((300, 1), (20, 4)), 20, 0.3),
    "200 clusters of 2 to 60, the largest 20 are lost": lost(_geometric(200), 20, 0.3),
    "500 clusters of 2 to 60, any are lost": lost(_geometric(500), 500, 0.3),
    "12 clusters of 8, any are lost": lost(np.full(12, 8.0), 12, 0.1),
    "100 clusters of 5, any are lost": lost(np.full(100, 5.0), 100, 0.3),
    **{
        f"100 clusters of 5, ICC {icc:g}": correlated(np.full(100, 5.0), icc)
        for icc in (0.0, 0.3, 1.0)
    },
    **{
        f"{count} clusters of 2 to 60, ICC {icc:g}": correlated(_geometric(count), icc)
        for count in (100, 500)
        for icc in (0.3, 1.0)
    },
    "100 passages, each with a question in 3 strata, lost whole": spanning(3, 100),
    "strata of 200, 60 and 20, equal weights": stratified((200, 60, 20)),
    "strata of 200, 60 and 20, equal weights, the smallest loses": stratified(
        (200, 60, 20), (0, 0, 1)
    ),
    "57 strata of 20 to 80, equal weights": stratified(tuple(20 + index for index in range(57))),
}

CASES = [
    Case("clusters", f"{name}, 5 pp", measured(draw), share=0.2) for name, draw in SETTINGS.items()
]
