"""Check before any compute that the right answer to each row can get the best score.

A target that no answer matches scores 0 for the baseline and 0 for the candidate, which looks like
a model that has lost nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from evalguard.errors import DataError, MeasurementError
from evalguard.records import Metric
from evalguard.scorers.binding import Row, Scorer, TargetCheck
from evalguard.scorers.cuts import cut_problem
from evalguard.scorers.targets import shown
from evalguard.scorers.thinking import Thinking

CORPUS_PART = 200
"""Samples that are scored first: if their right answers score best, those of the set do."""

TARGET = "target"
"""Key under which a problem with the target is reported."""


def row_problem(
    scorer: Scorer, target: str, row: Row, *, stop: Sequence[str] = ()
) -> tuple[str, str] | None:
    """Return why no answer to a row can get the best score, or ``None``.

    Args:
        scorer: The scorer of the answer.
        target: The expected answer.
        row: The sample's row of the test set.
        stop: Stop strings of the task.

    Returns:
        What the problem is about (:data:`TARGET`, or nothing where it is a column), and what was
        found and what is possible.

    Raises:
        DataError: If a check of the scorer raises.
    """
    if reason := _run_check(scorer, scorer.check_row, target, row):
        return "", reason
    if reason := _run_check(scorer, scorer.check_target, target, row):
        return "" if reason.startswith("column '") else TARGET, reason
    if scorer.target_is_answer and (reason := _target_loses(scorer, target, row)):
        return TARGET, reason
    if reason := cut_problem(scorer, target, row, stop):
        return TARGET, reason
    return None


def corpus_problem(scorer: Scorer, samples: Sequence[tuple[str, Row]]) -> str | None:
    """Return why the right answers to all rows would not score best as a set, or ``None``.

    Args:
        scorer: The scorer of the answers.
        samples: Target and row of each sample.
    """
    if not scorer.target_is_answer:
        return None
    answered = [(target, target, row) for target, row in samples]
    for name, one in scorer.corpus_metrics.items():
        found = scorer.score_corpus(name, answered[:CORPUS_PART])
        if not _is_best(one.metric, found):
            found = scorer.score_corpus(name, answered)
        if not _is_best(one.metric, found):
            return (
                f"the targets given as the answers score {name} {found:g}, where right ones "
                f"must score {one.metric.best:g}. They are too short for '{scorer.name}', or it "
                "cannot read them: choose another scorer"
            )
    return None


def _is_best(metric: Metric, score: float) -> bool:
    return math.isclose(score, metric.best, abs_tol=1e-9)


def _run_check(scorer: Scorer, check: TargetCheck | None, target: str, row: Row) -> str | None:
    if check is None:
        return None
    try:
        return check(target, row, **scorer.arguments)
    except MeasurementError as error:
        return str(error)
    except Exception as error:  # a team's own function may raise anything
        raise DataError(
            f"scorer '{scorer.name}': its check of the target {shown(target)} raised {error!r}. "
            "Correct the check or the row."
        ) from error


def _target_loses(scorer: Scorer, target: str, row: Row) -> str | None:
    """Return why the target, given as the answer, does not score best."""
    split = Thinking().split(target)
    why = "" if split.answer == target else ", as the thinking in it is removed from every answer"
    try:
        scores = scorer.score(split.answer.strip(), target, row)
    except MeasurementError as error:
        return str(error)
    for metric in _decisive(scorer.sample_metrics):
        if not _is_best(metric, scores[metric.name]):
            return (
                f"{shown(target)} given as the answer scores {metric.name} "
                f"{scores[metric.name]:g}{why}; the right answer must score {metric.best:g}"
            )
    return None


def _decisive(metrics: Sequence[Metric]) -> Iterator[Metric]:
    """Yield the metrics without a lenient version: a target may have extra text around it."""
    names = {metric.name for metric in metrics}
    return (metric for metric in metrics if f"{metric.name}_lenient" not in names)
