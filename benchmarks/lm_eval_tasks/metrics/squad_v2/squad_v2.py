"""The ``squad_v2`` metric of the hub, for machines that cannot fetch it.

The scores are computed by the official script's functions as transformers carries them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import datasets
import evaluate
from transformers.data.metrics.squad_metrics import squad_evaluate


class SquadV2(evaluate.Metric):  # type: ignore[misc]  # it ships no types
    """Exact match and F1 of answers, some of which must be left unanswered."""

    def _info(self) -> evaluate.MetricInfo:
        prediction = {
            "id": datasets.Value("string"),
            "prediction_text": datasets.Value("string"),
            "no_answer_probability": datasets.Value("float32"),
        }
        answers = {"text": datasets.Value("string"), "answer_start": datasets.Value("int32")}
        reference = {"id": datasets.Value("string"), "answers": datasets.Sequence(answers)}
        features = datasets.Features({"predictions": prediction, "references": reference})
        return evaluate.MetricInfo(
            description=__doc__, citation="", inputs_description="", features=features
        )

    def _compute(
        self,
        predictions: Sequence[Mapping[str, Any]],
        references: Sequence[Mapping[str, Any]],
        no_answer_threshold: float = 1.0,
    ) -> dict[str, Any]:
        examples = [
            SimpleNamespace(
                qas_id=row["id"], answers=[{"text": text} for text in row["answers"]["text"]]
            )
            for row in references
        ]
        return dict(
            squad_evaluate(
                examples,
                {row["id"]: row["prediction_text"] for row in predictions},
                no_answer_probs={row["id"]: row["no_answer_probability"] for row in predictions},
                no_answer_probability_threshold=no_answer_threshold,
            )
        )
