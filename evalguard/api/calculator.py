"""Gates on scores that are there already: decide them, and plan them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, cast

from evalguard.api.paths import StrPath
from evalguard.api.score_files import files_of, import_pairs
from evalguard.errors import UsageError
from evalguard.records import (
    Comparison,
    Demanded,
    Gate,
    GateResult,
    Margin,
    Metric,
    SamplePair,
    ScoreKind,
)

if TYPE_CHECKING:
    import numpy as np

    from evalguard.demands import Demand, Difference
    from evalguard.gates.power_analysis import PowerAnalysis
    from evalguard.stats import ModelRank, Spending


Values: TypeAlias = "Sequence[Any] | np.ndarray[Any, Any]"
"""A value for each question, shape (n,); a column of pandas, too."""


KINDS = ("binary", "bounded")
"""Kinds of scores that :func:`decide` takes."""


WEIGHTS = ("size", "equal")
"""Whether strata count by their size, or each the same."""


SPENDINGS = ("late", "early")
"""How early looks spend α."""


def decide(
    baseline: Values | StrPath | None = None,
    candidate: Values | StrPath | None = None,
    *,
    losses: int | None = None,
    gains: int | None = None,
    n: int | None = None,
    path: StrPath | None = None,
    max_drop: str | Margin | None = None,
    min_gain: str | Margin | None = None,
    min: float | None = None,  # noqa: A002 (the key of thresholds files)
    max: float | None = None,  # noqa: A002
    kind: ScoreKind | Literal["binary", "bounded"] = "binary",
    low: float = 0.0,
    high: float = 1.0,
    higher_is_better: bool | None = None,
    metric: str | None = None,
    tasks: Sequence[str] = (),
    importer: str | None = None,
    ids: Values | None = None,
    clusters: Values | None = None,
    strata: Values | None = None,
    weights: Literal["size", "equal"] = "size",
    confidence_level: float = 0.95,
    **demands: str | Demanded | None,
) -> GateResult:
    """Decide one gate: is the candidate shown to be non-inferior, or shown to be worse?

    The scores of the two models on the same questions are two sequences, two files, one file with
    both, or, for scores of 0 and 1, three counts.

    Args:
        baseline: The baseline's scores, shape (n,), ``None`` where one could not be measured; or
            what another tool wrote: a file or folder, such as an output folder of lm-eval.
        candidate: The candidate's, in the same order, shape (n,); or a file or folder.
        losses: Questions that only the baseline got right.
        gains: Questions that only the candidate got right.
        n: Total number of questions.
        path: File with the scores of both, as for ``evalguard decide --from``.
        max_drop: Tolerated drop: ``"5pp"`` of the score, or ``"5%"`` of the baseline's mean.
        min_gain: Required improvement (superiority margin).
        min: Minimum mean score of the candidate.
        max: Maximum mean score of the candidate.
        kind: Type of the scores: 0 or 1, or anything within ``low`` and ``high``.
        low: Minimum possible score.
        high: Maximum possible score.
        higher_is_better: Direction of the score; by default what the files say, or that it is.
        metric: Name of the metric in the files, such as ``"exact_match,strict-match"``; may be left
            out where there is only one.
        tasks: Names of tasks in the files; all by default. Each is a stratum.
        importer: Name of what reads the files; by default the one that recognises them.
        ids: Names of the questions, shape (n,).
        clusters: Questions of one cluster are not independent, shape (n,).
        strata: Which stratum each question belongs to, shape (n,).
        weights: Weight strata by size, or equally.
        confidence_level: One-sided confidence level.
        **demands: Demands of packages, by their keys in thresholds files.

    Raises:
        UsageError: If the demand or the arguments mean nothing.
        DataError: If scores do not fit, or questions or settings of the two models differ.

    Example:
        >>> before, after = [1] * 300, [0] * 3 + [1] * 297
        >>> str(decide(before, after, max_drop="5pp").verdict)
        'PASS'
    """
    from evalguard.importers import pair_scores

    given = {"max_drop": max_drop, "min_gain": min_gain, "min": min, "max": max, **demands}
    demanded = {demand.key: demand.value for demand in _read(given)}
    _check_word("weights", weights, WEIGHTS)
    counts, scores = (losses, gains, n), (baseline, candidate)
    ways = [any(value is not None for value in way) for way in (counts, scores, (path,))]
    if sum(ways) != 1:
        raise UsageError(
            "give either losses, gains and n, or a file of paired scores, or baseline and candidate"
        )
    measured = metric_of(kind, low, high, higher_is_better is not False)
    files = files_of(baseline, candidate, path)
    columns = {"ids": ids, "clusters": clusters, "strata": strata}
    _check_belong(files, {"metric": metric, "tasks": tasks or None, "importer": importer}, columns)
    if files:
        pairs, measured = import_pairs(
            files,
            measured,
            name=metric,
            tasks=tasks,
            importer=importer,
            higher_is_better=higher_is_better,
        )
    gate = Gate(
        name="gate", suite="scores", metric=measured.name, demands=demanded, weights=weights
    )
    if losses is not None and gains is not None and n is not None:
        from evalguard.gates.decide import decide_counts

        return decide_counts(
            gate, losses=losses, gains=gains, n=n, confidence_level=confidence_level
        )
    if not files and baseline is not None and candidate is not None:
        sides = (cast("Values", baseline), cast("Values", candidate))  # no files, as said above
        pairs = pair_scores(*sides, measured, ids=ids, clusters=clusters, strata=strata)
    elif not files:
        raise UsageError("give both baseline and candidate, or all of losses, gains and n")
    return _decide_pairs(gate, measured, pairs, confidence_level)


def power(
    n: int,
    *,
    max_drop: str | Margin | None = None,
    min_gain: str | Margin | None = None,
    discordance: float = 0.1,
    effect: float | None = None,
    looks: int = 1,
    spending: Spending = "late",
    confidence_level: float = 0.95,
    **demands: str | Demanded | None,
) -> PowerAnalysis:
    """Plan a gate on a binary metric: power, minimum detectable effect, sample size.

    Args:
        n: Number of questions.
        max_drop: Tolerated drop, such as ``"5pp"``.
        min_gain: Required improvement (superiority margin); instead of ``max_drop``.
        discordance: Share of the questions on which the two models differ.
        effect: True difference; default: 0, or twice the required gain.
        looks: Number of interim analyses (group-sequential); each spends part of α.
        spending: How early α is spent, as in the project file.
        confidence_level: One-sided confidence level.
        **demands: Demands of packages, by their keys in thresholds files.

    Raises:
        UsageError: If an argument is out of its range.

    Example:
        >>> round(power(200, max_drop="5pp").power, 2)
        0.69
    """
    from evalguard.gates.power_analysis import analyse_power

    return analyse_power(
        planned_difference({"max_drop": max_drop, "min_gain": min_gain, **demands}),
        n=n,
        discordance=discordance,
        effect=effect,
        confidence_level=confidence_level,
        looks=looks,
        spending=spending,
    )


def rank(
    scores: Sequence[Values] | np.ndarray[Any, Any],
    *,
    clusters: Values | None = None,
    kind: ScoreKind | Literal["binary", "bounded"] = "binary",
    low: float = 0.0,
    high: float = 1.0,
    higher_is_better: bool = True,
    confidence_level: float = 0.95,
) -> tuple[ModelRank, ...]:
    """Rank models on the same questions, with intervals that hold for all of them together.

    All pairs are tested, with p-values adjusted by Holm's procedure. See
    :func:`evalguard.stats.rank_models`.

    Args:
        scores: Scores of m models on n questions, shape (m, n); ``None`` or NaN where one could not
            be measured, which counts against whatever a pair is to show.
        clusters: For each question, its cluster; ``None`` where it stands alone.
        kind: ``binary`` (0 or 1) or ``bounded`` (within ``low`` and ``high``).
        low: Least possible score.
        high: Greatest possible score.
        higher_is_better: Direction of the scores.
        confidence_level: Confidence of all intervals together.

    Returns:
        For each model, in order, its ``mean``, its ``rank`` (least and greatest, 1 being the best),
        and ``pvalues`` (that it is no better than each of the models).

    Raises:
        UsageError: If ``kind`` is none of these.
        DataError: If the scores or the clusters cannot be used.

    Example:
        >>> good, fair, poor = [1] * 60, [1] * 30 + [0] * 30, [1] * 28 + [0] * 32
        >>> [model.rank for model in rank([fair, good, poor])]
        [(2, 3), (1, 1), (2, 3)]
    """
    from evalguard.stats import rank_models

    _check_word("kind", kind, KINDS)
    return rank_models(
        scores,
        clusters=None if clusters is None else list(clusters),
        binary=kind == "binary",
        low=low,
        high=high,
        higher_is_better=higher_is_better,
        confidence_level=confidence_level,
    )


def planned_difference(given: Mapping[str, Any]) -> Difference:
    """Return the one demand on the difference that a gate is planned for.

    Raises:
        UsageError: If there is none, or another one besides.
    """
    from evalguard.demands import Difference

    demand, *others = _read(given)
    if others or not isinstance(demand, Difference):
        raise UsageError("power needs exactly one of max_drop and min_gain, such as max_drop=5pp")
    return demand


def _read(given: Mapping[str, Any]) -> list[Demand[Any]]:
    """Return what is demanded, read as thresholds files are; at least one demand."""
    from evalguard.demands import find_demand
    from evalguard.demands.registry import conflict

    demands = []
    for key, value in given.items():
        kind = find_demand(key)
        if value is None:
            continue
        try:
            demands.append(kind(kind.parse(value)))
        except ValueError as error:
            raise UsageError(str(error)) from error
    if not demands:
        raise UsageError("no requirement given; give max_drop, such as 5pp")
    if problem := conflict(demands):
        raise UsageError(problem)
    return demands


def metric_of(kind: str, low: float, high: float, higher_is_better: bool) -> Metric:
    """Return the metric that the options describe.

    Raises:
        UsageError: If ``kind`` is unknown, or the range is empty or not finite.
    """
    _check_word("kind", kind, KINDS)
    if not low < high:
        raise UsageError(f"low={low:g} must be below high={high:g}")
    if not math.isfinite(high - low):
        raise UsageError(
            f"low={low:g}, high={high:g}: the range of the scores must be finite; give the "
            "smallest and the greatest score that is possible"
        )
    return Metric("score", ScoreKind(kind), low, high, higher_is_better)


def _check_word(name: str, value: str, allowed: Sequence[str]) -> None:
    if value not in allowed:
        raise UsageError(f"{name} must be {' or '.join(allowed)}, found '{value}'")


def _check_belong(
    files: Sequence[Path], of_files: Mapping[str, object], of_scores: Mapping[str, object]
) -> None:
    """Refuse options that say nothing of what is given."""
    given = of_scores if files else of_files
    if wrong := [name for name, value in given.items() if value is not None]:
        kind = "scores" if files else "files"
        raise UsageError(f"{wrong[0]} belongs to {kind}, which are not given")


def _decide_pairs(
    gate: Gate, metric: Metric, pairs: Sequence[SamplePair], confidence_level: float
) -> GateResult:
    from evalguard.gates import decide as deciding

    comparison = Comparison(
        gate=gate, model="candidate", metric=metric, pairs=pairs, n_planned=len(pairs)
    )
    return deciding.decide([comparison], confidence_level=confidence_level)[0]
