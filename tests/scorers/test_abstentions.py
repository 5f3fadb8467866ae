"""What a text leaves out is told from what it denies."""

import pytest

from evalguard.scorers import abstention
from evalguard.scorers.abstention import Grounding, grounding
from evalguard.scorers.abstention_model import Model, shipped
from evalguard.scorers.detection import examples


def of(category):
    return [one.output for one in examples("abstention_mixed") if one.category == category]


@pytest.mark.parametrize("output", of("leaves_out"))
def test_what_the_text_leaves_out_is_an_abstention(output):
    assert grounding(output) is Grounding.ABSTAINED


@pytest.mark.parametrize("output", of("only_denies"))
def test_what_only_denies_something_is_no_abstention(output):
    assert grounding(output) is not Grounding.ABSTAINED


def test_the_last_sentence_sums_up():
    facts = "The train left at nine. It was full. Two stops were skipped. "
    assert grounding(facts + "So the question cannot be answered.") is Grounding.ABSTAINED
    assert grounding(facts + "Final answer: unknown") is Grounding.ABSTAINED
    assert grounding(facts + "So it arrived at ten.") is Grounding.ANSWERED


def test_an_answer_before_an_abstention_leaves_it_open():
    output = (
        "The merger was valued at 2.3 billion dollars [3]. The other documents don't discuss it."
    )
    assert grounding(output) is Grounding.UNDETERMINED


@pytest.mark.parametrize(
    "output",
    [
        "I've been handed one page only, so the price is beyond me.",
        "That paragraph is not in my copy of the lease.",
        "That page is not among my scans.",
    ],
)
def test_what_no_rule_knows_is_weighed(output, monkeypatch):
    assert grounding(output) is Grounding.ABSTAINED
    monkeypatch.setattr(abstention, "shipped", lambda: Model(-9.0, {}, {}))
    assert grounding(output) is not Grounding.ABSTAINED


def test_what_denies_nothing_is_never_weighed_as_an_abstention():
    assert shipped().odds(["the text says where he lived."]) == float("-inf")
    assert shipped().odds(["the text doesn't say where he lived."]) > 0


@pytest.mark.parametrize(
    "output",
    [
        "We don't know x yet, but x + 3 = 10, so x = 7",
        "Nobody paid twice: 4 * 5 = 20 #### 20",
        "Not all 12 were sold, so 12 - 5 = 7",
    ],
)
def test_what_works_out_a_number_is_not_weighed_as_an_abstention(output):
    assert grounding(output) is not Grounding.ABSTAINED
