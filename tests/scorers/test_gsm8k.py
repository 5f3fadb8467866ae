"""The numeric scorer against 5,276 graded solutions of real models.

Of the 1,319 problems times four models, the lenient and the strict metric both agree with the
published ``is_correct`` in every case: the solutions end in a line ``A: 26``, which both read.
No disagreement is left to explain.
"""

import json
from collections import defaultdict
from pathlib import Path

import pytest

from evalguard import scorers

FOLDER = Path(__file__).parents[2].parent / "shared" / "data" / "gsm8k"


def solutions():
    """Return the text of every solution."""
    return [solution for _, solution, _, _ in _graded()]


def _graded():
    if not FOLDER.is_dir():
        pytest.skip(f"real solutions are read from {FOLDER.name}/, which is not here")
    lines = (FOLDER / "example_model_solutions.jsonl").read_text(encoding="utf-8").splitlines()
    golds = (FOLDER / "test.jsonl").read_text(encoding="utf-8").splitlines()
    for line, gold in zip(lines, golds, strict=True):
        for model, graded in json.loads(line).items():
            if isinstance(graded, dict):
                yield model, graded["solution"], graded["is_correct"], json.loads(gold)["answer"]


def test_numeric_agrees_with_the_published_grades():
    numeric = scorers.get("numeric")
    agreed: dict[str, int] = defaultdict(int)
    right: dict[str, float] = defaultdict(float)
    graded = list(_graded())
    for model, solution, correct, gold in graded:
        scores = numeric.score(solution, gold, {})
        for metric, value in scores.items():
            agreed[metric] += bool(value) == correct
        right[model] += scores["numeric"]
    assert len(graded) == 5276
    assert agreed["numeric_lenient"] / len(graded) >= 0.99
    assert agreed["numeric"] / len(graded) >= 0.99
    share = {model: round(100 * count / 1319, 1) for model, count in right.items()}
    assert share == {
        "6b_finetuning": 21.7,
        "6b_verification": 39.0,
        "175b_finetuning": 34.7,
        "175b_verification": 56.3,
    }


@pytest.mark.parametrize("every", [8, pytest.param(1, marks=pytest.mark.slow)])
def test_without_its_mark_the_answer_is_found_leniently(every):
    """A model that stops writing ``A:`` loses the format, not the ability: 98.8 % still agree."""
    numeric = scorers.get("numeric")
    agreed, stated = 0, 0.0
    graded = list(_graded())[::every]
    for _, solution, correct, gold in graded:
        unmarked = "\n".join(line for line in solution.splitlines() if not line.startswith("A:"))
        scores = numeric.score(unmarked, gold, {})
        agreed += bool(scores["numeric_lenient"]) == correct
        stated += scores["numeric"]
    assert agreed / len(graded) > 0.985
    assert stated == 0
