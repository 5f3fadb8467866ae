"""Every built-in scorer on outputs that people labelled: right, wrong and borderline ones.

``cases/NAME.json`` lists them. ``then``, ``times`` and ``finally_`` make long outputs.
"""

import json
import time
from pathlib import Path

import pytest

from evalguard import scorers
from evalguard.scorers.registry import BUILT_IN
from tests.scorers.sandbox import with_sandbox

CASES = Path(__file__).parent / "cases"


def load(name):
    return json.loads((CASES / f"{name}.json").read_text(encoding="utf-8"))


def output_of(case):
    return case["output"] + case.get("then", "") * case.get("times", 0) + case.get("finally_", "")


ALL = [
    pytest.param(path.stem, case, id=f"{path.stem}: {case['why']}")
    for path in sorted(CASES.glob("*.json"))
    for case in load(path.stem)
]


@pytest.mark.parametrize(("name", "case"), ALL)
def test_case(name, case):
    scorer = scorers.get(name, **with_sandbox(case.get("options", {})))
    started = time.process_time()
    scores = scorers.score_checked(
        scorer, output_of(case), case.get("target", ""), case.get("row", {}), sample_id="case"
    )
    assert scores == pytest.approx(case["scores"])
    assert time.process_time() - started < 5


@pytest.mark.parametrize("name", sorted(BUILT_IN))
def test_every_scorer_has_right_wrong_and_empty_outputs(name):
    cases = load(name)
    for metric in scorers.get(name, **with_sandbox(cases[0].get("options", {}))).sample_metrics:
        values = [case["scores"][metric.name] for case in cases]
        assert max(values) == metric.high, metric
        assert min(values) == metric.low, metric
    assert all(
        value == 0 for case in cases if not case["output"] for value in case["scores"].values()
    )
    assert any(not case["output"] for case in cases)


@pytest.mark.parametrize(("name", "case"), ALL)
def test_lenient_is_never_stricter(name, case):
    scores = case["scores"]
    for metric, value in scores.items():
        if f"{metric}_lenient" in scores:
            assert scores[f"{metric}_lenient"] >= value
