"""Pair the samples of baseline and candidate, and refuse what cannot be compared."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from evalguard.errors import MeasurementError, did_you_mean
from evalguard.records import (
    Comparison,
    CorpusValues,
    Gate,
    Metric,
    SamplePair,
    ScoredSample,
    ScoreKind,
)
from evalguard.records.samples import PairLabels
from evalguard.scorers.binding import ROUNDING
from evalguard.stats import groups

Aggregate = Callable[[Sequence[ScoredSample]], float]
"""A corpus metric: all samples of one model → its value."""

Labels = Callable[[ScoredSample, ScoredSample], PairLabels | None]
"""The baseline's and the candidate's sample → people's labels; ``None`` of one not drawn."""

SHOWN = 3  # offending samples that a message names


def compare(
    gate: Gate,
    metric: Metric,
    baseline: Sequence[ScoredSample],
    candidate: Sequence[ScoredSample],
    *,
    model: str,
    n_planned: int,
    aggregate: Aggregate | None = None,
    labels: Labels | None = None,
) -> Comparison:
    """Pair two models' samples under a gate's metric.

    A sample with an ``error`` becomes a pair without that score: it stays in the comparison, and so
    does one that the metric scores on one side only. Where it scores neither side, the metric does
    not apply, and the sample is left out of the comparison and of ``n_planned``. A binary metric
    with several repeats of a question is tested as a bounded one, since its scores are averages.

    Args:
        gate: The requirement; with ``task`` set, only that task's samples count.
        metric: What is compared.
        baseline: The baseline's samples, in the frozen random order of the run.
        candidate: The candidate's samples of the same questions, in any order.
        model: Name of the candidate.
        n_planned: Number of samples of the full run.
        aggregate: The metric itself, for a corpus metric.
        labels: Returns people's labels of a pair, for a metric that a judge scores.

    Raises:
        MeasurementError: If a sample stands twice or on one side only, a score is absent, not
            finite or out of the metric's range, there is no sample, or more than ``n_planned``.

    Example:
        >>> gate = Gate(name="recall", suite="general", metric="acc", min=0.5)
        >>> def sample(score):
        ...     return ScoredSample(task="qa", sample_id="1", prompt="", target="", outputs=("",),
        ...                         scores={"acc": score})
        >>> made = compare(gate, Metric("acc"), [sample(1.0)], [sample(0.0)], model="v2",
        ...                n_planned=1)
        >>> made.pairs[0].baseline_score, made.pairs[0].candidate_score
        (1.0, 0.0)
    """
    where = f"{gate.suite}/{gate.metric} [{model}]"
    before = _by_key(gate, baseline, f"{where}: baseline")
    after = _by_key(gate, candidate, f"{where}: candidate")
    _check_matched(before, after, where)
    if not before:
        raise MeasurementError(f"{where}: no sample was scored, so the gate cannot be decided")
    if len(before) > n_planned:
        raise MeasurementError(
            f"{where}: {len(before)} samples were measured but {n_planned} planned; pass the size "
            "of the full run as n_planned"
        )
    if metric.kind is ScoreKind.BINARY and _repeated([*before.values(), *after.values()]):
        metric = replace(metric, kind=ScoreKind.BOUNDED)
    ordered = [(sample, after[key]) for key, sample in before.items()]
    asked = [pair for pair in ordered if not _scored_on_neither(metric, *pair)]
    if not asked:
        raise MeasurementError(
            f"{where}: none of {len(ordered)} samples has a score of this metric"
        )
    n_planned -= len(ordered) - len(asked)
    ordered = asked
    pairs = tuple(_pair(metric, one, other, where) for one, other in ordered)
    corpus = None
    if metric.kind is ScoreKind.CORPUS:
        corpus = _corpus_values(metric, ordered, aggregate, where)
    return Comparison(
        gate=gate,
        model=model,
        metric=metric,
        pairs=pairs,
        n_planned=n_planned,
        corpus=corpus,
        undetermined=_undetermined(metric, ordered, where),
        labels=() if labels is None else tuple(labels(*pair) for pair in ordered),
    )


Key = tuple[str, str]


def _by_key(gate: Gate, samples: Iterable[ScoredSample], where: str) -> dict[Key, ScoredSample]:
    found: dict[Key, ScoredSample] = {}
    for sample in samples:
        if gate.task is not None and sample.task != gate.task:
            continue
        key = (sample.task, sample.sample_id)
        if key in found:
            raise MeasurementError(
                f"{where}: sample '{sample.sample_id}' of task '{sample.task}' appears twice; "
                "give every question a unique id"
            )
        found[key] = sample
    return found


def _check_matched(
    before: dict[Key, ScoredSample], after: dict[Key, ScoredSample], where: str
) -> None:
    for missing, arm in ((before.keys() - after.keys(), "candidate"),
                         (after.keys() - before.keys(), "baseline")):  # fmt: skip
        if missing:
            named = ", ".join(f"{task}/{name}" for task, name in sorted(missing)[:SHOWN])
            raise MeasurementError(
                f"{where}: {len(missing)} samples have no {arm} result "
                f"({named}{', …' if len(missing) > SHOWN else ''}); run both models on the same "
                "samples, and pass a failed one with its error instead of leaving it out"
            )


def _scored_on_neither(metric: Metric, before: ScoredSample, after: ScoredSample) -> bool:
    return metric.name in before.not_scored and metric.name in after.not_scored


def _within(metric: Metric, value: float) -> float:
    """Return a value, or the limit of the range that it misses by rounding alone."""
    slack = ROUNDING * (metric.high - metric.low)
    nearest = min(max(value, metric.low), metric.high)
    return nearest if abs(value - nearest) <= slack else value


def _repeated(samples: Iterable[ScoredSample]) -> bool:
    return any(len(sample.outputs) > 1 for sample in samples)


def _pair(metric: Metric, before: ScoredSample, after: ScoredSample, where: str) -> SamplePair:
    return SamplePair(
        task=before.task,
        sample_id=before.sample_id,
        prompt=before.prompt,
        target=before.target,
        baseline_output="\n".join(before.said),
        candidate_output="\n".join(after.said),
        baseline_score=_score(metric, before, f"{where}: baseline"),
        candidate_score=_score(metric, after, f"{where}: candidate"),
        cluster=before.cluster,
        baseline_written=_written(before),
        candidate_written=_written(after),
    )


def _written(sample: ScoredSample) -> str:
    return "" if sample.answers is None else "\n".join(sample.outputs)


def _score(metric: Metric, sample: ScoredSample, where: str) -> float | None:
    if metric.kind is ScoreKind.CORPUS or not _counts(metric, sample):
        return None
    at = f"{where}: sample '{sample.sample_id}' of task '{sample.task}'"
    if metric.name not in sample.scores:
        raise MeasurementError(
            f"{at} has no score '{metric.name}'. {did_you_mean(metric.name, sample.scores)}"
        )
    score = _within(metric, float(sample.scores[metric.name]))
    if not math.isfinite(score):
        raise MeasurementError(f"{at}: {metric.name} is {score}; scores must be finite")
    if metric.kind is ScoreKind.BINARY and score not in (metric.low, metric.high):
        raise MeasurementError(
            f"{at}: {metric.name} is {score:g}, but it is declared binary: "
            f"{metric.low:g} or {metric.high:g}; declare it bounded if it may lie between"
        )
    if metric.clip is None and not metric.low <= score <= metric.high:
        raise MeasurementError(
            f"{at}: {metric.name} is {score:g}, outside its declared range "
            f"{metric.low:g}…{metric.high:g}; fix the scorer or declare the range; for a "
            f"benchmark, in the suite: metrics: {{{metric.name}: {{low: …, high: …}}}}"
        )
    return score


def _undetermined(
    metric: Metric, ordered: Sequence[tuple[ScoredSample, ScoredSample]], where: str
) -> tuple[tuple[float, float], ...]:
    """Return the share of undetermined answers of each pair, for a metric that has them."""
    if metric.determined is None:
        return ()
    told = Metric(metric.determined, ScoreKind.BOUNDED)
    scores = [
        (_score(told, one, f"{where}: baseline"), _score(told, other, f"{where}: candidate"))
        for one, other in ordered
    ]
    return tuple(
        (0.0 if one is None else 1 - one, 0.0 if other is None else 1 - other)
        for one, other in scores
    )


def _corpus_values(
    metric: Metric,
    ordered: Sequence[tuple[ScoredSample, ScoredSample]],
    aggregate: Aggregate | None,
    where: str,
) -> CorpusValues:
    """Return the metric on all samples and without each group.

    Both sides are computed on the samples that both could be measured on; the others are counted.
    """
    if aggregate is None:
        raise MeasurementError(
            f"{where}: {metric.name} is a corpus metric, which is computed from all samples at "
            "once; pass the function as aggregate"
        )
    usable = [pair for pair in ordered if all(_counts(metric, sample) for sample in pair)]
    if not usable:
        raise MeasurementError(f"{where}: no sample was measured on both sides")
    values: list[list[float]] = [[], []]
    left_out = groups([before.cluster for before, _ in usable])
    if len(left_out) == 1:
        left_out = []  # nothing would be left without it; too few groups decide nothing anyway
    for group in ([], *left_out):
        absent = set(group)
        kept = [pair for index, pair in enumerate(usable) if index not in absent]
        for side in (0, 1):
            value = _within(metric, aggregate([pair[side] for pair in kept]))
            if not metric.low <= value <= metric.high:
                raise MeasurementError(
                    f"{where}: {metric.name} is {value:g} on {len(kept)} samples, outside its "
                    f"declared range {metric.low:g}…{metric.high:g}"
                )
            values[side].append(value)
    return CorpusValues(
        baseline=values[0][0],
        candidate=values[1][0],
        baseline_without=tuple(values[0][1:]),
        candidate_without=tuple(values[1][1:]),
        missing=len(ordered) - len(usable),
    )


def _counts(metric: Metric, sample: ScoredSample) -> bool:
    return sample.error is None and metric.name not in sample.not_scored
