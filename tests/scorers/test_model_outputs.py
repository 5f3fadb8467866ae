"""Answers in the manner of real models, written without regard to the rules that read them.

Each of ``model_outputs.json`` gives the target or does not (``given``). Most of the wrong ones
hold the target somewhere: as a step, an example, a retracted or somebody else's answer. Those
that words score ``partly``, and the right ones that a ``limit`` of the rules loses, say so.
"""

import json
from pathlib import Path

import pytest

from evalguard import scorers
from evalguard.scorers.thinking import Thinking
from tests.scorers.sandbox import with_sandbox

OUTPUTS = json.loads((Path(__file__).parent / "model_outputs.json").read_text(encoding="utf-8"))
OPENED = "<|User|>Q<|Assistant|><think>\n"
KINDS = sorted({(one["scorer"], one["given"]) for one in OUTPUTS})
LIMITS = [one for one in OUTPUTS if one.get("limit")]


def kind(case):
    """Return the group of an output; a known limit is in none."""
    return None if case in LIMITS else (case["scorer"], case["given"])


def credit(case):
    """Return the strict and the lenient score of what a model answered after its thinking."""
    prompt = OPENED if case.get("opened") else ""
    split = Thinking().split(case["output"], prompt=prompt)
    row = {"choices": case["choices"]} if "choices" in case else case.get("row", {})
    scorer = scorers.get(case["scorer"], **with_sandbox(case.get("options", {})))
    scores = scorer.score("" if split.unclosed else split.answer, case["target"], row)
    names = {"json_fields": "json_fields_all"}
    strict = names.get(case["scorer"], case["scorer"])
    return scores[strict], scores.get(f"{strict}_lenient", scores[strict])


@pytest.mark.parametrize(("scorer", "given"), KINDS)
def test_only_a_given_answer_gets_credit(scorer, given):
    cases = [one for one in OUTPUTS if kind(one) == (scorer, given)]
    wrong = [
        (case["target"], case["output"], scores)
        for case in cases
        if max(scores := credit(case)) != float(given)
        and not (case.get("partly") and 0 < max(scores) < 1)
    ]
    assert wrong == []
    assert cases


@pytest.mark.parametrize("case", LIMITS, ids=[one["output"] for one in LIMITS])
def test_a_known_limit_loses_a_right_answer_and_credits_no_wrong_one(case):
    assert case["given"]
    assert credit(case) == (0, 0)
