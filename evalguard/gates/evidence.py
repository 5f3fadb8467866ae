"""What a comparison shows about each demand of its gate: the tests, before any verdict."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from evalguard.errors import UsageError
from evalguard.gates.demands import (
    absolute_margin,
    check_gate,
    demand_of_difference,
    relative_demand,
)
from evalguard.records import Comparison, CorpusValues, Gate, Metric, ScoreKind
from evalguard.stats import (
    EXACT_LIMIT,
    GROUPS,
    MIN_UNITS,
    GroupJackknife,
    MarginTest,
    PairedBinary,
    PairedScores,
    paired_scores,
)

MAX_CLIPPED_LOSSES = 0.01
"""Tolerated share of losses beyond a metric's clip, which may be greater than they count."""


@dataclass(frozen=True, slots=True)
class Demand:
    """One thing that a gate demands, with its test.

    Attributes:
        kind: What is demanded: a difference, a least or a greatest mean, or few clipped losses.
        text: The demand in words, such as ``max_drop 5pp``.
        test: The test of θ ≤ −margin (not met) and θ ≥ −margin (met).
        margin: δ.
    """

    kind: Literal["difference", "min", "max", "clip"]
    text: str
    test: MarginTest
    margin: float

    @property
    def p_pass(self) -> float:
        """Return the p-value of the demand not being met.

        That losses stay within the clip is a tripwire: it must not fail, and need not be shown.
        """
        return 0.0 if self.kind == "clip" else self.test.p_pass(self.margin)

    @property
    def p_fail(self) -> float:
        """Return the p-value of the demand being met."""
        return self.test.p_fail(self.margin)


@dataclass(frozen=True, slots=True)
class Evidence:
    """The tests of one comparison and the figures beside them.

    Attributes:
        difference: Test of candidate − baseline, higher being better.
        margin: δ of the demand on the difference; ``None`` where only bounds are demanded.
        demands: Everything that the gate demands; the difference first.
        span: Greatest possible difference.
        means: Mean of the baseline and of the candidate over what could be measured; ``None``
            where only the counts of losses and gains are known.
        losses_and_gains: Samples on which the candidate is worse, and better; ``None`` for a
            corpus metric.
        n: All samples, the missing ones included.
        missing: Samples that could not be measured on both sides.
        missing_allowed: Share of missing samples up to which a verdict may be given.
        units: Independent units: samples, clusters of them, or groups of the jackknife.
        too_few_units: Whether the units are too few, or too unequal, to decide anything.
        method: Name of the test of the difference.
    """

    difference: MarginTest
    margin: float | None
    demands: tuple[Demand, ...]
    span: float
    means: tuple[float, float] | None
    losses_and_gains: tuple[int, int] | None
    n: int
    missing: int
    missing_allowed: float
    units: int
    too_few_units: bool
    method: str

    @property
    def incomplete(self) -> bool:
        """Return whether too many samples are missing for any verdict."""
        return self.missing > self.missing_allowed * self.n

    @property
    def p_pass(self) -> float:
        """Return the p-value of any demand not being met: all must be shown."""
        return 1.0 if self.incomplete else max(demand.p_pass for demand in self.demands)

    @property
    def p_fail(self) -> float:
        """Return the p-value of all demands being met, adjusted over them (Bonferroni)."""
        if self.incomplete:
            return 1.0
        return min(1.0, len(self.demands) * min(demand.p_fail for demand in self.demands))


MISSING_ALLOWED = 0.05


def gather(comparison: Comparison) -> Evidence:
    """Set up the test of every demand of a comparison's gate.

    Raises:
        ConfigError: If the gate demands something that its metric cannot have.
        MeasurementError: If no sample could be measured on both sides, or a relative margin is
            asked of a baseline that scores 0.
    """
    check_gate(comparison.gate, comparison.metric)
    if comparison.corpus is not None:
        return _from_corpus(comparison, comparison.corpus)
    return _from_samples(comparison)


def from_counts(gate: Gate, *, losses: int, gains: int, n: int) -> Evidence:
    """Set up the test of a difference from the counts of a binary metric alone.

    Raises:
        ConfigError: If the gate's margin means nothing.
        UsageError: If the margin is relative, or the gate demands a bound.
        DataError: If the counts do not fit each other.
    """
    check_gate(gate, Metric(gate.metric))
    demanded = relative_demand(gate)
    if demanded is None or demanded.unit == "%" or gate.min is not None or gate.max is not None:
        raise UsageError(
            "counts of losses and gains tell nothing of the scores themselves; give a margin in "
            "pp, or the scores of both models for anything else"
        )
    margin = demanded.value if gate.max_drop else -demanded.value
    test = PairedBinary(losses, gains, n)
    return Evidence(
        difference=test,
        margin=margin,
        demands=(Demand("difference", demand_of_difference(gate), test, margin),),
        span=1.0,
        means=None,
        losses_and_gains=(losses, gains),
        n=n,
        missing=0,
        missing_allowed=MISSING_ALLOWED,
        units=n,
        too_few_units=False,
        method=exact_method(n),
    )


def _from_samples(comparison: Comparison) -> Evidence:
    gate, metric = comparison.gate, comparison.metric
    scores = _scores(comparison)
    demanded = relative_demand(gate)
    margin = absolute_margin(gate, scores.means[0])
    difference = scores.difference(relative=demanded is not None and demanded.unit == "%")
    demands = []
    if margin is not None:
        demands.append(Demand("difference", demand_of_difference(gate), difference, margin))
    if gate.min is not None:
        demands.append(Demand("min", f"min {gate.min:g}", scores.bound(least=True), -gate.min))
    if gate.max is not None:
        demands.append(Demand("max", f"max {gate.max:g}", scores.bound(least=False), gate.max))
    if metric.clip is not None:
        text = f"at most {MAX_CLIPPED_LOSSES:.0%} of losses beyond {metric.clip:g}"
        within = scores.unclipped_losses()
        demands.append(Demand("clip", text, within, MAX_CLIPPED_LOSSES - 1))
    return Evidence(
        difference=difference,
        margin=margin,
        demands=tuple(demands),
        span=scores.span,
        means=scores.means,
        losses_and_gains=scores.losses_and_gains(),
        n=len(comparison.pairs),
        missing=int((~scores.known).sum()),
        missing_allowed=MISSING_ALLOWED,
        units=scores.units,
        too_few_units=not scores.exact and scores.effective_units < MIN_UNITS,
        method=_method(scores, metric),
    )


def _scores(comparison: Comparison) -> PairedScores:
    metric, pairs = comparison.metric, comparison.pairs
    return paired_scores(
        [pair.baseline_score for pair in pairs],
        [pair.candidate_score for pair in pairs],
        clusters=[None if pair.cluster is None else (pair.task, pair.cluster) for pair in pairs],
        strata=[pair.task for pair in pairs] if comparison.gate.weights == "equal" else None,
        low=metric.low,
        high=metric.high,
        higher_is_better=metric.higher_is_better,
        binary=metric.kind is ScoreKind.BINARY,
        dense=metric.kind is ScoreKind.DENSE,
        clip=metric.clip if metric.span is None else metric.span,
    )


def _method(scores: PairedScores, metric: Metric) -> str:
    if scores.exact:
        return exact_method(len(scores.unit))
    if metric.kind is ScoreKind.DENSE:
        return "unit t test"
    return "regularised unit t test"


def exact_method(n: int) -> str:
    """Return the name of the test of ``n`` independent binary questions."""
    return "exact unconditional test" if n <= EXACT_LIMIT else "score test"


def _from_corpus(comparison: Comparison, corpus: CorpusValues) -> Evidence:
    """Test one value for all samples together; a missing sample cannot be replaced in it."""
    gate, metric = comparison.gate, comparison.metric
    span, count = metric.high - metric.low, len(comparison.pairs) - corpus.missing
    sign = 1.0 if metric.higher_is_better else -1.0
    margin = absolute_margin(gate, corpus.baseline)
    demanded = relative_demand(gate)
    relative = demanded is not None and demanded.unit == "%"
    sides = zip(corpus.baseline_without, corpus.candidate_without, strict=True)
    difference = GroupJackknife(
        full=sign * (corpus.candidate - corpus.baseline),
        partial=[sign * (after - before) for before, after in sides],
        n=count,
        bound=span,
        scale=[x / corpus.baseline for x in corpus.baseline_without] if relative else None,
    )
    demands = []
    if margin is not None:
        demands.append(Demand("difference", demand_of_difference(gate), difference, margin))
    if gate.min is not None:
        test = GroupJackknife(corpus.candidate, corpus.candidate_without, count, span)
        demands.append(Demand("min", f"min {gate.min:g}", test, -gate.min))
    if gate.max is not None:
        without = [-value for value in corpus.candidate_without]
        test = GroupJackknife(-corpus.candidate, without, count, span)
        demands.append(Demand("max", f"max {gate.max:g}", test, gate.max))
    return Evidence(
        difference=difference,
        margin=margin,
        demands=tuple(demands),
        span=span,
        means=(corpus.baseline, corpus.candidate),
        losses_and_gains=None,
        n=len(comparison.pairs),
        missing=corpus.missing,
        missing_allowed=0.0,
        units=max(1, len(corpus.baseline_without)),
        too_few_units=len(corpus.baseline_without) < GROUPS,
        method="delete-group jackknife",
    )
