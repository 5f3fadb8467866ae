"""``python -m benchmarks.abstention_fit``: fit the model of an abstention and write its weights.

The data are the project's own labelled examples but for the held-out half of the set that was
written last. The regression has an L2 penalty; a sign weighs less than the words.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from benchmarks.logistic import logistic, matrix, rounded
from evalguard.scorers.abstention import statements
from evalguard.scorers.abstention_model import FILE, Model, beginning, signs_of
from evalguard.scorers.detection import Example, ExampleSet, examples
from evalguard.scorers.refusal_model import word_grams

WEIGHTS = Path(__file__).parents[1] / "evalguard" / "scorers" / FILE

SETS: tuple[ExampleSet, ...] = (
    "abstention", "abstention_chat", "abstention_rag", "abstention_mixed"
)  # fmt: skip

LAST = "abstention_mixed"
"""The set whose held-out half serves to count."""

PENALTY = 0.1
SIGN = 0.7
"""Scale of a sign beside the words: smaller is penalised more."""

RARE = 2
"""Answers in which a word or pair must occur to count."""


def training_data() -> list[Example]:
    """Return the examples that the shipped weights are fitted to."""
    return [
        one
        for which in SETS
        for one in examples(which)
        if which != LAST or one.split == "development"
    ]


def fitted(labelled: Iterable[Example]) -> Model:
    """Return the model fitted to labelled answers."""
    rows: list[dict[str, float]] = []
    labels: list[float] = []
    for one in labelled:
        text = beginning(statements(one.output))
        grams = word_grams(text)
        marks = {f"\t{sign}": SIGN for sign in signs_of(text)}
        rows.append({**dict.fromkeys(grams, len(grams) ** -0.5), **marks})
        labels.append(float(one.label == "abstained"))
    seen = Counter(name for row in rows for name in row)
    names = sorted(name for name, n in seen.items() if n >= RARE)
    weights, bias = logistic(matrix(rows, names), labels, [1.0] * len(rows), PENALTY)
    words = rounded(names, weights)
    marks = {name[1:]: words.pop(name) for name in tuple(words) if name.startswith("\t")}
    return Model(bias, {name: round(one * SIGN, 2) for name, one in marks.items()}, words)


def written(model: Model) -> str:
    """Return the file that holds a model, an entry a line."""
    return json.dumps(asdict(model), ensure_ascii=False, indent=0, sort_keys=True) + "\n"


if __name__ == "__main__":
    WEIGHTS.write_text(written(fitted(training_data())), encoding="utf-8")
