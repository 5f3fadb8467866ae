"""Give empty, looping and garbled answers the worst score where the baseline answered.

A pattern, a limit of length and "nothing forbidden is in it" hold of an empty answer, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import lru_cache

from evalguard.records import Metric, ScoredSample, ScoreKind
from evalguard.scorers.loops import is_broken


def held_to_answers(
    baseline: Mapping[str, ScoredSample], candidate: Mapping[str, ScoredSample], metric: Metric
) -> Mapping[str, ScoredSample]:
    """Return a candidate's samples, no score of which is due to answers that are none.

    Left alone are metrics of which less is better, such as toxicity, those that say that silence
    may win, those of a whole set, and questions to which the baseline has no answer either.

    Args:
        baseline: The baseline's samples by id.
        candidate: The candidate's.
        metric: What is compared.
    """
    if not metric.higher_is_better or metric.silence_may_win or metric.kind is ScoreKind.CORPUS:
        return candidate
    held = {
        id_: replace(sample, scores={**sample.scores, metric.name: most})
        for id_, sample in candidate.items()
        if id_ in baseline
        and sample.scores.get(metric.name, metric.low) > metric.low
        and (most := _most(baseline[id_], sample, metric)) < sample.scores[metric.name]
    }
    return {**candidate, **held} if held else candidate


def warning(
    model: str, task: str, baseline: Mapping[str, ScoredSample], samples: Iterable[ScoredSample]
) -> str:
    """Return a warning about a candidate's answers that are none; empty where there is none."""
    found = list(samples)
    count = sum(
        answered(sample) < answered(baseline[sample.sample_id])
        for sample in found
        if sample.sample_id in baseline
    )
    if not count:
        return ""
    return (
        f"{model}: {count} of {len(found)} answers on {task} are empty, looping or garbled where "
        "the baseline answered; they get the worst score"
    )


def answered(sample: ScoredSample) -> float:
    """Return the share of a sample's outputs that are answers; the target is one, whatever it is.

    Example:
        >>> answered(ScoredSample(task="", sample_id="", prompt="", target="", scores={},
        ...                       outputs=("It is Paris.", "")))
        0.5
    """
    if not sample.said:
        return 1.0
    target = sample.target.strip()
    are = [text.strip() == target != "" or _is_answer(text) for text in sample.said]
    return sum(are) / len(are)


def _most(baseline: ScoredSample, candidate: ScoredSample, metric: Metric) -> float:
    """Return the greatest score that a candidate's answers can have."""
    share = answered(candidate)
    if share >= answered(baseline):
        return metric.high
    return metric.worst + share * (metric.high - metric.low)


@lru_cache(maxsize=1 << 15)
def _is_answer(text: str) -> bool:
    return bool(text.strip()) and not is_broken(text)
