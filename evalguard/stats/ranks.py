"""Several models against each other: which are shown to be better, and what that says of ranks."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from itertools import permutations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evalguard.errors import DataError
from evalguard.records import one_sided_error
from evalguard.stats.multiplicity import holm
from evalguard.stats.scores import paired_scores
from evalguard.stats.units import MIN_UNITS

MISSING_ALLOWED = 0.05
"""Share of a model's scores that may be missing; they count against whatever is shown of it."""


@dataclass(frozen=True, slots=True)
class ModelRank:
    """Where one of several models stands.

    Attributes:
        mean: Mean of the scores that were measured.
        rank: Least and greatest rank, 1 being the best. The intervals of all models hold together.
        pvalues: For each model, the p-value of "this one is no better than that", adjusted over all
            pairs and both directions; 1 for itself.
    """

    mean: float
    rank: tuple[int, int]
    pvalues: tuple[float, ...]


def rank_models(
    scores: ArrayLike,
    *,
    clusters: Sequence[Hashable] | None = None,
    binary: bool = True,
    low: float = 0.0,
    high: float = 1.0,
    higher_is_better: bool = True,
    confidence_level: float = 0.95,
) -> tuple[ModelRank, ...]:
    """Compare all pairs of models on the same questions, and bound the rank of each.

    Each ordered pair is tested for "the first is better" by the gates' own test with a margin of 0,
    and Holm's procedure holds the chance of any false claim. A model has as many above it as are
    shown to be better, at least, and as many below it as are shown to be worse: its rank lies in
    [1 + number shown better, m − number shown worse], for all m models together. Of models that are
    equally good, the interval holds every rank that one of them may have.

    Args:
        scores: Scores of m models on n questions, shape ``(m, n)``; ``None`` or NaN where one could
            not be measured, which counts against whatever the pair is to show.
        clusters: For each question, its cluster; ``None`` where it stands alone. Shape ``(n,)``.
        binary: Whether scores are 0 or 1.
        low: Least possible score.
        high: Greatest possible score.
        higher_is_better: Direction of the scores.
        confidence_level: Confidence of all intervals together.

    Raises:
        DataError: If the scores are not those of at least two models, lie outside their range, lack
            more than 5 % of a model's, or do not fit the clusters; or if the confidence level lies
            outside (0.5, 1).

    References:
        D. Al Mohamad, E. W. van Zwet, J. J. Goeman and A. Solari, Simultaneous confidence sets for
        ranks using the partitioning principle, arXiv:1708.02729 (2017); D. Al Mohamad, J. J. Goeman
        and E. W. van Zwet, Simultaneous confidence intervals for ranks with application to ranking
        institutions, Biometrics 78:238-247, 2022. There the pairs are tested by Tukey's procedure.

    Example:
        >>> good, fair, poor = [1] * 60, [1] * 30 + [0] * 30, [1] * 28 + [0] * 32
        >>> [model.rank for model in rank_models([fair, good, poor])]
        [(2, 3), (1, 1), (2, 3)]
    """
    if not 0.5 < confidence_level < 1:
        raise DataError(f"confidence_level={confidence_level}: expected above 0.5 and below 1")
    values = _checked(scores, binary=binary, low=low, high=high)
    m, n = values.shape
    if clusters is not None and len(clusters) != n:
        raise DataError(f"clusters: {len(clusters)} of {n} questions; give one for each")

    def pvalue(first: int, second: int) -> float:
        pair = paired_scores(
            values[second],
            values[first],
            clusters=clusters,
            low=low,
            high=high,
            higher_is_better=higher_is_better,
            binary=binary,
        )
        if not pair.exact and pair.effective_units < MIN_UNITS:
            return 1.0
        return pair.difference().p_pass(0.0)

    pairs = list(permutations(range(m), 2))
    adjusted = np.ones((m, m))
    for pair, one in zip(pairs, holm([pvalue(*pair) for pair in pairs]), strict=True):
        adjusted[pair] = one
    better = adjusted <= one_sided_error(confidence_level)
    return tuple(
        ModelRank(
            mean=float(np.nanmean(values[model])),
            rank=(1 + int(better[:, model].sum()), m - int(better[model].sum())),
            pvalues=tuple(adjusted[model].tolist()),
        )
        for model in range(m)
    )


def _checked(scores: ArrayLike, *, binary: bool, low: float, high: float) -> NDArray[np.float64]:
    """Return the scores as an array, or say what is wrong with them."""
    try:
        values = np.asarray(scores, dtype=float)
    except (TypeError, ValueError) as error:
        raise DataError(f"scores: expected numbers of shape (models, questions): {error}") from None
    if values.ndim != 2 or len(values) < 2 or not values.shape[1]:
        raise DataError(
            f"scores of shape {values.shape}: expected (models, questions), with at least two "
            "models and one question"
        )
    if not low < high:
        raise DataError(f"low={low:g} must be below high={high:g}")
    known = ~np.isnan(values)
    allowed = np.isin(values, (0.0, 1.0)) if binary else (values >= low) & (values <= high)
    if (wrong := known & ~allowed).any():
        model, question = np.argwhere(wrong)[0]
        expected = "0 or 1; give binary=False" if binary else f"{low:g}…{high:g}"
        raise DataError(
            f"scores[{model}][{question}] is {values[model, question]:g}, expected {expected}"
        )
    missing = 1 - known.mean(axis=1)
    worst = int(missing.argmax())
    if missing[worst] > MISSING_ALLOWED:
        raise DataError(
            f"scores[{worst}]: {missing[worst]:.0%} could not be measured, more than "
            f"{MISSING_ALLOWED:.0%}; measure them"
        )
    return values
