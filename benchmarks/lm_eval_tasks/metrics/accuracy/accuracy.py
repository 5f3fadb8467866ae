"""The ``accuracy`` metric of the hub, for machines that cannot fetch it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import datasets
import evaluate
from sklearn.metrics import accuracy_score


class Accuracy(evaluate.Metric):  # type: ignore[misc]  # it has no types
    """Share of right labels."""

    def _info(self) -> evaluate.MetricInfo:
        features = datasets.Features(
            {
                "predictions": datasets.Value("int32"),
                "references": datasets.Value("int32"),
            }
        )
        return evaluate.MetricInfo(
            description=__doc__, citation="", inputs_description="", features=features
        )

    def _compute(
        self, predictions: Sequence[int], references: Sequence[int], **options: Any
    ) -> dict[str, float]:
        return {"accuracy": float(accuracy_score(references, predictions, **options))}
