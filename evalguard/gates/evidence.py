"""What a comparison shows about each demand of its gate: the tests, before any verdict."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from evalguard.demands import ConditionTest, Observed, demands_of
from evalguard.demands.base import Condition, PairedTests
from evalguard.demands.clip import FewClipped
from evalguard.demands.registry import check_gate
from evalguard.gates.corrected import CorrectedTests, true_tests
from evalguard.gates.value_tests import CorpusTests, CountTests, needs_scores
from evalguard.records import (
    Comparison,
    CorpusValues,
    Gate,
    Metric,
    SamplePair,
    ScoreKind,
    paired_clusters,
    paired_tasks,
    paired_values,
)
from evalguard.stats import (
    GROUPS,
    MIN_UNITS,
    MarginTest,
    PairedScores,
    PredictionPowered,
    cluster_sizes,
    paired_scores,
)


@dataclass(frozen=True, slots=True)
class Evidence:
    """The tests of one comparison and the figures beside them.

    Attributes:
        difference: Test of candidate − baseline, higher being better.
        demands: Everything that must hold; a demand on the difference first.
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
        seen: Test of the difference of the scores as they are, where ``difference`` is corrected
            for the errors of a judge or of rules.
        rates: Estimated true means of both; the means themselves where nothing is corrected.
        seeds: For a recipe, the difference of each of its trainings.
    """

    difference: MarginTest
    demands: tuple[ConditionTest, ...]
    span: float
    means: tuple[float, float] | None
    losses_and_gains: tuple[int, int] | None
    n: int
    missing: int
    missing_allowed: float
    units: int
    too_few_units: bool
    method: str
    seen: MarginTest | None = None
    rates: tuple[float, float] | None = None
    seeds: tuple[float, ...] = ()

    @property
    def margin(self) -> float | None:
        """Return δ of the demand on the difference; ``None`` where there is none."""
        first = self.demands[0]
        return first.margin if first.condition.on_difference else None

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
EXACT = "exact unconditional test"


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
    demands = demands_of(gate)
    if any(demand.needs_scores for demand in demands):
        raise needs_scores()
    tests = CountTests(losses, gains, n)
    difference, tested = _tested(
        Observed(where=_where(gate), n=n, means=None, tests=tests), demands
    )
    return Evidence(
        difference=difference,
        demands=tested,
        span=1.0,
        means=None,
        losses_and_gains=(losses, gains),
        n=n,
        missing=0,
        missing_allowed=MISSING_ALLOWED,
        units=n,
        too_few_units=False,
        method=EXACT,
    )


def _from_samples(comparison: Comparison) -> Evidence:
    gate, metric, n = comparison.gate, comparison.metric, len(comparison.pairs)
    scores = scores_of(comparison.pairs, metric, gate.weights)
    tests = true_tests(comparison, scores)
    implied = () if metric.clip is None else (FewClipped(metric.clip),)
    observed = Observed(where=_where(gate), n=n, means=tests.means, tests=tests)
    difference, tested = _tested(observed, [*demands_of(gate), *implied])
    return Evidence(
        difference=difference,
        demands=tested,
        span=scores.span,
        means=scores.means,
        losses_and_gains=scores.losses_and_gains(),
        n=n,
        missing=int((~scores.known).sum()),
        missing_allowed=MISSING_ALLOWED,
        units=scores.units,
        too_few_units=not scores.exact and scores.effective_units < MIN_UNITS,
        method=_method(scores, tests),
        seen=None if tests is scores else scores.difference(),
        rates=tests.means,
    )


def _from_corpus(comparison: Comparison, corpus: CorpusValues) -> Evidence:
    """Test one value for all samples together; a missing sample cannot be replaced in it."""
    gate, n = comparison.gate, len(comparison.pairs)
    sizes = cluster_sizes([pair.cluster for pair in comparison.pairs])
    tests = CorpusTests(corpus, comparison.metric, sizes)
    means = (corpus.baseline, corpus.candidate)
    observed = Observed(where=_where(gate), n=n, means=means, tests=tests)
    difference, tested = _tested(observed, demands_of(gate))
    return Evidence(
        difference=difference,
        demands=tested,
        span=tests.span,
        means=means,
        losses_and_gains=None,
        n=n,
        missing=corpus.missing,
        missing_allowed=0.0,
        units=max(1, len(corpus.baseline_without)),
        too_few_units=len(corpus.baseline_without) < GROUPS,
        method="delete-group jackknife",
    )


def _tested(
    observed: Observed, conditions: Iterable[Condition[Any]]
) -> tuple[MarginTest, tuple[ConditionTest, ...]]:
    """Return the test of the difference, demanded or not, and that of every condition."""
    tested = tuple(condition.test(observed) for condition in conditions)
    if tested[0].condition.on_difference:
        return tested[0].test, tested
    return observed.tests.difference(), tested


def _where(gate: Gate) -> str:
    return f"{gate.suite}/{gate.metric}"


def scores_of(
    pairs: Sequence[SamplePair], metric: Metric, weights: Literal["size", "equal"] | None = None
) -> PairedScores:
    """Lay out the scores of pairs as the tests take them.

    Args:
        pairs: The pairs.
        metric: What was measured.
        weights: Whether tasks count by their size, the default, or each the same.

    Raises:
        MeasurementError: If no pair has both scores.
    """
    return paired_scores(
        *paired_values(pairs),
        clusters=paired_clusters(pairs),
        strata=paired_tasks(pairs) if weights == "equal" else None,
        low=metric.low,
        high=metric.high,
        higher_is_better=metric.higher_is_better,
        binary=metric.kind is ScoreKind.BINARY,
        clip=metric.clip if metric.span is None else metric.span,
    )


def _method(scores: PairedScores, tests: PairedTests) -> str:
    if isinstance(tests, PredictionPowered):
        return "prediction-powered unit t test"
    if isinstance(tests, CorrectedTests):
        return f"{_method(scores, scores)}, corrected"
    if scores.exact:
        return EXACT
    return "hardened unit t test"
