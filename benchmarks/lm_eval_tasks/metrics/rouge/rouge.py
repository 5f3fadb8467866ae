"""The ``rouge`` metric of the hub, for machines that cannot fetch it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import datasets
import evaluate
from rouge_score.rouge_scorer import RougeScorer
from rouge_score.scoring import BootstrapAggregator


class Rouge(evaluate.Metric):  # type: ignore[misc]  # it has no types
    """F-measures of ROUGE; the median of bootstrapped means over samples."""

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
        self,
        predictions: Sequence[str],
        references: Sequence[Any],
        rouge_types: Sequence[str] = ("rouge1", "rouge2", "rougeL", "rougeLsum"),
        use_stemmer: bool = False,
        **_: Any,
    ) -> dict[str, float]:
        scorer, aggregator = RougeScorer(rouge_types, use_stemmer), BootstrapAggregator()
        for prediction, right in zip(predictions, references, strict=True):
            rights = right if isinstance(right, list) else [right]
            aggregator.add_scores(scorer.score_multi(rights, prediction))
        return {kind: float(one.mid.fmeasure) for kind, one in aggregator.aggregate().items()}
