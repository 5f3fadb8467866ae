"""Proves that a name on a server is another model than the base, against the server's own noise.

A server that falls back to its base answers under any name, and one that batches or samples
answers a little differently each time. Both models are therefore asked the same several times,
and the answers under two names must differ more than those under one: a permutation test of the
energy statistic (Székely and Rizzo 2004), prompt by prompt.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from difflib import SequenceMatcher
from itertools import combinations
from math import comb, fsum
from statistics import fmean

REPEATS = 4
"""Times that each model is asked each prompt."""

ALPHA = 0.01
"""Level of the permutation test: how often one model under two names may be taken for two."""

PERMUTATIONS = 999
"""Smallest p-value: 0.001."""

_MIXED = 2
"""Prompts with answers of both kinds from which requests are said to be mixed. By hand, and on the
side of refusal: a test at the level above would miss a router that sends one request of ten to the
base. A candidate that answers nearly like the base, on a noisy server, may be refused."""

NOISE = 0.05
"""Share of short answers that a server without a fault gives otherwise. By hand: two tokens must be
as likely as each other but for rounding."""

LEVEL = 0.01
"""Probability of refusing a server that has no more than that noise."""

Answer = str | float
"""A text, or a log-likelihood in nats."""

Answers = Sequence[Sequence[Answer]]
"""Of each prompt, the answers of one model."""


def effect(base: Answers, other: Answers) -> float:
    """Return the mean distance of answers under two names beyond that under one; 0 for none.

    Example:
        >>> effect([["a", "a"]], [["b", "b"]]), effect([[-1.0, -1.1]], [[-1.1, -1.0]])
        (1.0, 0.0)
    """
    return max(fmean(map(_excess, base, other)), 0.0)


def differ(base: Answers, other: Answers, *, seed: int = 0) -> bool:
    """Return whether two names stand for two models.

    Where both answer the same each time, any difference tells; else the answers under the two
    names must differ more than chance explains, p < 0.01.

    Example:
        >>> differ([["a"] * 4, ["b"] * 4], [["a"] * 4, ["c"] * 4])
        True
        >>> differ([["a", "b", "c", "d"]] * 3, [["e", "f", "g", "h"]] * 3)
        False
    """
    if all(len(set(answers)) == 1 for answers in (*base, *other)):
        return any(one[0] != two[0] for one, two in zip(base, other, strict=True))
    seen = fmean(map(_excess, base, other))
    if seen <= 0:
        return False
    draw = random.Random(seed)  # noqa: S311 - a permutation test
    tables = [_distances([*one, *two]) for one, two in zip(base, other, strict=True)]
    sizes = [len(one) for one in base]
    as_far = 0
    for _ in range(PERMUTATIONS):
        shuffled = []
        for table, size in zip(tables, sizes, strict=True):
            order = draw.sample(range(len(table)), len(table))
            shuffled.append(_excess_of(table, order[:size], order[size:]))
        as_far += fmean(shuffled) >= seen
    return (as_far + 1) / (PERMUTATIONS + 1) < ALPHA


def mixed(base: Answers, other: Answers) -> bool:
    """Return whether answers under another name are now the base's and now not.

    So answers a router that sends a part of its requests to the base, which itself always answers
    the same.

    Example:
        >>> mixed([["a", "a"], ["b", "b"]], [["a", "x"], ["y", "b"]])
        True
        >>> mixed([["a", "a"], ["b", "b"]], [["x", "x"], ["y", "z"]])
        False
    """
    if any(len(set(answers)) > 1 for answers in base):
        return False
    split = [0 < two.count(one[0]) < len(two) for one, two in zip(base, other, strict=True)]
    return sum(split) >= _MIXED


def beyond_noise(changed: int, asked: int) -> bool:
    """Return whether more answers are others than a server's noise explains.

    An exact binomial test of a share of at most :data:`NOISE`, at the level :data:`LEVEL`, for
    answers that change independently of each other.

    Args:
        changed: Answers that are others.
        asked: All of them.

    Example:
        >>> beyond_noise(2, 8), beyond_noise(3, 8)
        (False, True)
    """
    tail = range(changed, asked + 1)
    chance = fsum(comb(asked, k) * NOISE**k * (1 - NOISE) ** (asked - k) for k in tail)
    return chance < LEVEL


def telling(base: Answers, other: Answers) -> list[int]:
    """Return the prompts on which two models differ most, the first the most."""
    far = [_excess(one, two) for one, two in zip(base, other, strict=True)]
    return [place for place in sorted(range(len(far)), key=lambda i: -far[i]) if far[place] > 0]


def nearer(answers: Sequence[Answer], base: Answers, other: Answers) -> bool:
    """Return whether answers, one to each prompt, are nearer to the base's than to the other's.

    Example:
        >>> nearer(["a"], [["a", "a"]], [["b", "b"]])
        True
    """
    to_base = fmean(
        fmean(_distance(one, own) for own in row) for one, row in zip(answers, base, strict=True)
    )
    to_other = fmean(
        fmean(_distance(one, own) for own in row) for one, row in zip(answers, other, strict=True)
    )
    return to_base < to_other


def _excess(one: Sequence[Answer], two: Sequence[Answer]) -> float:
    table = _distances([*one, *two])
    return _excess_of(table, list(range(len(one))), list(range(len(one), len(table))))


def _excess_of(table: Sequence[Sequence[float]], one: Sequence[int], two: Sequence[int]) -> float:
    """Return the mean distance between two groups, less that within them."""
    between = fmean(table[i][j] for i in one for j in two)
    within = [fmean(table[i][j] for i, j in combinations(group, 2)) for group in (one, two)]
    return between - fmean(within)


def _distances(answers: Sequence[Answer]) -> list[list[float]]:
    far: Callable[[Answer, Answer], float] = _distance
    return [[far(one, two) for two in answers] for one in answers]


def _distance(one: Answer, two: Answer) -> float:
    """Return a difference in nats, or the share of characters in which two texts differ."""
    if isinstance(one, str) or isinstance(two, str):
        return 1 - SequenceMatcher(None, str(one), str(two), autojunk=False).ratio()
    return abs(one - two)
