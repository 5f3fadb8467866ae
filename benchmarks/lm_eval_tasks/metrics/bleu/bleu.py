"""The ``bleu`` metric of the hub, for machines that cannot fetch it; computed by NLTK."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import datasets
import evaluate
from nltk.translate.bleu_score import corpus_bleu, modified_precision
from sacrebleu.tokenizers.tokenizer_13a import Tokenizer13a


class Bleu(evaluate.Metric):  # type: ignore[misc]  # it has no types
    """BLEU of at most one reference a sample, from 0 to 1."""

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

    def _compute(self, predictions: Sequence[str], references: Sequence[str]) -> dict[str, float]:
        split: Callable[[str], str] = Tokenizer13a()  # type: ignore[no-untyped-call] # has none
        found = [split(text).split() for text in predictions]
        rights = [[split(text).split()] for text in references]
        hits = (  # NLTK puts a tiny number in place of an order without a match
            sum(
                modified_precision(right, one, n).numerator
                for right, one in zip(rights, found, strict=True)
            )
            for n in (1, 2, 3, 4)
        )
        return {"bleu": float(corpus_bleu(rights, found)) if all(hits) else 0.0}
