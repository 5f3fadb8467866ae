"""The ``bleurt`` metric without its model: no value, so that the other metrics are compared."""

from __future__ import annotations

import math
from collections.abc import Sequence

import datasets
import evaluate


class Bleurt(evaluate.Metric):  # type: ignore[misc]  # it has no types
    """No value for any sample."""

    def _info(self) -> evaluate.MetricInfo:
        features = datasets.Features(
            {
                "predictions": datasets.Value("string"),
                "references": datasets.Value("string"),
            }
        )
        return evaluate.MetricInfo(
            description=__doc__, citation="", inputs_description="", features=features
        )

    def _compute(
        self, predictions: Sequence[str], references: Sequence[str]
    ) -> dict[str, list[float]]:
        return {"scores": [math.nan] * len(predictions)}
