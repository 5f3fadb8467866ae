"""What a comparison shows about each demand of its gate: the tests, before any verdict."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from evalguard.errors import ConfigError, MeasurementError, Problem
from evalguard.records import Comparison, CorpusValues, Gate, Margin, Metric, ScoreKind
from evalguard.stats import (
    EXACT_LIMIT,
    GroupJackknife,
    MarginTest,
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
        means: Mean of the baseline and of the candidate over what could be measured.
        losses_and_gains: Samples on which the candidate is worse, and better; ``None`` for a
            corpus metric.
        n: All samples, the missing ones included.
        missing: Samples that could not be measured on both sides.
        missing_allowed: Share of missing samples up to which a verdict may be given.
        units: Independent units: samples, clusters of them, or groups of the jackknife.
        method: Name of the test of the difference.
    """

    difference: MarginTest
    margin: float | None
    demands: tuple[Demand, ...]
    span: float
    means: tuple[float, float]
    losses_and_gains: tuple[int, int] | None
    n: int
    missing: int
    missing_allowed: float
    units: int
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


def check_gate(gate: Gate, metric: Metric) -> None:
    """Refuse margins and bounds that mean nothing for a metric.

    Raises:
        ConfigError: With every problem of the gate at once.
    """
    problems: list[tuple[str, str]] = []
    for key, margin in (("max_drop", gate.max_drop), ("min_gain", gate.min_gain)):
        if margin is not None and not 0 < margin.value <= 1:
            problems.append((key, f"{margin}; a margin is above 0 and at most 100{margin.unit}"))
        if margin is not None and margin.unit == "%" and metric.low < 0:
            why = f"{metric.name} may be negative, and a share of it means nothing"
            problems.append((key, f"{margin}, but {why}; give the margin in pp"))
    for key, bound in (("min", gate.min), ("max", gate.max)):
        if bound is not None and not metric.low <= bound <= metric.high:
            allowed = f"{metric.low:g}…{metric.high:g}"
            problems.append((key, f"{bound:g} lies outside the range of {metric.name}, {allowed}"))
    if all(demand is None for demand in (gate.max_drop, gate.min_gain, gate.min, gate.max)):
        problems.append(("", "requires nothing; give max_drop, min_gain, min or max"))
    if problems:
        raise ConfigError(
            Problem(gate.source, f"{gate.name}.{key}" if key else gate.name, message)
            for key, message in problems
        )


def relative_demand(gate: Gate) -> Margin | None:
    """Return what the gate demands of the difference, if anything."""
    return gate.max_drop or gate.min_gain


def absolute_margin(gate: Gate, baseline: float) -> float | None:
    """Return δ as a difference of scores, negative for a gain that must be shown.

    Raises:
        MeasurementError: If it is relative to a baseline of 0.
    """
    demanded = relative_demand(gate)
    if demanded is None:
        return None
    if demanded.unit == "%" and baseline <= 0:
        raise MeasurementError(
            f"{gate.suite}/{gate.metric}: the baseline scores {baseline:g} on average, and "
            f"{demanded} of that is no margin; give it in pp"
        )
    value = demanded.value * (baseline if demanded.unit == "%" else 1.0)
    return value if gate.max_drop else -value


def demand_text(gate: Gate) -> str:
    """Return all that a gate demands, in words.

    Example:
        >>> demand_text(Gate(name="", suite="", metric="", max_drop=Margin(0.02, "pp"), min=0.95))
        'max_drop 2pp, min 0.95'
    """
    margins = {"max_drop": gate.max_drop, "min_gain": gate.min_gain}
    bounds = {"min": gate.min, "max": gate.max}
    return ", ".join(
        [f"{key} {margin}" for key, margin in margins.items() if margin is not None]
        + [f"{key} {bound:g}" for key, bound in bounds.items() if bound is not None]
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
        method=_method(scores, metric),
    )


def demand_of_difference(gate: Gate) -> str:
    """Return what the gate demands of the difference, in words."""
    return f"max_drop {gate.max_drop}" if gate.max_drop else f"min_gain {gate.min_gain}"


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
        clip=metric.clip,
    )


def _method(scores: PairedScores, metric: Metric) -> str:
    if scores.exact:
        exact = len(scores.unit) <= EXACT_LIMIT
        return "exact unconditional test" if exact else "score test"
    if metric.kind is ScoreKind.DENSE:
        return "unit t test"
    return "regularised unit t test"


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
        units=len(corpus.baseline_without),
        method="delete-group jackknife",
    )
