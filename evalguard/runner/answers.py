"""Score answers without the thinking before them. Every answer is scored here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from evalguard.engines.limits import DEFAULT_LIMIT, limit_of
from evalguard.errors import EvalGuardError, MeasurementError
from evalguard.records import Metric, ScoredSample, ScoreKind
from evalguard.scorers.thinking import THINKING_TOKENS, UNCLOSED_THINKING, Split, Thinking
from evalguard.tasks.base import Prepared, Task

if TYPE_CHECKING:
    from lm_eval.api.instance import Instance

    from evalguard.engines.base import Engine, Response

UNCLOSED = "never finished thinking"
"""How messages describe an answer that is missing for that reason."""


@dataclass(frozen=True, slots=True)
class AnswerReader:
    """Separates one model's thinking from its answers.

    Attributes:
        thinking: How to find its thinking.
        count_tokens: Counts a text's tokens with its tokenizer.
        default_limit: Tokens that it may write where a task sets no limit.
    """

    thinking: Thinking
    count_tokens: Callable[[str], int]
    default_limit: int = DEFAULT_LIMIT

    def read(self, task: Task, sample: Prepared, responses: Sequence[Any]) -> list[Split]:
        """Return every generated text of a sample, split; empty where thinking is not separated.

        Args:
            task: The sample's task. One that follows is measured along all that the baseline wrote.
            sample: The sample.
            responses: The responses to its requests; a judge's verdicts may follow them.
        """
        # Of a FollowingTask; isinstance looks through all of the protocol, for every answer.
        if not self.thinking.marks or hasattr(task, "diverged"):
            return []
        asked = [one for one in sample.instances for _ in range(one.repeats or 1)]
        return [
            self._split(request, text)
            for request, text in zip(asked, responses, strict=False)
            if request.request_type == "generate_until"
        ]

    def cut_by_stop(self, task: Task, sample: Prepared, responses: Sequence[Any]) -> bool:
        """Return whether a stop string may have cut the thinking or left the answer empty."""
        if not any(stops_of(instance) for instance in sample.instances):
            return False
        splits = self.read(task, sample, responses)
        texts = (text for text in responses if isinstance(text, str))
        return any(
            not split.answer and bool(text.strip() or self.thinking.own)
            for split, text in zip(splits, texts, strict=False)
        )

    def score(self, task: Task, sample: Prepared, responses: Sequence[Any]) -> ScoredSample:
        """Score a sample's answers without the thinking; ``outputs`` keep all that was written.

        An answer whose thinking never ended gets the worst score of every metric.

        Raises:
            MeasurementError: As the task's own ``score``.
        """
        splits = self.read(task, sample, responses)
        answers = _with_answers(sample, responses, splits)
        unclosed = sum(one.unclosed for one in splits)
        if not unclosed and answers == list(responses):
            return _scored(task, sample, responses)
        scored = (
            _score_unclosed(task, sample, answers, splits)
            if unclosed
            else _scored(task, sample, answers)
        )
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
        prompt, _ = request.arguments
        limit = limit_of(request, self.default_limit)
        at_limit = self.thinking.served and self.count_tokens(str(text)) >= limit
        split = self.thinking.split(str(text), prompt=str(prompt), at_limit=at_limit)
        answer = split.answer
        for stop in stops_of(request):  # where they would cut thinking, the engine did not get them
            answer = answer.split(stop)[0]
        return replace(split, answer=answer)


def whole_answers(
    engine: Engine, model: str, asked: Sequence[tuple[Task, Prepared]], reader: AnswerReader
) -> list[list[Response]]:
    """Ask each sample, and again without stop strings where these may have cut the thinking.

    Args:
        engine: What answers.
        model: Name of the model.
        asked: Samples, each with its task.
        reader: Separates the model's thinking from its answers.

    Returns:
        The responses to each sample's requests.

    Raises:
        EngineError: If the engine failed, or has no answer to a request.
    """
    answers = _respond(engine, model, [sample.instances for _, sample in asked])
    cut = [
        place
        for place, (task, sample) in enumerate(asked)
        if reader.cut_by_stop(task, sample, answers[place])
    ]
    whole = [[without_stops(one) for one in asked[place][1].instances] for place in cut]
    for place, found in zip(cut, _respond(engine, model, whole), strict=True):
        answers[place] = found
    return answers


def _respond(
    engine: Engine, model: str, samples: Sequence[Sequence[Instance]]
) -> list[list[Response]]:
    responses = iter(engine.respond([(model, one) for instances in samples for one in instances]))
    return [[next(responses) for _ in instances] for instances in samples]


def without_stops(instance: Instance) -> Instance:
    """Return a request without stop strings."""
    if not stops_of(instance):
        return instance
    prompt, settings = instance.arguments
    return replace(instance, arguments=(prompt, {**settings, "until": []}))


def as_compared(sample: ScoredSample, metric: Metric, *, reference: bool) -> ScoredSample:
    """Return a sample as gates compare it.

    A baseline answer that never came would make any candidate look good, so it counts as not
    measured, except by the metric that counts such answers. Thinking that is longer than the limit
    cannot be compared by its length, so that is not measured either.

    Args:
        sample: A sample of one model.
        metric: What is compared.
        reference: Whether the model is the baseline.
    """
    if sample.error:
        return sample
    if metric.name == UNCLOSED_THINKING:
        share = sample.unclosed / max(1, len(sample.outputs))
        return replace(sample, scores={**sample.scores, metric.name: share})
    if reference and sample.unclosed:
        return replace(sample, scores={}, error=f"the baseline {UNCLOSED}")
    if metric.name != THINKING_TOKENS:
        return sample
    tokens = metric.high if sample.unclosed else sample.thinking_tokens
    if tokens > metric.high:
        return replace(
            sample,
            scores={},
            error=(
                f"its thinking has {tokens:g} tokens, more than the limit of {metric.high:g} for "
                "an answer: the engine does not keep to the limit, or counts tokens differently"
            ),
        )
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


def _scored(task: Task, sample: Prepared, answers: Sequence[Any]) -> ScoredSample:
    """Score a sample by its task.

    Raises:
        MeasurementError: If the task cannot, or scores another sample.
    """
    try:
        scored = task.score(sample, answers)
    except EvalGuardError:
        raise
    except (Exception, SystemExit) as error:  # a package may raise anything
        raise MeasurementError(f"task '{task.name}' cannot score it: {error!r}") from error
    if not isinstance(scored, ScoredSample):
        raise MeasurementError(
            f"task '{task.name}' returned {scored!r} for sample '{sample.sample_id}'"
        )
    if (scored.task, scored.sample_id) != (task.name, sample.sample_id):
        raise MeasurementError(
            f"task '{task.name}' returned sample '{scored.sample_id}' of task '{scored.task}' for "
            f"sample '{sample.sample_id}'"
        )
    return scored


def _score_unclosed(
    task: Task, sample: Prepared, answers: Sequence[Any], splits: Sequence[Split]
) -> ScoredSample:
    """Score a sample of which some answers never came: those get the worst score."""
    corpus: Mapping[str, Any] = {}
    if any(metric.kind is ScoreKind.CORPUS for metric in task.metrics):
        corpus = _scored(task, sample, answers).corpus  # a missing answer counts as empty
    scores = {
        metric.name: metric.worst for metric in task.metrics if metric.kind is not ScoreKind.CORPUS
    }
    closed = [one.answer for one in splits if not one.unclosed]
    if closed and getattr(task, "averages_answers", False):
        of_closed = _scored(task, sample, closed).scores
        share = len(closed) / len(splits)
        scores = {name: share * of_closed[name] + (1 - share) * one for name, one in scores.items()}
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


def stops_of(instance: Instance) -> list[str]:
    """Return the stop strings of a request."""
    settings = instance.arguments[-1]
    found = settings.get("until") if isinstance(settings, dict) else None
    stops = [found] if isinstance(found, str) else found or []
    return [stop for stop in stops if stop]
