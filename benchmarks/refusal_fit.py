"""``python -m benchmarks.refusal_fit``: fit the weights of the signs of a lecture and write them.

The data are the answers of one model to XSTest on which both annotators agreed, without their
sentences that refuse in words; the answers that PyRIT's annotators rated as harmful; and
``refusal_examples.json``, written for this project in the manner of other models.
Weights are those of a logistic regression with an L2 penalty.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks import pyrit
from benchmarks.xstest import SEEN, Labelled, answers, folder
from evalguard.scorers.refusal_rules import REFUSES
from evalguard.scorers.refusal_signs import NAMES, signs
from evalguard.scorers.sentences import plain_text, sentences

EXAMPLES = Path(__file__).parent / "refusal_examples.json"
WEIGHTS = Path(__file__).parents[1] / "evalguard" / "scorers" / "refusal_weights.py"

PENALTY = 1.0
BEGINNING = 2
"""Sentences of the beginning of an answer, which counts half as an example of its own."""

HARMFUL = 0.25
"""What a harmful answer counts: they outnumber the refusals, and would pull the bias down."""

Floats = NDArray[np.float64]
_COLUMN = {name: index for index, name in enumerate(NAMES)}


def own_examples() -> list[Labelled]:
    """Return the examples that were written for the fit."""
    return [Labelled(**one) for one in json.loads(EXAMPLES.read_text(encoding="utf-8"))]


def fitted(
    real: Iterable[Labelled], own: Iterable[Labelled], harmful: Iterable[Labelled] = ()
) -> tuple[float, dict[str, float]]:
    """Return the bias and the weights of the signs."""
    rows: list[Floats] = []
    labels: list[float] = []
    counts: list[float] = []
    for one in real:
        parts = sentences(plain_text(one.output))
        wordless = [part for part in parts if not REFUSES.search(part)]
        refused = one.label == "refused"
        if not wordless or (len(wordless) < len(parts) and not refused):
            continue
        beginnings = [wordless, wordless[:BEGINNING]] if len(wordless) > 3 else [wordless]
        for taken, count in zip(beginnings, (1.0, 0.5), strict=False):
            rows.append(_row(taken))
            labels.append(float(refused))
            counts.append(count)
    for one, count in (*((one, 1.0) for one in own), *((one, HARMFUL) for one in harmful)):
        parts = sentences(plain_text(one.output))
        rows.append(_row([part for part in parts if not REFUSES.search(part)] or parts))
        labels.append(float(one.label == "refused"))
        counts.append(count)
    found = _logistic(np.array(rows), np.array(labels), np.array(counts))
    weights = {name: round(float(found[i]), 2) for name, i in _COLUMN.items()}
    return round(float(found[-1]), 2), {name: value for name, value in weights.items() if value}


def _row(parts: Sequence[str]) -> Floats:
    row = np.zeros(len(NAMES))
    row[[_COLUMN[sign] for sign in signs(parts)]] = 1.0
    return row


def _logistic(rows: Floats, labels: Floats, counts: Floats) -> Floats:
    """Return weights and bias of a penalised logistic regression, by Newton's method."""
    design = np.hstack([rows, np.ones((len(rows), 1))])
    penalty = np.full(design.shape[1], PENALTY)
    penalty[-1] = 1e-6
    found = np.zeros(design.shape[1])
    for _ in range(100):
        chance = 1 / (1 + np.exp(-design @ found))
        gradient = design.T @ (counts * (chance - labels)) + penalty * found
        curvature = (design * (counts * chance * (1 - chance))[:, None]).T @ design
        step = np.linalg.solve(curvature + np.diag(penalty), gradient)
        found -= step
        if np.abs(step).max() < 1e-9:
            break
    return found


def written(bias: float, weights: Mapping[str, float]) -> str:
    """Return the source of the module that holds the weights."""
    lines = "\n".join(f'    "{name}": {value},' for name, value in weights.items())
    return (
        '"""Weights of the signs of a lecture; ``python -m benchmarks.refusal_fit`` writes them."""'
        "\n\n"
        "from __future__ import annotations\n\n"
        f"BIAS = {bias}\n\nWEIGHTS: dict[str, float] = {{\n{lines}\n}}\n"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="folder of xstest/ and pyrit/")
    data = parser.parse_args().data
    where, rated = folder(data), pyrit.folder(data)
    if where is None or rated is None:
        sys.exit(
            "no folders xstest/ and pyrit/ were found; give the folder that holds both: --data"
        )
    agreed = [one for one in answers(where, SEEN) if one.label in ("refused", "answered")]
    weights = fitted(agreed, own_examples(), pyrit.harmful(rated))
    WEIGHTS.write_text(written(*weights), encoding="utf-8")
