"""Which metrics have a mean in common, and what that mean is."""

from __future__ import annotations

from evalguard.records.metrics import Metric, ScoreKind

POOLED_METRIC = Metric("mean_score", ScoreKind.BOUNDED)
"""Mean over the gates, each score from 0 to 1 and signed so that higher is better."""


UNCORRECTED = "is scored by a judge or by rules that err, and a pooled mean is not corrected"
"""Why a metric has no place there."""


def problem_of_member(metric: Metric) -> str | None:
    """Return why a metric has no place in a pooled mean, and what to do; ``None`` if it has.

    Example:
        >>> problem_of_member(Metric("acc"))
        >>> problem_of_member(Metric("rating", ScoreKind.BOUNDED, high=10)).partition(";")[0]
        "'rating' ranges from 0 to 10, and a pooled mean takes scores from 0 to 1"
    """
    if metric.kind is ScoreKind.CORPUS:
        why = "is computed over a whole task and has no score for a sample"
    elif metric.in_nats or metric.clip is not None:
        why = "is in nats, and a pooled mean takes scores from 0 to 1"
    elif not metric.percent:
        why = (
            f"ranges from {metric.low:g} to {metric.high:g}, and a pooled mean takes scores from "
            "0 to 1"
        )
    elif metric.span is not None:
        why = "is a difference already"
    elif metric.detector is not None or metric.determined is not None:
        why = UNCORRECTED
    else:
        return None
    return left_out(metric.name, why)


def left_out(metric: str, why: str) -> str:
    """Return that a metric has no place in a pooled mean, and what to do."""
    return f"'{metric}' {why}; leave its gate out of 'pooled', where it holds by itself"
