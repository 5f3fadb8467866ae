"""Proves that a name on a server is another model than the base, against the server's own noise.

A server that falls back to its base answers under any name, and one that batches or samples
answers a little differently each time. Both models are therefore asked the same several times,
and the answers under two names must differ more than those under one: a permutation test of the
energy statistic (Székely and Rizzo 2004), prompt by prompt.

Nothing is measured as a model's own before each of its tasks is proven to reach it. The
probability that this is said of the base is at most :data:`ALPHA` for a candidate in a check,
however many tasks it has (:class:`Levels`). The eight prompts that every model is asked first
(:mod:`~evalguard.engines.endpoint.witness`) only screen: what they let through proves no task.
"""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher
from functools import lru_cache
from itertools import combinations
from math import comb, exp, fsum, log
from statistics import fmean

REPEATS = 4
"""Times that each model is asked each prompt that screens it."""

REPEATS_OF_PROOF = 3
"""Times that each is asked the prompts of a task. Of the 20 ways to divide six answers, two are as
extreme as the most extreme: four prompts reach a p-value of 0.0001."""

ALPHA = 0.001
"""Probability that the base is taken for a candidate, in all tasks of a check."""

_TILTS = tuple(2 ** (place / 2) for place in range(-8, 30))
"""Parameters of the bound; each gives a valid one, and the best counts."""

_MIXED = 2
"""Prompts with answers of both kinds from which requests are said to be mixed. By hand, and on the
side of refusal: a test at the level above would miss a router that sends one request of ten to the
base. A candidate that answers nearly like the base, on a noisy server, may be refused."""

NOISE = 0.05
"""Share of short answers that a server without a fault gives otherwise. By hand: two tokens must be
as likely as each other but for rounding."""

NOISE_OF_TWO_SERVERS = 0.2
"""The same of the answers of one model on two servers, whose hardware and kernels round otherwise,
each the same way every time, so that asking again does not show it. By hand."""

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


def differ(base: Answers, other: Answers, *, level: float = ALPHA) -> bool:
    """Return whether answers under two names differ more than those under one, p < ``level``.

    Example:
        >>> differ([["a"] * 3] * 4, [["b"] * 3] * 4), differ([["a"] * 3] * 2, [["b"] * 3] * 2)
        (True, False)
        >>> differ([["a", "b", "c", "d"]] * 3, [["e", "f", "g", "h"]] * 3)
        False
    """
    return pvalue(base, other) < level


def may_differ(base: Answers, other: Answers) -> bool:
    """Return whether two names may stand for two models; False is sure, True is no proof.

    Where both answer the same each time, any difference is enough.

    Example:
        >>> may_differ([["a"] * 4, ["b"] * 4], [["a"] * 4, ["c"] * 4])
        True
    """
    if all(len(set(answers)) == 1 for answers in (*base, *other)):
        return any(one[0] != two[0] for one, two in zip(base, other, strict=True))
    return differ(base, other)


def pvalue(base: Answers, other: Answers) -> float:
    """Return an upper bound of the p-value of the permutation test, without simulation.

    Under the hypothesis that names do not matter, every division of a prompt's answers among the
    two names is as probable, independently of other prompts. The statistic is the sum over the
    prompts of the distance between the names beyond that within them, as a share of the prompt's
    mean distance. Its upper tail is bounded by Chernoff's inequality with the exact moments of the
    divisions; the bound is attained where every prompt is divided as far as it can be.

    Args:
        base: Answers of one model, of each prompt as many as ``other`` has.
        other: Answers of the other.

    Example:
        >>> round(pvalue([["a"] * 3] * 4, [["b"] * 3] * 4), 6)
        0.0001
    """
    beyond = []
    for one, two in zip(base, other, strict=True):
        table = _distances([*one, *two])
        mean = fmean(map(fmean, table))
        if mean > 0:
            every = [
                _excess_of(table, *division) / mean for division in _divisions(len(one), len(two))
            ]
            beyond.append([value - every[0] for value in every])  # the first is the one that is
    if not beyond:
        return 1.0
    return min(1.0, exp(min(fsum(_log_mean_exp(tilt, row) for row in beyond) for tilt in _TILTS)))


class Levels:
    """Divides :data:`ALPHA` among the tasks of a candidate, and the ways to prove each.

    The j-th task that is looked at gets the share 1/(j (j + 1)); the shares of any number of tasks
    add up to less than 1. A task is proven by log-probabilities, by longer answers or by the
    answers that are measured: each has a third of its share.
    """

    def __init__(self) -> None:
        self._places: dict[tuple[str, str | None], int] = {}

    def of(self, model: str, task: str | None) -> float:
        """Return the level of one way to prove that a task reaches a model.

        Example:
            >>> levels = Levels()
            >>> [round(levels.of("v2", task), 6) for task in ("a", "b", "a")]
            [0.000167, 5.6e-05, 0.000167]
        """
        if (model, task) not in self._places:
            self._places[model, task] = 1 + sum(one == model for one, _ in self._places)
        place = self._places[model, task]
        return ALPHA / (place * (place + 1)) / 3


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


def beyond_noise(changed: int, asked: int, *, share: float = NOISE, level: float = LEVEL) -> bool:
    """Return whether more answers are others than a server's noise explains.

    An exact binomial test of a share of at most ``share``, for answers that change independently
    of each other.

    Args:
        changed: Answers that are others.
        asked: All of them.
        share: Share of answers that noise changes.
        level: Level of the test.

    Example:
        >>> beyond_noise(2, 8), beyond_noise(3, 8), beyond_noise(900, 2000)
        (False, True, True)
    """
    from scipy.special import betainc

    if changed == 0:
        return False
    return bool(betainc(changed, asked - changed + 1, share) < level)


def beyond_own_noise(changed: int, asked: int, *, varied: int, repeated: int, level: float) -> bool:
    """Return whether more answers are others than the base's own answers vary.

    Fisher's exact test, and :func:`beyond_noise`: noise that happens not to show is noise, too.

    Args:
        changed: Answers that are not the base's.
        asked: All of them.
        varied: Answers of the base that were others when it was asked again.
        repeated: All that it was asked again; 0 proves nothing.
        level: Level of each test.

    Example:
        >>> beyond_own_noise(30, 60, varied=0, repeated=60, level=0.001)
        True
        >>> beyond_own_noise(30, 60, varied=25, repeated=60, level=0.001)
        False
    """
    others, every = changed + varied, asked + repeated
    tail = range(changed, min(others, asked) + 1)
    ways = sum(comb(asked, k) * comb(repeated, others - k) for k in tail)
    return ways / comb(every, others) < level and beyond_noise(changed, asked, level=level)


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


@lru_cache(maxsize=8)
def _divisions(first: int, second: int) -> list[tuple[list[int], list[int]]]:
    """Return every way to divide answers among two names, that of their order first."""
    every = range(first + second)
    return [
        (list(one), [place for place in every if place not in one])
        for one in combinations(every, first)
    ]


def _log_mean_exp(tilt: float, values: Sequence[float]) -> float:
    most = max(values)
    return tilt * most + log(fmean(exp(tilt * (value - most)) for value in values))


def _distances(answers: Sequence[Answer]) -> list[list[float]]:
    table = [[0.0] * len(answers) for _ in answers]
    for (row, one), (column, two) in combinations(enumerate(answers), 2):
        if one != two:
            table[row][column] = table[column][row] = _distance(one, two)
    return table


def _distance(one: Answer, two: Answer) -> float:
    """Return a difference in nats, or the share of characters in which two texts differ."""
    if isinstance(one, str) or isinstance(two, str):
        return 1 - SequenceMatcher(None, str(one), str(two), autojunk=False).ratio()
    return abs(one - two)
