"""Which outputs give an answer, and which only mention one.

``given.json`` lists outputs by what keeps them from giving the target: a bound ("at least 4"), an
operand ("4 plus 3"), another's view, the next question of a list. Those under ``kept`` look alike
and do give it.
"""

import json
from pathlib import Path

import pytest

from evalguard import scorers
from evalguard.scorers.turns import own_part

LABELS = ["positive", "negative", "neutral", "toxic", "spam", "true", "false"]
CHOICES = {"choices": ["Osmosis", "Mitosis", "Photosynthesis", "Respiration"]}
GIVEN = json.loads((Path(__file__).parent / "given.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("kind", GIVEN)
def test_only_an_answer_that_is_given_counts(kind):
    wrong = []
    for case in GIVEN[kind]:
        labels = {"labels": LABELS} if case["scorer"] == "label" else {}
        scorer = scorers.get(case["scorer"], **(labels | case.get("options", {})))
        scores = scorer.score(case["output"], case["target"], CHOICES)
        if any(scores.values()) != case["right"]:
            wrong.append((case["target"], case["output"], scores))
    assert wrong == []


@pytest.mark.parametrize("answer", ["15", "C", "Paris", "The answer is 15.", "**Answer:** C"])
@pytest.mark.parametrize(
    "turn",
    [
        "Question: What next?",
        "**Q2:** What next?",
        "## Problem 3\nWhat next?",
        "Aufgabe 2: Was nun?",
        "問題：次は？",
        "<|im_start|>user\nWhat next?<|im_end|>",
        "[INST] What next? [/INST]",
        "### Instruction:\nWhat next?",
        "Utilisateur : Et ensuite ?",
    ],
)
def test_what_follows_the_next_question_is_not_the_answer(answer, turn):
    assert own_part(f"{answer}\n\n{turn}\nAnswer: 12").strip() == answer


@pytest.mark.parametrize(
    "output",
    [
        "Question: How many?\nAnswer: 15",
        "Sure, here it is.\n\n**Question:** How many?\n**Answer:** 15",
        "Context: 3 boxes of 5.\nQuestion: How many?\nAnswer: 15",
        "Question 1: How many boxes? 3.\nQuestion 2: How many in each? 5.\nAnswer: 15",
        "```\nQuestion: x\n```\nThat prints 15.",
        "The following question decides it:\nQuestion: How many?\nAnswer: 15",
        "15",
    ],
)
def test_a_question_restated_or_led_up_to_is_part_of_the_output(output):
    assert own_part(output) == output


def test_a_target_with_a_question_in_it_is_looked_for_in_all_of_the_output():
    target = "Menu\n\nQ: Open on Sundays?\nA: No"
    assert scorers.get("contains").score(f"Here is it.\n\n{target}", target, {})["contains"] == 1
