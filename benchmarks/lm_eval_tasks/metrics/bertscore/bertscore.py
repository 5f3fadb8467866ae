"""The ``bertscore`` metric without its model: no value, so that the other metrics are compared."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import datasets
import evaluate


class BertScore(evaluate.Metric):  # type: ignore[misc]  # it has no types
    """No value for any sample."""

    def _info(self) -> evaluate.MetricInfo:
        one, listed = datasets.Value("string"), datasets.Sequence(datasets.Value("string"))
        features = [
            datasets.Features({"predictions": one, "references": references})
            for references in (listed, one)
        ]
        return evaluate.MetricInfo(
            description=__doc__, citation="", inputs_description="", features=features
        )

    def _compute(
        self, predictions: Sequence[str], references: Sequence[Any], **_: Any
    ) -> dict[str, list[float]]:
        return dict.fromkeys(("precision", "recall", "f1"), [math.nan] * len(predictions))
