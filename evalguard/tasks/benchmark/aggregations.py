"""lm-eval's aggregations over all samples, which it calls when all answers are there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from lm_eval.api import metrics as lm_eval_metrics
from lm_eval.api.task import Task

from evalguard.quiet import quiet
from evalguard.tasks.base import Prepared
from evalguard.tasks.benchmark.metrics import MEANS, PERPLEXITIES
from evalguard.tasks.benchmark.running import metric_values
from evalguard.tasks.benchmark.trial import dummy_responses


def brier_score(items: Sequence[tuple[int, Sequence[float]]]) -> float:
    """Return the mean over samples of the squared error over the choices (Brier 1950).

    lm-eval's value, which it computes only where every sample has as many choices.

    Args:
        items: Of each sample the right choice and the probability of each choice.

    Raises:
        ValueError: If a sample has several right choices.

    Example:
        >>> round(brier_score([(0, [0.8, 0.2]), (2, [0.1, 0.3, 0.6])]), 4)
        0.17
    """
    if any(np.ndim(right) for right, _ in items):
        raise ValueError("a sample has several right choices")
    return float(
        np.mean([np.sum((np.asarray(p) - np.eye(len(p))[right]) ** 2) for right, p in items])
    )


_ANY_SHAPE: dict[Callable[..., Any], Callable[..., Any]] = {
    lm_eval_metrics.brier_score: brier_score
}


def any_shape(aggregation: Callable[..., Any]) -> Callable[..., Any]:
    """Return an aggregation that takes samples of any shape, where lm-eval's own does not."""
    return _ANY_SHAPE.get(aggregation, aggregation)


def aggregation_problem(task: Task, samples: Sequence[Prepared]) -> str:
    """Return why a metric of a task cannot be aggregated over its rows; empty where all can.

    lm-eval's own aggregations are tried on made-up answers to every row: F1 takes two classes,
    and none takes a sample with several right answers. Code of the task may depend on what the
    answers are, or run or send them, and is not tried.
    """
    if _scores_by_itself(task):
        return ""
    tried = {
        name: any_shape(function)
        for name, function in task.aggregation().items()
        if function.__module__ == lm_eval_metrics.__name__
        and function not in (*MEANS, *PERPLEXITIES)
    }
    if not tried or not samples:
        return ""
    try:
        with quiet():
            values = [metric_values(task, one, dummy_responses(one)) for one in samples]
    except Exception:  # noqa: BLE001 - real answers show it, sample by sample
        return ""
    for base, function in tried.items():
        for name in [one for one in values[0] if one.partition(",")[0] == base]:
            try:
                with quiet():
                    function([row[name] for row in values if name in row])
            except Exception as error:  # noqa: BLE001 - numpy, scikit-learn and sacrebleu raise anything
                said = str(error).splitlines()[0] if str(error) else type(error).__name__
                return (
                    f"metric_list: '{base}' cannot be computed over these rows, whatever the "
                    f"answers are ({said}); take it out, or give it an aggregation of its own: "
                    "!function MODULE.FUNCTION"
                )
    return ""


def _scores_by_itself(task: Task) -> bool:
    """Return whether code of the task takes part in scoring an answer."""
    if type(task).__module__ != "lm_eval.api.task" or task.config.process_results is not None:
        return True
    steps = [step for entry in task.config.filter_list or () for step in entry["filter"]]
    return any(callable(entry.get("metric")) for entry in task.config.metric_list or ()) or any(
        callable(step["function"]) or step["function"] == "custom" for step in steps
    )
