"""Withhold a PASS that depends on answers which the scorer could not determine.

Such an answer scores 0 on either arm, which favours the candidate where it is the baseline's: the
loss of a refusal that the rules did not recognise is 0 → 0. So a PASS must also hold in the worst
case, with the undetermined answers counted against it, except where both models gave the same
answer. That bound needs no assumption. A FAIL is decided on the scores alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from evalguard.demands import demands_of
from evalguard.gates.seeds import recipe_of
from evalguard.gates.stages import gather_stages
from evalguard.records import Comparison, GateResult, SamplePair, Verdict

MAX_SHARE = 0.5
"""Share of undetermined answers of one model above which no gate can PASS."""


def undetermined_shares(comparison: Comparison) -> tuple[float, float] | None:
    """Return the share of undetermined answers of each model; ``None`` without such a metric."""
    found = comparison.undetermined
    if not found:
        return None
    return sum(one[0] for one in found) / len(found), sum(one[1] for one in found) / len(found)


def hold_back(result: GateResult, comparison: Comparison, level: float) -> GateResult:
    """Return the result, INCONCLUSIVE instead of PASS where undetermined answers could change it.

    Args:
        result: The result on the scores.
        comparison: The comparison that it was decided on.
        level: Significance level of this look.
    """
    shares = undetermined_shares(comparison)
    if result.verdict is not Verdict.PASS or shares is None or not any(shares):
        return result
    unsure = max(shares) > MAX_SHARE
    if not unsure and all(gather_stages(one).p_pass <= level for one in _worst_cases(comparison)):
        return result
    return replace(
        result,
        verdict=Verdict.INCONCLUSIVE,
        reason=(
            f"{result.requirement} holds on the scores, but not if undetermined answers count "
            f"against it: {shares[0]:.1%} of the baseline's and {shares[1]:.1%} of the "
            "candidate's answers are unclear, broken or empty; inspect some of them"
        ),
    )


def _worst_cases(comparison: Comparison) -> Iterator[Comparison]:
    """Yield the comparison with undetermined answers counted against each requirement."""
    # The bound is on the scores: what the rules could not determine is most of their errors.
    gate, metric = comparison.gate, comparison.metric
    comparison = replace(
        comparison,
        gate=replace(gate, error_difference=0.0),
        metric=replace(metric, detector=None),
    )
    demands = demands_of(gate)
    arms = dict.fromkeys(arm for demand in demands for arm in demand.worst_cases)
    for raised in arms:
        yield _counted_against(comparison, raised)


def _counted_against(comparison: Comparison, raised: tuple[bool, bool]) -> Comparison:
    """Return a comparison, its stages and seeds, with the raised arms' answers counted as 1."""
    if comparison.seeds:
        seeds = [
            replace(seed, gate=comparison.gate, metric=replace(seed.metric, detector=None))
            for seed in comparison.seeds
        ]
        return recipe_of([_counted_against(seed, raised) for seed in seeds], comparison.model)
    pairs = zip(comparison.pairs, comparison.undetermined, strict=True)
    return replace(
        comparison,
        pairs=tuple(_raised(pair, doubt, raised) for pair, doubt in pairs),
        stages=tuple(_counted_against(stage, raised) for stage in comparison.stages),
    )


def _raised(pair: SamplePair, doubt: tuple[float, float], raised: tuple[bool, bool]) -> SamplePair:
    """Return a pair whose undetermined answers count as 1 on the raised arms."""
    before, after = pair.baseline_score, pair.candidate_score
    if before is None or after is None:
        return pair
    if raised[0] and pair.baseline_output == pair.candidate_output:
        return pair
    return replace(
        pair,
        baseline_score=before + doubt[0] * raised[0],
        candidate_score=after + doubt[1] * raised[1],
    )
