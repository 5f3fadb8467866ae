"""Made-up answers and likelihoods: they show, before a model is asked, that a metric can lose."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from lm_eval.api.task import Task

from evalguard.records import Metric, ScoredSample, ScoreKind
from evalguard.scorers.canaries import (
    CHARS_PER_TOKEN,
    Item,
    answers_to,
    as_good,
    cut,
    one_score,
    spread,
)
from evalguard.tasks.base import Prepared
from evalguard.tasks.benchmark.reported import own_class
from evalguard.tasks.benchmark.targets import right_answer

_LIKELY, _UNLIKELY = -1.0, -1000.0
"""Log-likelihoods of a text that the model would write, and of one that it never would."""

_COMPARED = frozenset({"exact_match", "bleu", "chrf", "ter"})
"""Metrics of lm-eval's own that compare an answer with the target."""

Score = Callable[[Prepared, Sequence[Any]], "ScoredSample | None"]
"""Scores a sample; ``None`` where the task's code fails, or would send something."""


Values = Callable[[tuple[Prepared, list[Any]]], "Mapping[str, float] | None"]
"""Returns the scores of a sample's responses; ``None`` where they cannot be scored."""


def cannot_fail(
    task: Task, metrics: Sequence[Metric], samples: Sequence[Prepared], score: Score
) -> dict[str, str]:
    """Return why a gate on a metric could not fail, by metric.

    Args:
        task: lm-eval's task.
        metrics: What it measures.
        samples: Its samples.
        score: Scores a sample from its responses.
    """
    chosen = spread(samples)
    if not chosen:
        return {}
    others = [one.target for one in chosen]

    def values(tried: tuple[Prepared, list[Any]]) -> Mapping[str, float] | None:
        scored = score(*tried)
        return None if scored is None else scored.scores

    tried = [(one, responses) for one in chosen for responses in _responses(one, others)]
    # What a sample adds to a metric of the whole set says nothing of the metric.
    gated = [one for one in metrics if not one.ungated and one.kind is not ScoreKind.CORPUS]
    constant = one_score(gated, tried, values)
    found = {
        name: (f"'{name}' is {value:g} for each of {len(tried)} {_what(task)}. {_advice(task)}")
        for name, value in constant.items()
    }
    if own_class(task) or getattr(task.config, "process_results", None):
        return found  # only the task itself knows what its right answer looks like
    if task.OUTPUT_TYPE == "multiple_choice":
        return found | _never_right(gated, tried, values)
    if task.OUTPUT_TYPE == "generate_until":
        compared = [metric for metric in gated if metric.name.partition(",")[0] in _COMPARED]
        own = any(callable(entry.get("metric")) for entry in task.config.metric_list or [])
        return found if own else found | _beaten(task, compared, chosen, values)
    return found


def _responses(sample: Prepared, others: Sequence[str]) -> Iterator[list[Any]]:
    """Yield the responses to a sample's requests that are tried."""
    requests = [one for one in sample.instances for _ in range(one.repeats or 1)]
    kinds = {one.request_type for one in requests}
    if kinds == {"generate_until"}:
        for answer in answers_to(Item(sample.prompt, sample.target, sample.row), others):
            yield [_written(answer, request.arguments[-1]) for request in requests]
    elif kinds == {"loglikelihood"}:
        # Equal requests get equal responses, as from an engine.
        for likely in dict.fromkeys(str(request.arguments) for request in requests):
            yield [
                (_LIKELY, True) if str(request.arguments) == likely else (_UNLIKELY, False)
                for request in requests
            ]
        yield [(_UNLIKELY, False) for _ in requests]
    elif kinds == {"loglikelihood_rolling"}:
        yield from ([likelihood] * len(requests) for likelihood in (_LIKELY, _UNLIKELY))


def _written(answer: str, settings: Mapping[str, Any]) -> str:
    """Return an answer as an engine returns it."""
    until = settings.get("until") or []
    limit = settings.get("max_gen_toks")
    longest = int(limit) * CHARS_PER_TOKEN if limit else None
    return cut(answer, [until] if isinstance(until, str) else until)[:longest]


def _never_right(
    metrics: Sequence[Metric],
    tried: Sequence[tuple[Prepared, list[Any]]],
    values: Values,
) -> dict[str, str]:
    """Return the metrics that are the worst, whichever choice is the likeliest."""
    scored = [one for one in map(values, tried) if one is not None]
    return {
        metric.name: (
            f"'{metric.name}' is {metric.worst:g} whichever choice is the likeliest, so no model "
            "can be right. Look at doc_to_choice and doc_to_target"
        )
        for metric in metrics
        if scored and all(one.get(metric.name) == metric.worst for one in scored)
    }


def _beaten(
    task: Task,
    metrics: Sequence[Metric],
    samples: Sequence[Prepared],
    values: Values,
) -> dict[str, str]:
    """Return the metrics that an answer which is none wins as the target does, on every row."""
    rights = [right_answer(task, one.row) for one in samples]

    @cache
    def given(place: int, answer: str) -> Mapping[str, float]:
        sample = samples[place]
        requests = [one for one in sample.instances for _ in range(one.repeats or 1)]
        responses = [_written(answer, request.arguments[-1]) for request in requests]
        return values((sample, responses)) or {}

    found: dict[str, str] = {}
    for what, wrong in (
        ("an empty answer", [""] * len(samples)),
        ("another row's target", [_other(right, rights) for right in rights]),
    ):
        won = [metric.name for metric in metrics if metric.name not in found]
        for place, (right, other) in enumerate(zip(rights, wrong, strict=True)):
            if not won:
                break  # which is so after the first row, as a rule
            target, lost = given(place, right), given(place, other) if other is not None else {}
            won = [
                metric.name
                for metric in metrics
                if metric.name in won
                and {metric.name} <= target.keys() & lost.keys()
                and as_good(metric, target[metric.name], lost[metric.name])
            ]
        found |= {
            name: (
                f"'{name}' scores {what} as high as the target itself on every row that was tried, "
                f"such as {rights[0]!r:.60}. {_advice(task)}"
            )
            for name in won
        }
    return found


def _other(right: str, rights: Sequence[str]) -> str | None:
    return next((one for one in rights if one.strip() != right.strip()), None)


def _what(task: Task) -> str:
    if task.OUTPUT_TYPE == "generate_until":
        return "answers, an empty one, a loop and another row's target among them"
    return "likelihoods, each choice the likeliest in turn"


def _advice(task: Task) -> str:
    if own_class(task) or getattr(task.config, "process_results", None):
        return "The task's own code does not tell answers apart"
    if task.OUTPUT_TYPE == "generate_until":
        return "Look at filter_list, until, doc_to_target and the options of the metric"
    return "Look at doc_to_choice and doc_to_target"
