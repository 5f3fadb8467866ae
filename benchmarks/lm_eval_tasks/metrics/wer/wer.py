"""The ``wer`` metric of the hub, for machines that cannot fetch it; edits counted by NLTK."""

from __future__ import annotations

import re
from collections.abc import Sequence

import datasets
import evaluate
from nltk.metrics.distance import edit_distance


class Wer(evaluate.Metric):  # type: ignore[misc]  # it has no types
    """Edits over words of the references."""

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

    def _compute(self, predictions: Sequence[str], references: Sequence[str]) -> float:
        words, found = _words(references), _words(predictions)
        edits = sum(edit_distance(one, right) for one, right in zip(found, words, strict=True))
        return float(edits / sum(map(len, words)))


def _words(texts: Sequence[str]) -> list[list[str]]:
    """Split as jiwer does: at spaces, and at two or more of any white space."""
    return [re.sub(r"\s{2,}", " ", text).strip(" \t\n\r\f\v").split(" ") for text in texts]
