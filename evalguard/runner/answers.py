"""The one place where answers are scored: what a model thinks is set aside before."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from evalguard.records import Metric, ScoredSample, ScoreKind
from evalguard.scorers.binding import worst
from evalguard.scorers.thinking import THINKING_TOKENS, Split, Thinking
from evalguard.tasks.base import Prepared, Task
from evalguard.tasks.drift import Drift
from evalguard.tasks.test_set import TestSet

if TYPE_CHECKING:
    from lm_eval.api.instance import Instance

UNCLOSED = "never finished thinking"
"""Why there is no answer."""


@dataclass(frozen=True, slots=True)
class AnswerReader:
    """Tells one model's thinking from its answers.

    Attributes:
        thinking: How its thinking is found.
        count_tokens: Length of a text in its tokens.
    """

    thinking: Thinking
    count_tokens: Callable[[str], int]

    def read(self, task: Task, sample: Prepared, responses: Sequence[Any]) -> list[Split]:
        """Return every generated text of a sample, split; none where nothing is to be set aside.

        Args:
            task: What the sample belongs to. Drift is measured along all that the baseline wrote.
            sample: The sample.
            responses: The responses to its requests; what a judge said may follow them.
        """
        if not self.thinking.marks or isinstance(task, Drift):
            return []
        asked = [one for one in sample.instances for _ in range(one.repeats or 1)]
        return [
            self._split(request, text)
            for request, text in zip(asked, responses, strict=False)
            if request.request_type == "generate_until"
        ]

    def cut_by_stop(self, task: Task, sample: Prepared, responses: Sequence[Any]) -> bool:
        """Return whether a stop string may have ended the thinking, or what follows it at once."""
        if not any(stops_of(instance) for instance in sample.instances):
            return False
        splits = self.read(task, sample, responses)
        texts = (text for text in responses if isinstance(text, str))
        return any(
            not split.answer and bool(text.strip() or self.thinking.own)
            for split, text in zip(splits, texts, strict=False)
        )

    def score(self, task: Task, sample: Prepared, responses: Sequence[Any]) -> ScoredSample:
        """Score a sample's answers without the thinking; keep all that was written.

        An answer whose thinking never ended scores the worst on every metric.

        Raises:
            MeasurementError: As the task's own ``score``.
        """
        splits = self.read(task, sample, responses)
        answers = _with_answers(sample, responses, splits)
        unclosed = sum(one.unclosed for one in splits)
        if not unclosed and answers == list(responses):
            return task.score(sample, responses)
        scored = _scored(task, sample, answers, splits) if unclosed else task.score(sample, answers)
        thought = sum(self.count_tokens(one.thinking) for one in splits if one.thinking)
        written = tuple(str(text) for text in responses[: len(scored.outputs)])
        return replace(
            scored,
            outputs=written,
            answers=tuple(scored.outputs),
            unclosed=unclosed,
            thinking_tokens=thought / len(splits),
        )

    def _split(self, request: Instance, text: Any) -> Split:
        prompt, settings = request.arguments
        limit = int(settings.get("max_gen_toks") or math.inf) if self.thinking.served else 0
        at_limit = self.thinking.served and self.count_tokens(str(text)) >= limit
        split = self.thinking.split(str(text), prompt=str(prompt), at_limit=at_limit)
        answer = split.answer
        for stop in stops_of(request):  # the engine is asked without them where they cut thinking
            answer = answer.split(stop)[0]
        return replace(split, answer=answer)


def without_stops(instance: Instance) -> Instance:
    """Return a request that nothing but the end of the text or its limit ends."""
    if not stops_of(instance):
        return instance
    prompt, settings = instance.arguments
    return replace(instance, arguments=(prompt, {**settings, "until": []}))


def as_compared(sample: ScoredSample, metric: Metric, *, reference: bool) -> ScoredSample:
    """Return a sample as gates see it.

    A baseline that never finished thinking tells nothing of what it can do: held against it, any
    candidate would do. What it did not answer therefore counts as not measured.

    Args:
        sample: A sample of one model.
        metric: What is compared.
        reference: Whether the model is what others are held against.
    """
    if sample.error:
        return sample
    if reference and sample.unclosed:
        return replace(sample, scores={}, error=f"the baseline {UNCLOSED}")
    if metric.name != THINKING_TOKENS:
        return sample
    tokens = metric.high if sample.unclosed else min(sample.thinking_tokens, metric.high)
    return replace(sample, scores={**sample.scores, metric.name: tokens})


def _with_answers(sample: Prepared, responses: Sequence[Any], splits: Sequence[Split]) -> list[Any]:
    """Return the responses with each text replaced by its answer."""
    if not splits:
        return list(responses)
    rest = iter(splits)
    asked = [one for one in sample.instances for _ in range(one.repeats or 1)]
    answers = [
        next(rest).answer if request.request_type == "generate_until" else response
        for request, response in zip(asked, responses, strict=False)
    ]
    return [*answers, *responses[len(asked) :]]


def _scored(
    task: Task, sample: Prepared, answers: Sequence[Any], splits: Sequence[Split]
) -> ScoredSample:
    """Score a sample some of whose answers never came: each of those scores the worst."""
    corpus: Mapping[str, Any] = {}
    if any(metric.kind is ScoreKind.CORPUS for metric in task.metrics):
        corpus = task.score(sample, answers).corpus  # what was not answered adds an empty answer
    scores = {metric.name: worst(metric) for metric in task.metrics if _is_of_samples(metric)}
    closed = [one.answer for one in splits if not one.unclosed]
    if closed and isinstance(task, TestSet):
        own = task.score(sample, closed).scores
        share = len(closed) / len(splits)
        scores = {name: share * own[name] + (1 - share) * low for name, low in scores.items()}
    return ScoredSample(
        task=task.name,
        sample_id=sample.sample_id,
        prompt=sample.prompt,
        target=sample.target,
        outputs=tuple(one.answer for one in splits),
        scores=scores,
        corpus=corpus,
        cluster=sample.cluster,
    )


def _is_of_samples(metric: Metric) -> bool:
    return metric.kind is not ScoreKind.CORPUS


def stops_of(instance: Instance) -> list[str]:
    """Return the texts that end an answer to a request."""
    settings = instance.arguments[-1]
    found = settings.get("until") if isinstance(settings, dict) else None
    stops = [found] if isinstance(found, str) else found or []
    return [stop for stop in stops if stop]
