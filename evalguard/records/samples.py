"""What was measured: scored samples, and the comparison of two models on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import isnan
from typing import TYPE_CHECKING, Any, TypeAlias, overload

from evalguard.records.gates import Gate
from evalguard.records.metrics import Metric

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredSample:
    """One question, what one model answered, and how that was scored.

    Attributes:
        task: Name of the task within its suite.
        sample_id: Stable name of the question: equal for the baseline and every candidate.
        prompt: The prompt.
        target: What was expected.
        outputs: The model's answers, one per repeat; for multiple choice, the choice taken.
        scores: Value of each metric, averaged over the repeats. Never NaN.
        not_scored: Metrics without a value for this sample, such as those of other questions.
        corpus: What the sample adds to each corpus metric, as plain data.
        cluster: Questions of one cluster (a passage, say) are not independent.
        error: Why the sample could not be measured; its scores are then empty.
        prompt_tokens: Tokens prefilled; 0 where unknown.
        output_tokens: Tokens decoded.
        answers: The part of each output that was scored, without the model's thinking; ``None`` if
            that is the whole output.
        unclosed: Outputs whose thinking never ended; they score the worst.
        thinking_tokens: Tokens of thinking, averaged over the outputs.
    """

    task: str
    sample_id: str
    prompt: str
    target: str
    outputs: tuple[str, ...]
    scores: Mapping[str, float]
    corpus: Mapping[str, Any] = field(default_factory=dict)
    cluster: str | None = None
    error: str | None = None
    prompt_tokens: int = 0
    output_tokens: int = 0
    not_scored: tuple[str, ...] = ()
    answers: tuple[str, ...] | None = None
    unclosed: int = 0
    thinking_tokens: float = 0.0

    @property
    def said(self) -> tuple[str, ...]:
        """The answers without the model's thinking."""
        return self.outputs if self.answers is None else self.answers


@dataclass(frozen=True, slots=True, kw_only=True)
class SamplePair:
    """One question answered by the baseline and by a candidate, under one metric.

    Attributes:
        task: Name of the task within its suite.
        sample_id: Name of the question.
        prompt: What both models were given.
        target: What was expected.
        baseline_output: The baseline's answer.
        candidate_output: The candidate's answer.
        baseline_score: The baseline's score; ``None`` if it could not be measured.
        candidate_score: The candidate's score; ``None`` if it could not be measured.
        cluster: Questions of one cluster are not independent.
        baseline_written: All that the baseline wrote, where its thinking was removed.
        candidate_written: All that the candidate wrote, where its thinking was removed.
    """

    task: str
    sample_id: str
    prompt: str
    target: str
    baseline_output: str
    candidate_output: str
    baseline_score: float | None
    candidate_score: float | None
    cluster: str | None = None
    baseline_written: str = ""
    candidate_written: str = ""


PairLabels: TypeAlias = tuple[float | None, float | None]
"""People's labels of the baseline's and of the candidate's answer, as scores."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class PairedColumns(Sequence[SamplePair]):
    """Pairs of scores without texts, kept as columns: a million take 30 MB.

    Attributes:
        sample_ids: Names of the questions; numbers stand for their digits.
        baseline: The baseline's scores, NaN where missing. Shape ``(n,)``.
        candidate: The candidate's scores, NaN where missing. Shape ``(n,)``.
        task_names: Names of the tasks.
        tasks: Index of each question's task. Shape ``(n,)``.
        cluster_names: Names of the clusters.
        clusters: Index of each question's cluster, -1 where it stands alone. Shape ``(n,)``.
    """

    sample_ids: Sequence[Any]
    baseline: NDArray[np.float64]
    candidate: NDArray[np.float64]
    task_names: Sequence[str]
    tasks: NDArray[np.intp]
    cluster_names: Sequence[str]
    clusters: NDArray[np.intp]

    def __len__(self) -> int:
        return len(self.baseline)

    @overload
    def __getitem__(self, index: int) -> SamplePair: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[SamplePair, ...]: ...
    def __getitem__(self, index: int | slice) -> SamplePair | tuple[SamplePair, ...]:
        if isinstance(index, slice):
            return tuple(self[one] for one in range(*index.indices(len(self))))
        before, after = float(self.baseline[index]), float(self.candidate[index])
        cluster = int(self.clusters[index])
        return SamplePair(
            task=self.task_names[self.tasks[index]],
            sample_id=str(self.sample_ids[index]),
            prompt="",
            target="",
            baseline_output="",
            candidate_output="",
            baseline_score=None if isnan(before) else before,
            candidate_score=None if isnan(after) else after,
            cluster=None if cluster < 0 else self.cluster_names[cluster],
        )


def paired_tasks(pairs: Sequence[SamplePair]) -> Sequence[str]:
    """Return the task of each pair."""
    if isinstance(pairs, PairedColumns):
        return [pairs.task_names[index] for index in pairs.tasks]
    return [pair.task for pair in pairs]


def paired_clusters(pairs: Sequence[SamplePair]) -> Sequence[str | None] | None:
    """Return the cluster of each pair, ``None`` where it stands alone; ``None`` if all do."""
    if not isinstance(pairs, PairedColumns):
        found = [pair.cluster for pair in pairs]
    elif pairs.cluster_names:
        names = [*pairs.cluster_names, None]  # the last for the index -1
        found = [names[index] for index in pairs.clusters]
    else:
        return None
    return None if found.count(None) == len(found) else found


def paired_values(pairs: Sequence[SamplePair]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the scores of the baseline and of the candidate, NaN where missing, shape ``(n,)``."""
    import numpy as np

    if isinstance(pairs, PairedColumns):
        return pairs.baseline, pairs.candidate
    return (
        np.array([pair.baseline_score for pair in pairs], dtype=float),
        np.array([pair.candidate_score for pair in pairs], dtype=float),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class CorpusValues:
    """A corpus metric of both models, on all samples and with each jackknife group left out.

    Attributes:
        baseline: The baseline's value on all samples.
        candidate: The candidate's value on all samples.
        baseline_without: The baseline's value without each group in turn.
        candidate_without: The candidate's value without each group in turn.
        missing: Samples that could not be measured on both sides, which these values exclude.
    """

    baseline: float
    candidate: float
    baseline_without: tuple[float, ...]
    candidate_without: tuple[float, ...]
    missing: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Baseline and candidate on the same samples, under one metric: the input of a decision.

    Attributes:
        gate: The requirement to decide.
        model: Name of the candidate.
        metric: What was measured.
        pairs: The measured samples, in the frozen random order of the run.
        n_planned: Samples in the full run; more than ``len(pairs)`` at an early look.
        corpus: Values of a corpus metric, which has none for a single pair.
        undetermined: For each pair the share of the baseline's and of the candidate's answers that
            could not be determined; empty where the metric has no such answers.
        labels: For each pair people's labels of the baseline's and of the candidate's answer, as
            scores, ``None`` where one is missing; ``None`` for a pair that was not drawn. Empty
            where no pairs were drawn for labels.
        stages: Where the run was extended, the comparison of each stage by itself, the planned
            samples first; their pairs together are ``pairs``.
        seeds: For a recipe, the comparison of each of its trainings; ``pairs`` have their means.
    """

    gate: Gate
    model: str
    metric: Metric
    pairs: Sequence[SamplePair]
    n_planned: int
    corpus: CorpusValues | None = None
    undetermined: tuple[tuple[float, float], ...] = ()
    labels: tuple[PairLabels | None, ...] = ()
    stages: tuple[Comparison, ...] = ()
    seeds: tuple[Comparison, ...] = ()

    def __post_init__(self) -> None:
        if isinstance(self.pairs, list):  # as JSON gives it
            object.__setattr__(self, "pairs", tuple(self.pairs))
