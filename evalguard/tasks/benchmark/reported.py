"""The metrics of a benchmark, as its own code reports them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from lm_eval.api.metrics import mean
from lm_eval.api.task import Task

from evalguard.errors import EvalGuardError
from evalguard.quiet import quiet
from evalguard.records import Metric
from evalguard.tasks.benchmark.metrics import (
    LM_EVAL_METRICS,
    MEANS,
    Declared,
    declaration,
    metric_of,
    nats_metric,
)
from evalguard.tasks.benchmark.optional_metrics import noting
from evalguard.tasks.benchmark.running import filter_suffix
from evalguard.tasks.benchmark.watching import SENDS, Watch, watched


def aggregations_of(
    task: Task, reported: Mapping[str, Any] | None
) -> dict[str, Callable[..., Any]]:
    """Return the aggregation of each metric; lm-eval takes the mean of what declares none."""
    declared = dict(task.aggregation())
    names = dict.fromkeys(name.partition(",")[0] for name in reported or ())
    return {name: declared.get(name, mean) for name in (*names, *declared)}


def metrics_of(
    task: Task,
    reported: Mapping[str, Any] | None,
    declared: Mapping[str, Declared],
    uncomputed: str = "",
) -> tuple[Metric, ...]:
    """Return a task's metrics; with several filters named ``metric,filter``.

    Args:
        task: lm-eval's task.
        reported: Values that its code reported for some rows; ``None`` where that failed. Code may
            report under other names than its metrics are declared under.
        declared: Ranges of metrics that the suite gives, by the metric's name.
        uncomputed: Why its code got no value of a metric that it loads by name.
    """
    found: dict[str, Metric] = {}
    for filter_ in task._filters:
        suffix = filter_suffix(task, filter_.name)
        for base, aggregation in aggregations_of(task, reported).items():
            metrics = _metrics(
                task,
                base,
                suffix,
                aggregation,
                reported=reported,
                declared=declared,
                uncomputed=uncomputed,
            )
            found |= {metric.name: metric for metric in metrics}
    return tuple(found.values())


def own_class(task: Task) -> type | None:
    """Return the class of a task that is Python code; ``None`` for one made of YAML."""
    return None if type(task).__module__ == "lm_eval.api.task" else type(task)


def is_missing(value: Any) -> bool:
    """Return whether a value says that the metric does not score the sample."""
    return value is None or (isinstance(value, float) and math.isnan(value))


def as_number(value: Any) -> float | None:
    """Return a value as a number; ``None`` where it is none."""
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def _metrics(
    task: Task,
    base: str,
    suffix: str,
    aggregation: Callable[..., Any],
    *,
    reported: Mapping[str, Any] | None,
    declared: Mapping[str, Declared],
    uncomputed: str,
) -> Iterator[Metric]:
    name = f"{base}{suffix}"
    if reported is not None and name not in reported and base in _metric_functions(task):
        return  # it reports under other names
    if nats := nats_metric(base, aggregation, suffix):
        yield nats
    metric = metric_of(
        name,
        aggregation,
        higher_is_better=task.higher_is_better().get(base),
        own_code=_own_code(task, base),
        declared=declared.get(name) or declared.get(base),
    )
    if reported is not None:
        metric = _checked(task, metric, reported, is_mean=aggregation in MEANS)
        value = reported.get(name)
        if uncomputed and is_missing(value):
            metric = replace(metric, ungated=f"'{base}' has no value: {uncomputed}")
        elif why := _aggregation_problem(aggregation, value):
            metric = replace(metric, ungated=f"'{base}' cannot be aggregated: {why}")
    yield metric


def _aggregation_problem(aggregation: Callable[..., Any], value: Any) -> str:
    """Return why a task's own aggregation cannot be used, tried on one value twice.

    What else fails on such values may work on those of real answers.
    """
    if is_missing(value) or aggregation.__module__ == mean.__module__:
        return ""
    with quiet(), noting() as notes, watched(sends=False) as watch:
        try:
            aggregation([value, value])
        except EvalGuardError as error:
            return str(error)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - the task's own code may raise anything
            return _shown(watch) or _lacking(error)
    return _shown(watch) or "; ".join([*watch.refused, *notes.values()])


def _shown(watch: Watch) -> str:
    return watch.ran or (SENDS if watch.sent else "")


def _lacking(error: BaseException) -> str:
    """Return what the aggregation needs and its task does not have, whatever the values are."""
    if isinstance(error, AttributeError) and isinstance(error.obj, Task):
        return f"it uses '{error.name}', which {type(error.obj).__name__} does not set"
    return ""


def _checked(task: Task, metric: Metric, reported: Mapping[str, Any], *, is_mean: bool) -> Metric:
    """Return a metric, ungated where its reported value is missing, no number or out of range."""
    value = reported.get(metric.name)
    base = metric.name.partition(",")[0]
    if metric.name not in reported:
        available = ", ".join(reported) or LM_EVAL_METRICS.get(str(task.OUTPUT_TYPE), "none")
        why = f"'{base}' is declared, but not computed by {_scored_by(task)}"
        return replace(metric, ungated=f"{why}, which gives {available}")
    if not is_mean or is_missing(value):
        return metric
    number = as_number(value)
    if number is None:
        known = LM_EVAL_METRICS.get(str(task.OUTPUT_TYPE), "")
        others = {name for names in LM_EVAL_METRICS.values() for name in names.split(", ")}
        if base in others - set(known.split(", ")) and not _own_code(task, base):
            why = f"'{base}' is not computed for {_scored_by(task)}, which gives {known}"
            return replace(metric, ungated=why)
        why = f"'{base}' is {value!r:.60} for a sample, which has no mean"
        return replace(metric, ungated=f"{why}; correct 'aggregation' or the metric")
    if not metric.low <= number <= metric.high and not metric.ungated:
        why = f"'{base}' is {number:g} for a sample, outside {metric.low:g} to {metric.high:g}"
        line = declaration(base)
        return replace(metric, ungated=f"{why}; declare its range in the suite's task: {line}")
    return metric


def _scored_by(task: Task) -> str:
    if getattr(task.config, "process_results", None) or own_class(task):
        return "the task's own code"
    return f"output_type {task.OUTPUT_TYPE}"


def _own_code(task: Task, base: str) -> Any:
    """Return the task's own code that may compute a metric; ``None`` where lm-eval's does."""
    own = getattr(task.config, "process_results", None) or own_class(task)
    functions = _metric_functions(task)
    return own or functions.get(base) or next(iter(functions.values()), None)


def _metric_functions(task: Task) -> dict[str, Any]:
    """Return the functions that the task's ``metric_list`` names as metrics."""
    listed = getattr(task.config, "metric_list", None) or []
    given = [entry.get("metric") for entry in listed]
    return {one.__name__: one for one in given if callable(one)}
