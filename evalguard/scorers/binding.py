"""A scorer with its options bound, and the call that checks its scores."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from evalguard.errors import MeasurementError
from evalguard.records import Metric, ScoreKind
from evalguard.scorers import faults

Row = Mapping[str, Any]
ScoreFunction = Callable[..., "float | Mapping[str, float]"]
TargetCheck = Callable[..., "str | None"]
"""``(target, row, **options)`` to what is wrong with a sample, or ``None``."""

MAX_OUTPUT_CHARS = 250_000
"""Longer outputs are runaways: they score the worst unread, which bounds the work per sample.

The longest answers that models are made to give (32,768 tokens) have about 130,000 characters.
"""

ROUNDING = 1e-9
"""Share of its range by which a score may lie outside, from rounding."""


@dataclass(frozen=True, slots=True)
class CorpusMetric:
    """A score of a whole set, made from statistics of its samples that add up.

    As the statistics add up, the score of any part of the set costs one ``finish``: a delete-group
    jackknife scores every sample once.

    Attributes:
        metric: Its name and range; of kind ``corpus``.
        statistics: ``(output, target, row, **options)`` to the statistics of one sample.
        finish: The summed statistics to the score.
    """

    metric: Metric
    statistics: Callable[..., Mapping[str, float]]
    finish: Callable[[Mapping[str, float]], float]


@dataclass(frozen=True, slots=True)
class Scorer:
    """A scorer with its options.

    Attributes:
        name: Name it is registered under.
        version: Digest of its source, its options and the libraries it calls: it changes whenever
            the same output could score differently.
        sample_metrics: Metrics that each sample has a value of.
        corpus_metrics: Metrics that only a whole set has a value of, by name.
        function: The scoring function.
        arity: How many of output, target and row the function takes.
        options: Options as they were given.
        arguments: The validated options with every default, as the function takes them.
        check_target: Says what is wrong with a target that no answer could match.
        check_row: The same of what else the row must hold.
        target_is_answer: Whether the target, given as the answer, must score best.
        loses: Answers that lose, where none is easily found.
    """

    name: str
    version: str
    sample_metrics: tuple[Metric, ...]
    corpus_metrics: Mapping[str, CorpusMetric]
    function: ScoreFunction
    arity: int
    options: Mapping[str, Any]
    arguments: Mapping[str, Any]
    check_target: TargetCheck | None = None
    check_row: TargetCheck | None = None
    target_is_answer: bool = False
    loses: tuple[str, ...] = ()

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """All metrics, those of kind ``corpus`` last."""
        return self.sample_metrics + tuple(one.metric for one in self.corpus_metrics.values())

    def score(self, output: str, target: str, row: Row) -> dict[str, float]:
        """Score one output.

        Args:
            output: What the model answered.
            target: What was expected.
            row: The sample's row of the test set, for scorers that need more than the target.

        Returns:
            The value of each of :attr:`sample_metrics`. An output of more than
            :data:`MAX_OUTPUT_CHARS` characters scores the worst value of each.
        """
        if len(output) > MAX_OUTPUT_CHARS:
            return {metric.name: metric.worst for metric in self.sample_metrics}
        with faults.call(self.name, output, target):
            result = self.function(*(output, target, row)[: self.arity], **self.arguments)
        if isinstance(result, Mapping):
            return {name: float(value) for name, value in result.items()}
        return {self.sample_metrics[0].name: float(result)}

    def statistics(self, metric: str, output: str, target: str, row: Row) -> dict[str, float]:
        """Return what one sample adds to a corpus metric; a runaway output counts as empty."""
        kept = output if len(output) <= MAX_OUTPUT_CHARS else ""
        with faults.call(metric, kept, target):
            return dict(self.corpus_metrics[metric].statistics(kept, target, row, **self.arguments))

    def finish(self, metric: str, totals: Mapping[str, float]) -> float:
        """Return a corpus metric from the sum of its samples' statistics."""
        return self.corpus_metrics[metric].finish(totals)

    def score_corpus(self, metric: str, samples: Iterable[tuple[str, str, Row]]) -> float:
        """Return a corpus metric of samples given as (output, target, row)."""
        totals: Counter[str] = Counter()
        for output, target, row in samples:
            totals.update(self.statistics(metric, output, target, row))
        return self.finish(metric, totals)


def score_checked(
    scorer: Scorer, output: str, target: str, row: Row, *, sample_id: str
) -> dict[str, float]:
    """Score one output and check the scores against what the scorer declares.

    Raises:
        MeasurementError: If the scorer raises, omits or invents a metric, or returns a value that
            is NaN, out of range or, for a binary metric, neither 0 nor 1. Names scorer and sample.
    """
    where = f"scorer '{scorer.name}', sample '{sample_id}'"
    try:
        scores = scorer.score(output, target, row)
    except (Exception, SystemExit) as error:  # a team's own function may raise anything
        said = str(error) if isinstance(error, MeasurementError) else repr(error)
        raise MeasurementError(
            f"{where}: {said}. Fix the scorer or the row; the sample is not scored."
        ) from error
    declared = {metric.name for metric in scorer.sample_metrics}
    if scores.keys() != declared:
        raise MeasurementError(
            f"{where}: returned the metrics {sorted(scores)}, declared are {sorted(declared)}. "
            "Name the same metrics in @scorer(metrics=…) and in what it returns."
        )
    for metric in scorer.sample_metrics:
        _check_value(metric, scores[metric.name], where)
    return scores


def _check_value(metric: Metric, value: float, where: str) -> None:
    """Raise unless a score is a number that the metric allows."""
    slack = ROUNDING * (metric.high - metric.low)
    if not math.isfinite(value) or not metric.low - slack <= value <= metric.high + slack:
        raise MeasurementError(
            f"{where}: {metric.name}={value} is not within [{metric.low:g}, {metric.high:g}]. "
            "Return a number in that range, or declare another with low=… and high=…."
        )
    if metric.kind is ScoreKind.BINARY and value not in (metric.low, metric.high):
        raise MeasurementError(
            f"{where}: {metric.name}={value} is neither {metric.low:g} nor {metric.high:g}, but "
            "the metric is declared binary. Declare it with kind='bounded'."
        )
