"""Samples and comparisons for the tests of this room."""

from collections.abc import Sequence
from typing import Any

from evalguard.gates.compare import compare
from evalguard.records import Comparison, Gate, Margin, Metric, ScoredSample

ACC = Metric("acc")


def gate(name: str = "recall", **demands: Any) -> Gate:
    if not {"max_drop", "min_gain", "min", "max"} & demands.keys():
        demands["max_drop"] = Margin(0.05, "pp")
    return Gate(**{"suite": "qa", "metric": "acc", "source": "release.yaml"} | demands, name=name)


def samples(
    scores: Sequence[float | None],
    *,
    metric: str = "acc",
    task: str = "qa",
    clusters: Sequence[str | None] | None = None,
    repeats: int = 1,
) -> list[ScoredSample]:
    return [
        ScoredSample(
            task=task,
            sample_id=str(index),
            prompt=f"question {index}",
            target="yes",
            outputs=("",) * repeats,
            scores={} if score is None else {metric: score},
            cluster=clusters[index] if clusters else None,
            error="the engine timed out" if score is None else None,
        )
        for index, score in enumerate(scores)
    ]


def compared(
    baseline: Sequence[float | None],
    candidate: Sequence[float | None],
    *,
    of: Gate | None = None,
    metric: Metric = ACC,
    n_planned: int | None = None,
    model: str = "v2",
    **layout: Any,
) -> Comparison:
    return compare(
        of or gate(),
        metric,
        samples(baseline, metric=metric.name, **layout),
        samples(candidate, metric=metric.name, **layout),
        model=model,
        n_planned=len(baseline) if n_planned is None else n_planned,
    )


def counted(losses: int, gains: int, n: int, **options: Any) -> Comparison:
    """Return a comparison with so many losses and gains, everything else right on both sides."""
    both = n - losses - gains
    return compared(
        [1] * losses + [0] * gains + [1] * both, [0] * losses + [1] * gains + [1] * both, **options
    )
