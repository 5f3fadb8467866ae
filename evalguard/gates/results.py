"""Settle one comparison on its evidence and write down every figure."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from evalguard.demands import ConditionTest, requirement
from evalguard.gates.evidence import Evidence
from evalguard.gates.looks import FUTILE, Look
from evalguard.gates.pooled import members_of
from evalguard.gates.stages import stages_of
from evalguard.gates.undetermined import undetermined_shares
from evalguard.gates.wording import Wording
from evalguard.records import (
    Comparison,
    CorrectedRates,
    Gate,
    GateResult,
    SamplePair,
    ScoreKind,
    Verdict,
    paired_values,
)
from evalguard.stats import (
    MOST_STAGES,
    BinaryRate,
    Combined,
    ConfidenceInterval,
    Corrected,
    CorrectedRatio,
    DetectorError,
    Imputed,
    MarginTest,
    PairedBinary,
    PairedRatio,
    conditional_power,
    detectable_effect,
    expected_power,
    fewest_samples,
    interval,
    least_effect,
    samples_to_decide,
)

FUTILE_POWER = 0.1  # chance of PASS for a good candidate, below which a gate is futile
FUTILE_UNLESS_FAIL = 0.5  # chance of FAIL under the trend, from which it is not
FUTILE_FROM = 0.2  # share of the samples before which no run is called futile
WORST_SHOWN = 10


def result_of(
    comparison: Comparison,
    evidence: Evidence,
    look: Look,
    p_adjusted: float,
    family: int,
    *,
    brief: bool = False,
) -> GateResult:
    """Return a gate's result at one look.

    Args:
        comparison: The comparison.
        evidence: Its tests.
        look: The look and its level.
        p_adjusted: p-value of FAIL over all looks and gates.
        family: Number of gates that it is adjusted over.
        brief: Leave out the figures of a gate that another look will replace.
    """
    gate, n = comparison.gate, evidence.n
    margin = evidence.margin
    verdict = _verdict(evidence, look, p_adjusted)
    undecided = verdict is Verdict.INCONCLUSIVE
    if brief and undecided and not look.ended and not _futile(evidence, look, comparison):
        return postponed_result(comparison, "more samples will be measured", look.shares)
    limits = interval(
        evidence.difference,
        margin=margin if margin is not None else 0.0,
        alpha=look.level,
        alpha_pass=look.level_pass,
        low=-evidence.span,
        high=evidence.span,
    )
    lacking = max(evidence.demands, key=lambda demand: demand.p_pass)
    first = evidence.demands[0]
    required = None
    if (
        undecided
        and not evidence.incomplete
        and (look.ended or _futile(evidence, look, comparison))
    ):
        extends = look.reserve > 0 and not comparison.labels
        required = None if evidence.seeds else _required_n(lacking, look, n, family, extends)
    narrowest = None
    if undecided and look.ended and not comparison.stages:
        narrowest = _narrowest(lacking, look, n, comparison.n_planned)
    words = Wording(comparison, evidence, look, limits, narrowest)
    if evidence.incomplete:
        reason = words.missing()
    elif verdict is Verdict.PASS:
        reason = words.passed()
    elif verdict is Verdict.FAIL:
        reason = words.failed(p_adjusted)
    else:
        futile = _futile(evidence, look, comparison)
        reason = words.undecided(lacking, required, family, futile=futile)
    reason += words.as_scored()
    effect = None
    if not comparison.stages:
        effect = _detectable(first, look, n, comparison.n_planned)
    counts = evidence.losses_and_gains if comparison.metric.kind is ScoreKind.BINARY else None
    return GateResult(
        **_identity(gate, comparison.model),
        verdict=verdict,
        reason=reason,
        baseline=evidence.means[0] if evidence.means else None,
        candidate=evidence.means[1] if evidence.means else None,
        delta=evidence.difference.estimate,
        ci=(limits.low, limits.high),
        confidence_level=1 - look.alpha,
        margin=margin,
        p_pass=evidence.p_pass,
        p_fail=min(demand.p_fail for demand in evidence.demands),
        p_fail_adjusted=p_adjusted,
        method=evidence.method,
        n=n,
        n_planned=comparison.n_planned,
        units=evidence.units,
        missing=evidence.missing,
        losses=counts[0] if counts else None,
        gains=counts[1] if counts else None,
        flip_rate=sum(counts) / (n - evidence.missing) if counts else None,
        look=len(look.shares),
        looks=look.looks,
        fraction_used=n / comparison.n_planned if comparison.stages else look.shares[-1],
        shares=look.shares,
        stages=stages_of(comparison),
        alpha=look.level,
        alpha_pass=look.level_pass,
        sharing=look.sharing,
        mde=None if effect is None or math.isinf(effect) else first.condition.orientation * effect,
        required_n=required,
        flags=_flags(comparison, evidence, look, verdict, limits),
        higher_is_better=comparison.metric.higher_is_better,
        percent=comparison.metric.percent,
        worst=_worst(comparison),
        corrected=_corrected(comparison, evidence, limits, look),
        seeds=evidence.seeds,
        members=members_of(comparison),
        clip=None if comparison.metric.span else comparison.metric.clip,
    )


def error_result(gate: Gate, model: str, reason: str) -> GateResult:
    """Return the result of a gate that could not be measured.

    Example:
        >>> gate = Gate(name="recall", suite="qa", metric="acc", min=0.5)
        >>> str(error_result(gate, "v2", "the engine ran out of memory").verdict)
        'ERROR'
    """
    return GateResult(**_identity(gate, model), verdict=Verdict.ERROR, reason=reason)


def not_run_result(gate: Gate, model: str, reason: str) -> GateResult:
    """Return the result of a gate whose samples were not asked for yet."""
    return GateResult(
        **_identity(gate, model),
        verdict=Verdict.INCONCLUSIVE,
        reason=f"not run: {reason}",
        fraction_used=0.0,
    )


def postponed_result(comparison: Comparison, reason: str, shares: tuple[float, ...]) -> GateResult:
    """Return the result of an early look without figures, which the next look replaces.

    Args:
        comparison: What was looked at.
        reason: Why there are none.
        shares: Shares of the looks that have spent their part of the error.
    """
    n, planned = len(comparison.pairs), comparison.n_planned
    return GateResult(
        **_identity(comparison.gate, comparison.model),
        verdict=Verdict.INCONCLUSIVE,
        reason=f"not decided yet: {reason}",
        n=n,
        n_planned=planned,
        fraction_used=n / planned,
        shares=shares,
    )


def _identity(gate: Gate, model: str) -> dict[str, Any]:
    return {
        "name": gate.name,
        "suite": gate.suite,
        "metric": gate.metric,
        "task": gate.task,
        "model": model,
        "role": gate.role,
        "ability": gate.ability,
        "source": gate.source,
        "node": gate.node,
        "requirement": requirement(gate),
    }


def _corrected(
    comparison: Comparison, evidence: Evidence, limits: ConfidenceInterval, look: Look
) -> CorrectedRates | None:
    """Return how the difference was corrected; ``None`` where its scores do not err."""
    if evidence.seen is None or evidence.rates is None:
        return None
    seen = interval(
        evidence.seen,
        margin=evidence.margin or 0.0,
        alpha=look.level,
        alpha_pass=look.level_pass,
        low=-evidence.span,
        high=evidence.span,
    )
    rates, error, drawn = comparison.metric.detector, None, comparison.labels
    if rates is not None and not drawn:
        error = DetectorError(rates.hits, rates.positives, rates.rejections, rates.negatives)
    return CorrectedRates(
        sensitivity=error.sensitivity if error else None,
        specificity=error.specificity if error else None,
        baseline=evidence.rates[0],
        candidate=evidence.rates[1],
        delta=evidence.difference.estimate,
        ci=(limits.low, limits.high),
        source=rates.source if rates and error else "",
        undetermined=undetermined_shares(comparison),
        seen_delta=evidence.seen.estimate,
        seen_ci=(seen.low, seen.high),
        error_difference=comparison.gate.error_difference,
        holds_up_to=_holds_up_to(evidence, look),
        labelled=sum(one is not None for one in drawn),
    )


def _holds_up_to(evidence: Evidence, look: Look) -> float | None:
    """Return up to which difference of the error rates the verdict on the difference holds."""
    test, margin = evidence.difference, evidence.margin
    if margin is None:
        return None
    if isinstance(test, Imputed):
        test = test.worst if test.worst.p_pass(margin) <= look.level_pass else test.best
    if not isinstance(test, Corrected | CorrectedRatio):
        return None
    return test.holds_up_to(margin, look.level, look.level_pass)


def _verdict(evidence: Evidence, look: Look, p_adjusted: float) -> Verdict:
    if not look.decides:
        return Verdict.INCONCLUSIVE
    if p_adjusted <= look.alpha:
        return Verdict.FAIL
    return Verdict.PASS if evidence.p_pass <= look.level_pass else Verdict.INCONCLUSIVE


def _flags(
    comparison: Comparison,
    evidence: Evidence,
    look: Look,
    verdict: Verdict,
    limits: ConfidenceInterval,
) -> tuple[str, ...]:
    underpowered = not comparison.stages and any(
        _underpowered(demand, look, evidence.n, comparison) for demand in evidence.demands
    )
    found = {
        "improved": limits.low > 0,
        "regressed_within_margin": verdict is Verdict.PASS and limits.high < 0,
        "underpowered": underpowered,
        FUTILE: verdict is Verdict.INCONCLUSIVE and _futile(evidence, look, comparison),
    }
    return tuple(flag for flag, holds in found.items() if holds)


def _futile(evidence: Evidence, look: Look, comparison: Comparison) -> bool:
    """Return whether not even a good candidate would still pass, and FAIL is not likely either."""
    share = look.shares[-1]
    if not look.futility or look.ended or not FUTILE_FROM <= share < 1:
        return False
    if conditional_power(evidence.p_fail, share, look.end_level) >= FUTILE_UNLESS_FAIL:
        return False
    return any(
        _chance_to_pass(demand, look, evidence.n, comparison) < FUTILE_POWER
        for demand in evidence.demands
        if demand.condition.must_be_shown
    )


def _chance_to_pass(demand: ConditionTest, look: Look, n: int, comparison: Comparison) -> float:
    """Return the conditional power of PASS if the rest of the run shows a good candidate."""
    good = demand.condition.good(comparison.metric, demand.margin)
    error = demand.test.standard_error(demand.margin) * math.sqrt(n / comparison.n_planned)
    drift = (good + demand.margin) / error if error > 0 else math.inf
    if math.isinf(drift):
        return 1.0
    return conditional_power(demand.p_pass, look.shares[-1], look.end_level_pass, drift=drift)


def _detectable(demand: ConditionTest, look: Look, n: int, n_planned: int) -> float:
    """Return the least true θ that passes in 80 % of runs of the planned size, inf if none does."""
    if isinstance(demand.test, PairedBinary):
        psi = demand.test.discordance

        def power_at(effect: float) -> float:
            return expected_power(
                n_planned, demand.margin, psi, effect=effect, alpha=look.end_level_pass
            )

        found = least_effect(power_at, low=-psi, high=psi)
        return math.inf if found is None else found
    error = demand.test.standard_error(demand.margin) * math.sqrt(n / n_planned)
    return detectable_effect(demand.margin, error, alpha=look.end_level_pass)


def _narrowest(demand: ConditionTest, look: Look, n: int, n_planned: int) -> float | None:
    """Return the least margin at which an unchanged model passes in 80 % of runs of that size.

    ``None`` where the demand is not on a tolerated drop, or every margin below 1 is too small.
    """
    if not demand.condition.on_difference or demand.margin <= 0:
        return None
    alpha = look.end_level_pass
    if isinstance(demand.test, PairedBinary):
        psi = demand.test.discordance
        return least_effect(
            lambda margin: expected_power(n_planned, margin, psi, alpha=alpha), low=0.0, high=1.0
        )
    error = demand.test.standard_error(demand.margin) * math.sqrt(n / n_planned)
    return detectable_effect(0.0, error, alpha=alpha)


def _underpowered(demand: ConditionTest, look: Look, n: int, comparison: Comparison) -> bool:
    """Return whether the planned size could not be relied on to pass even a good candidate."""
    metric, margin = comparison.metric, demand.margin
    if _detectable(demand, look, n, comparison.n_planned) > demand.condition.good(metric, margin):
        return True
    tolerated = demand.condition.tolerated(metric, margin)
    exact = isinstance(demand.test, BinaryRate | PairedBinary | PairedRatio)
    if not exact or tolerated <= 0:
        return False
    return comparison.n_planned < fewest_samples(tolerated, alpha=look.end_level_pass)


def _required_n(
    demand: ConditionTest, look: Look, n: int, family: int, extends: bool
) -> int | None:
    """Return the samples at which what was observed decides in 80 % of runs, if any number does.

    Where the gate ``extends``, those of the extension and the present ones.
    """
    test, margin = demand.test, demand.margin
    passing = test.estimate + margin > 0
    alpha = look.end_level_pass if passing else look.end_level / family
    known = 0
    if extends and look.stage < MOST_STAGES and look.shares[-1] >= look.stage:
        shown = demand.p_pass if passing else demand.p_fail
        alpha, known = look.left(shown, passing=passing), n
    test = _of_all(test)
    needed = samples_to_decide(test, margin, n=n, alpha=alpha, passing=passing)
    if needed is None or known + needed <= n:
        return None
    return known + needed


def _of_all(test: MarginTest) -> MarginTest:
    """Return the test of all samples together, for planning, in place of that of stages."""
    if isinstance(test, Combined):
        return test.pooled
    if isinstance(test, Imputed):
        return Imputed(_of_all(test.worst), _of_all(test.best), _of_all(test.measured))
    if isinstance(test, Corrected | CorrectedRatio):
        return replace(test, seen=_of_all(test.seen))
    return test


def _worst(comparison: Comparison) -> tuple[SamplePair, ...]:
    """Return the samples that the candidate lost, the greatest loss first."""
    before, after = paired_values(comparison.pairs)
    gain = (after - before) * (1.0 if comparison.metric.higher_is_better else -1.0)
    lost = (gain < 0).nonzero()[0]
    ranked = lost[gain[lost].argsort(kind="stable")]
    return tuple(comparison.pairs[int(index)] for index in ranked[:WORST_SHOWN])
