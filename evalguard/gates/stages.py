"""The evidence of a gate: of its samples, of the stages of an extended one, of a recipe's seeds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations
from typing import Literal

from evalguard.demands import ConditionTest
from evalguard.errors import MeasurementError
from evalguard.gates.evidence import Evidence, gather
from evalguard.gates.seeds import gather_seeds
from evalguard.records import Comparison, Stage
from evalguard.stats import Combined, Corrected, CorrectedRatio, Imputed, MarginTest


def share_of(comparison: Comparison) -> float:
    """Return the share of the planned samples that is measured; above 1 in an extension.

    Each stage counts 1, however many samples it has: its weight is fixed before.
    """
    last = comparison.stages[-1] if comparison.stages else comparison
    return max(len(comparison.stages) - 1, 0) + len(last.pairs) / last.n_planned


def gather_stages(comparison: Comparison) -> Evidence:
    """Set up the test of every demand, over all stages or seeds of the comparison.

    Raises:
        ConfigError: If the gate demands something that its metric cannot have.
        MeasurementError: If a stage could not be measured, or shares a cluster with another one.
    """
    if comparison.seeds:
        return gather_seeds(comparison)
    pooled = gather(comparison)
    if not comparison.stages:
        return pooled
    _check_apart(comparison)
    stages = [gather(stage) for stage in comparison.stages]
    weights = [len(stage.pairs) / stage.n_planned for stage in comparison.stages]
    demands = tuple(
        ConditionTest(
            each.condition,
            _combined(each, [stage.demands[index] for stage in stages], weights),
            each.margin,
        )
        for index, each in enumerate(pooled.demands)
    )
    difference = joined(pooled.difference, [one.difference for one in stages], weights)
    if demands[0].condition.on_difference:
        difference = demands[0].test
    seen = pooled.seen
    if seen is not None:
        seen = joined(seen, [one.seen for one in stages if one.seen is not None], weights)
    method = f"{pooled.method}, {len(stages)} stages combined"
    return replace(pooled, demands=demands, difference=difference, seen=seen, method=method)


def stages_of(comparison: Comparison) -> tuple[Stage, ...]:
    """Return what each stage showed by itself; nothing where there is one alone."""
    found = []
    for stage in comparison.stages:
        evidence = gather(stage)
        found.append(Stage(len(stage.pairs), stage.n_planned, evidence.p_pass, evidence.p_fail))
    return tuple(found)


def _combined(
    pooled: ConditionTest, stages: list[ConditionTest], weights: list[float]
) -> MarginTest:
    # A margin that is relative to the baseline differs from stage to stage, as its mean does.
    scales = [stage.margin / pooled.margin if pooled.margin else 1.0 for stage in stages]
    return joined(pooled.test, [stage.test for stage in stages], weights, scales)


def joined(
    pooled: MarginTest,
    stages: Sequence[MarginTest],
    weights: Sequence[float],
    scales: Sequence[float] | None = None,
) -> MarginTest:
    """Return one test of stages, each on samples of its own.

    The labels that a judge or rules are corrected by are the same in all stages. So the tests of
    what was seen are combined, which are independent at any error rates, and their combination is
    corrected as the test of one stage is.

    Args:
        pooled: The test on all samples together.
        stages: The same test of each stage.
        weights: As of :class:`~evalguard.stats.Combined`.
        scales: Likewise.
    """
    if isinstance(pooled, Imputed):

        def of_side(side: Literal["worst", "best", "measured"]) -> MarginTest:
            own = [getattr(one, side) if isinstance(one, Imputed) else one for one in stages]
            return joined(getattr(pooled, side), own, weights, scales)

        return Imputed(of_side("worst"), of_side("best"), of_side("measured"))
    if isinstance(pooled, Corrected):
        corrected = [one for one in stages if isinstance(one, Corrected)]
        return replace(pooled, seen=joined(pooled.seen, [one.seen for one in corrected], weights))
    if isinstance(pooled, CorrectedRatio):
        ratios = [one for one in stages if isinstance(one, CorrectedRatio)]

        def moved(share: float) -> MarginTest:
            return joined(pooled.moved(share), [one.moved(share) for one in ratios], weights)

        seen = joined(pooled.seen, [one.seen for one in ratios], weights, scales)
        return replace(pooled, seen=seen, moved=moved)
    return Combined(stages, weights, pooled, scales)


def _check_apart(comparison: Comparison) -> None:
    """Raise where two stages share a cluster: their p-values would not be independent."""
    clusters = [
        {pair.cluster for pair in stage.pairs if pair.cluster is not None}
        for stage in comparison.stages
    ]
    for one, other in combinations(clusters, 2):
        if shared := sorted(one & other):
            raise MeasurementError(
                f"{comparison.gate.suite}/{comparison.gate.metric}: the extension contains samples "
                f"of cluster '{shared[0]}', which was measured before ({len(shared)} such "
                "clusters, in any task). An extension needs new clusters"
            )
