"""What a test would say of more samples like those that it has seen."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from evalguard.stats.binary import PairedBinary
from evalguard.stats.corrected import Corrected
from evalguard.stats.exact import GAMMA
from evalguard.stats.jackknife import GroupJackknife
from evalguard.stats.margin import Imputed, MarginTest, normal_score
from evalguard.stats.planning import quantile
from evalguard.stats.power import required_n_paired
from evalguard.stats.rate import BinaryRate, clopper_pearson
from evalguard.stats.ratio import PairedRatio
from evalguard.stats.units import UnitT

ASSURANCE = 0.8
"""Confidence of the upper limit of the share of differing questions that planning assumes."""

CLOSE = 0.01  # distance from the wanted score at which the search ends
MOST_TIMES_UNITS = 2_000_000  # units of a projected sample, which is kept in memory


def upper_discordance(pairs: int, n: int) -> float:
    """Return the upper Clopper-Pearson limit of ψ, which holds with 80 % confidence.

    Args:
        pairs: Questions on which the two models differ.
        n: All questions.

    Example:
        >>> round(upper_discordance(20, 200), 3), round(upper_discordance(0, 50), 3)
        (0.122, 0.032)
    """
    return float(clopper_pearson(pairs, n, ASSURANCE, low=False))


def samples_to_decide(
    test: MarginTest,
    margin: float,
    *,
    n: int,
    alpha: float,
    passing: bool = True,
    power: float = 0.8,
    most: int = 1_000_000,
) -> int | None:
    """Return how many samples like those seen give a verdict with the given power.

    The observed difference is taken for the true one. What is not known counts against the verdict:
    the same share of samples is missing, and the models differ as often as the upper 80 % limit of
    what was seen says.

    Args:
        test: The test of what was seen.
        margin: δ.
        n: Samples that it has seen.
        alpha: One-sided level of the verdict.
        passing: Whether PASS is wanted; otherwise FAIL.
        power: Wanted probability of the verdict.
        most: Greatest number of any use.

    Returns:
        The number; ``None`` where the difference lies on the other side of the margin, or not even
        ``most`` samples are enough.

    Example:
        >>> samples_to_decide(PairedBinary(10, 10, 200), 0.05, n=200, alpha=0.05)
        324
    """
    if isinstance(test, Imputed):
        test = test.worst if passing else test.best
    distance = test.estimate + margin
    if not (distance > 0 if passing else distance < 0):
        return None
    if isinstance(test, PairedBinary):
        alpha -= GAMMA  # which is added to every exact p-value
        if alpha <= 0:
            return None
        psi = max(upper_discordance(test.losses + test.gains, test.n), abs(test.estimate))
        found = required_n_paired(margin, psi, effect=test.estimate, alpha=alpha, power=power)
        return found if found <= most else None
    goal = quantile(alpha) + quantile(1 - power)
    if isinstance(test, Corrected) and abs(distance) <= goal * test.label_error(margin):
        return None  # what the labels leave open keeps the verdict away
    factor = _factor(test, margin, goal, passing, most / n)
    return None if factor is None else max(1, math.ceil(factor * n))


def _factor(
    test: MarginTest, margin: float, goal: float, passing: bool, most: float
) -> float | None:
    """Return how many times as many samples give the verdict's p-value a normal score."""
    factor, score = 1.0, _score(test, margin, 1.0, passing)
    while score <= 0.25 and factor < most:
        factor = min(2 * factor, most)
        score = _score(test, margin, factor, passing)
    for _ in range(8):
        if score <= 0 or abs(score - goal) < CLOSE:
            break
        # A score grows with the root of the samples.
        factor = min(factor * (goal / score) ** 2, most)
        score = _score(test, margin, factor, passing)
    enough, step = factor, 1.01
    while score < goal:
        if enough >= most:
            return None
        factor, enough, step = enough, min(enough * step, most), step**2
        score = _score(test, margin, enough, passing)
    while enough > factor * 1.01:
        middle = math.sqrt(factor * enough)
        if _score(test, margin, middle, passing) < goal:
            factor = middle
        else:
            enough = middle
    return enough


def _score(test: MarginTest, margin: float, factor: float, passing: bool) -> float:
    """Return the normal score of the verdict's p-value on ``factor`` times the samples."""
    taken = _taken(test, factor)
    if taken is None:
        # A test that is not known here: its standard error falls with the root of the samples.
        distance = (test.estimate + margin) * (1 if passing else -1)
        return distance / max(test.standard_error(margin), 1e-300) * math.sqrt(factor)
    return normal_score(taken.p_pass(margin) if passing else taken.p_fail(margin))


def _taken(test: MarginTest, factor: float) -> MarginTest | None:
    """Return a test of the samples taken ``factor`` times; ``None`` for an unknown test."""
    if isinstance(test, Corrected):
        seen = _taken(test.seen, factor)
        return None if seen is None else replace(test, seen=seen)
    if isinstance(test, PairedBinary | PairedRatio | BinaryRate):
        n = max(1, round(test.n * factor))
        counts = {
            name: round(getattr(test, name) * n / test.n)
            for name in ("losses", "gains", "both", "successes")
            if hasattr(test, name)
        }
        return replace(test, n=n, **counts)
    if isinstance(test, UnitT):
        count = min(max(1, round(test.units * factor)), MOST_TIMES_UNITS)
        index = np.arange(count) * test.units // count
        rows = {
            name: column[index]
            for name in ("sums", "sizes", "scale")
            if (column := getattr(test, name)) is not None
        }
        return replace(test, **rows)
    if isinstance(test, GroupJackknife):
        middle = sum(test.partial) / max(len(test.partial), 1)
        partial = tuple(middle + (one - middle) / math.sqrt(factor) for one in test.partial)
        count = max(1, round(len(test.sizes) * factor))
        sizes = np.asarray(test.sizes)[np.arange(count) * len(test.sizes) // count]
        return replace(test, partial=partial, sizes=sizes.tolist())
    return None
