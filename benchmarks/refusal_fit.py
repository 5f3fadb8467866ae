"""``python -m benchmarks.refusal_fit``: fit the model of a lecture and write its weights.

The data are the answers of two models to XSTest on which both annotators agreed, without their
sentences that refuse in words; the answers that PyRIT's annotators rated as harmful; and two
files written for this project, one of them in the manner of models by name. Both regressions have
an L2 penalty. The one of answers is fitted to log odds of sentences from fits without them.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_array, hstack

from benchmarks import pyrit
from benchmarks.logistic import logistic, matrix, rounded
from benchmarks.xstest import FITTED, Labelled, agreed, answers, folder
from evalguard.scorers.refusal_model import (
    FILE,
    SENTENCES_READ,
    Model,
    sentence_signs,
    word_grams,
)
from evalguard.scorers.refusal_rules import REFUSES
from evalguard.scorers.refusal_signs import NAMES, signs
from evalguard.scorers.sentences import plain_text, sentences

EXAMPLES = Path(__file__).parent / "refusal_examples.json"
STYLES = Path(__file__).parent / "refusal_styles.json"
WEIGHTS = Path(__file__).parents[1] / "evalguard" / "scorers" / FILE

SENTENCE_PENALTY = 0.1
ANSWER_PENALTY = 1.0
SIGN_OF_SENTENCE = 0.3
SIGN_OF_ANSWER = 0.4
"""Scales of the signs beside the words and the summary: smaller is penalised more."""

RARE = 2
"""Sentences in which a word or pair must occur to count."""

BEGINNING = 2
LONG = 3
"""Sentences of a beginning, which counts half as an example of its own, and beyond which."""

FOLDS = 3

HARMFUL = 0.7
"""What a harmful answer counts: they outnumber the refusals, and would pull the bias down."""


class Styled(NamedTuple):
    """An answer that was written in the manner of a model."""

    output: str
    label: str
    style: str


class Row(NamedTuple):
    """An answer as it is fitted: its sentences, whether it lectures and how much it counts."""

    parts: list[str]
    lectures: bool
    weight: float


def own_examples() -> list[Labelled]:
    """Return the examples that were written for the fit in no manner in particular."""
    return [Labelled(**one) for one in json.loads(EXAMPLES.read_text(encoding="utf-8"))]


def styled_examples() -> list[Styled]:
    """Return the examples that were written in the manner of models."""
    return [Styled(**one) for one in json.loads(STYLES.read_text(encoding="utf-8"))]


def fitted(labelled: Iterable[Labelled | Styled], harmful: Iterable[Labelled] = ()) -> Model:
    """Return the model fitted to labelled answers and to harmful ones, which count less."""
    rows = [
        row
        for some, count in ((labelled, 1.0), (harmful, HARMFUL))
        for one in some
        for row in _rows(one.output, lectures=one.label == "refused", count=count)
    ]
    summaries: list[tuple[float, ...]] = [()] * len(rows)
    for fold in range(FOLDS):
        model = _of_sentences([row for i, row in enumerate(rows) if i % FOLDS != fold])
        for i in range(fold, len(rows), FOLDS):
            summaries[i] = model.summary_of(rows[i].parts)
    return _of_answers(_of_sentences(rows), rows, summaries)


def _rows(output: str, *, lectures: bool, count: float) -> list[Row]:
    """Return an answer, of a lecture what does not refuse in words, and how it begins if long."""
    parts = sentences(plain_text(output))
    if lectures:
        parts = [part for part in parts if not REFUSES.search(part)]
    if not parts:
        return []
    begins = [Row(parts[:BEGINNING], lectures, count / 2)] if len(parts) > LONG else []
    return [Row(parts, lectures, count), *begins]


@cache
def _features(sentence: str, first: bool) -> dict[str, float]:
    """Return what a sentence is fitted by; names of signs begin with a tab."""
    grams = word_grams(sentence)
    marks = {f"\t{sign}": SIGN_OF_SENTENCE for sign in sentence_signs(sentence, first)}
    return {**dict.fromkeys(grams, len(grams) ** -0.5), **marks}


def _of_sentences(rows: Sequence[Row]) -> Model:
    """Return a model whose regression of sentences is fitted, the one of answers not yet."""
    found: list[dict[str, float]] = []
    labels: list[float] = []
    counts: list[float] = []
    for row in rows:
        read = row.parts[:SENTENCES_READ]
        found += [_features(part, not index) for index, part in enumerate(read)]
        labels += [float(row.lectures)] * len(read)
        counts += [row.weight / len(read) ** 0.5] * len(read)
    seen = Counter(name for one in found for name in one)
    names = sorted(name for name, n in seen.items() if n >= RARE)
    weights, bias = logistic(matrix(found, names), labels, counts, SENTENCE_PENALTY)
    words = rounded(names, weights)
    marks = {name[1:]: words.pop(name) for name in tuple(words) if name.startswith("\t")}
    marks = {name: round(weight * SIGN_OF_SENTENCE, 2) for name, weight in marks.items()}
    return Model(bias, marks, words, 0.0, {}, ())


def _of_answers(model: Model, rows: Sequence[Row], summaries: Sequence[tuple[float, ...]]) -> Model:
    """Return a model whose regression of answers is fitted, too."""
    marks = [dict.fromkeys(signs(row.parts), SIGN_OF_ANSWER) for row in rows]
    design = csr_array(hstack([csr_array(np.array(summaries)), matrix(marks, NAMES)]))
    weights, bias = logistic(
        design, [float(row.lectures) for row in rows], [row.weight for row in rows], ANSWER_PENALTY
    )
    length = len(summaries[0])
    return replace(
        model,
        bias=bias,
        signs=rounded(NAMES, weights[length:] * SIGN_OF_ANSWER),
        summary=tuple(round(float(one), 2) for one in weights[:length]),
    )


def written(model: Model) -> str:
    """Return the file that holds a model, an entry a line."""
    return json.dumps(asdict(model), ensure_ascii=False, indent=0, sort_keys=True) + "\n"


def training_data(where: Path) -> list[Labelled | Styled]:
    """Return what the model is fitted to besides the harmful answers."""
    real = agreed(one for model in FITTED for one in answers(where, model))
    return [*real, *own_examples(), *styled_examples()]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="folder of xstest/ and pyrit/")
    data = parser.parse_args().data
    where, rated = folder(data), pyrit.folder(data)
    if where is None or rated is None:
        sys.exit(
            "no folders xstest/ and pyrit/ were found; give the folder that holds both: --data"
        )
    model = fitted(training_data(where), pyrit.harmful(rated))
    WEIGHTS.write_text(written(model), encoding="utf-8")
