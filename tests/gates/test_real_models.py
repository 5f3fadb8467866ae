"""Four real fine-tuned models on the same 1,319 problems, compared pairwise."""

import json
from itertools import permutations
from pathlib import Path

import pytest

from evalguard.gates.decide import decide
from evalguard.records import Verdict
from tests.gates.build import compared

FILE = Path(__file__).parents[2].parent / "shared/data/gsm8k/example_model_solutions.jsonl"
MODELS = ("6b_finetuning", "6b_verification", "175b_finetuning", "175b_verification")


@pytest.fixture(scope="module")
def correct():
    if not FILE.exists():
        pytest.skip("the published GSM8K model solutions are not beside the repository")
    rows = [json.loads(line) for line in FILE.read_text().splitlines()]
    return {model: [int(row[model]["is_correct"]) for row in rows] for model in MODELS}


def test_verification_improves_on_fine_tuning(correct):
    (result,) = decide([compared(correct["6b_finetuning"], correct["6b_verification"])])
    assert (result.losses, result.gains, result.n) == (64, 293, 1319)
    assert result.verdict is Verdict.PASS
    assert "improved" in result.flags


def test_the_other_way_round_fails(correct):
    (result,) = decide([compared(correct["6b_verification"], correct["6b_finetuning"])])
    assert result.verdict is Verdict.FAIL


@pytest.mark.parametrize(("before", "after"), list(permutations(MODELS, 2)))
def test_every_pair_is_decided_as_its_difference_says(correct, before, after):
    """With a margin of 5 points; one pair lies 4.3 points apart, which 1,319 cannot settle."""
    (result,) = decide([compared(correct[before], correct[after])])
    difference = (sum(correct[after]) - sum(correct[before])) / 1319
    if difference > 0:
        assert result.verdict is Verdict.PASS
    elif difference < -0.05:
        assert result.verdict is Verdict.FAIL
    else:
        assert result.verdict is Verdict.INCONCLUSIVE
        assert result.required_n is not None
