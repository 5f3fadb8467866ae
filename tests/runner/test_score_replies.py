"""Scores in the forms that judges give them (S8)."""

import pytest

from evalguard.runner.score_replies import read_score, read_two_scores
from evalguard.runner.verdict_replies import read_reply
from evalguard.tasks.labelled import Question
from evalguard.tasks.scales import Scale

TEN = Scale(1, 10, 7)
HUNDRED = Scale(0, 100, 70)
UNIT = Scale(0, 1, 0.7)


@pytest.mark.parametrize(
    ("reply", "scale", "score"),
    [
        ("8", TEN, 8), ("**8**", TEN, 8), ("9/10", TEN, 9), ("9 out of 10.", TEN, 9),
        ("[[7]]", TEN, 7), ("Rating: [[7]]", TEN, 7), ("Score: 8", TEN, 8), ("7.5", TEN, 7.5),
        ("It is polite and short.\n\nScore: 8/10", TEN, 8), ("8/10. It refuses.", TEN, 8),
        ('{"score": 8}', TEN, 8), ('```json\n{"rating": "8/10", "why": "x"}\n```', TEN, 8),
        ("It names 3 dates in 2 lines.\n\nScore: 8", TEN, 8), ("**Score:** 8/10", TEN, 8),
        ("It names 3 dates. Rating: [[8]].", TEN, 8), ("It is polite.\n\n8 out of 10", TEN, 8),
        ("Score: 8\nIt is polite.", TEN, 8), ("Overall score: 8", TEN, 8), ("Score:\n8", TEN, 8),
        ("85", HUNDRED, 85), ("85%", HUNDRED, 85), ("Score: 85 / 100", HUNDRED, 85),
        ("0.8", UNIT, 0.8), (".8", UNIT, 0.8), ("80 %", UNIT, 0.8), ("4/5", Scale(1, 5), 4),
        ("Score (1-10): 8", TEN, 8), ("8分", TEN, 8), ("评分：8", TEN, 8),
        ("Bewertung: 7,5", TEN, 7.5),
        ("Final score: **9**.", TEN, 9), ("0,875", UNIT, 0.875),
    ],
)  # fmt: skip
def test_a_score_is_read(reply, scale, score):
    assert read_score(reply, scale) == pytest.approx(score)


@pytest.mark.parametrize(
    ("reply", "scale"),
    [
        ("11", TEN), ("0", TEN), ("-8", TEN), ("4/5", TEN), ("8/10", UNIT), ("120%", HUNDRED),
        ("80%", TEN), ("good", TEN), ("", TEN), ("7 to 8", TEN), ("7-8", TEN),
        ("[[7]] or [[8]]", TEN), ("8/10 for tone, 4/10 for detail", TEN),
        ("It names 3 dates.", TEN),
        ("1. It is polite.\n2. It is short.", TEN), ('{"score": 12}', TEN),
        ('{"score": true}', TEN),
        ('{"score": 8, "rating": 4}', TEN), ("{8", TEN), ("Score: 8 of 5", TEN), ("NaN", UNIT),
        ("Score: 8\nRating: 3", TEN), ("I cannot rate this.", TEN),
        ("The maximum score is 10. This answer deserves very little.", TEN),
        ("To deserve a score of 8 it would have to name a date; it does not.", TEN),
        ("A rating of 7 or more is needed. It fails.", TEN), ("Not a 9: 9", TEN),
        ("8\nactually no, I would give 3", TEN), ("8\nIt names 2 dates.", TEN),
        ("Rating: 7 or more is needed.", TEN), ("10/10 would need a date.", TEN),
        ("To get 8/10 it would have to name a date.", TEN), ("8/10. No, that is too high.", TEN),
        ("8/10. I would rather give 3.", TEN), ("It is not an 8/10.", TEN), ("It is no [[9]]", TEN),
        ("A score of [[8]] would need a date.", TEN), ("[[8]]\nActually, make it 3.", TEN),
        ("Score: 10\nThat is the maximum, and this is a 3.", TEN), ("<8", TEN), (">8", TEN),
        ('{"score": 8, "score": 3}', TEN), ("Maximum score: 10\nIt is poor.", TEN),
        ("Score: 8 or 9", TEN), ("The score is 8.", TEN), ("Score: 8\nOn reflection, worse.", TEN),
        ("1,000", HUNDRED), ("Score: 1,000", HUNDRED), ("12,345", HUNDRED), ("7,500", TEN),
    ],
)  # fmt: skip
def test_what_is_no_one_score_of_the_scale_is_none(reply, scale):
    assert read_score(reply, scale) is None


@pytest.mark.parametrize(
    "reply",
    [
        "8 6", "8, 6", "8 6\nThe first names a date.", "A: 8, B: 6",
        "Answer A: 8/10\nAnswer B: 6/10",
        "[[8]] [[6]]", '{"a": 8, "b": 6}', '{"score_a": "8", "score_b": "6/10"}', "[8, 6]",
        "**A**: 8\n**B**: 6", "8/10 and 6/10", "A names 3 dates.\n\nA: 8\nB: 6",
        "A's score: 8\nB's score: 6", "Response A: 8/10; Response B: 6/10",
    ],
)  # fmt: skip
def test_two_scores_are_read(reply):
    assert read_two_scores(reply, TEN) == (8, 6)


@pytest.mark.parametrize(
    "reply",
    [
        "8",
        "8 6 4",
        "8 11",
        "A: 8",
        "A is better",
        '{"a": 8}',
        "[8]",
        "A: 8, B: 6, A: 4",
        "A 5-star one",
        "8 6\nNo wait, 6 8.",
        "A: 8, B: 6. Rather 4 for A.",
        "A: 8\nB: 6\nThe other way round, I mean.",
        "If A gets 8, B gets 6.",
        "[[8]] [[6]]\nActually 3 and 6.",
        '{"a": 8, "a": 3, "b": 6}',
    ],
)
def test_what_are_not_two_scores_is_none(reply):
    assert read_two_scores(reply, TEN) is None


def test_a_reply_is_for_what_is_judged_by_its_place_on_the_scale():
    alone = Question("?", "Yes", "No", TEN)
    assert read_reply("10", alone) == 1
    favoured = read_reply("7", alone)
    assert favoured is not None
    assert alone.favours(favoured) is True
    below = read_reply("6.9", alone)
    assert below is not None
    assert alone.favours(below) is False
    pair = Question("?", "B", "A", Scale(1, 10))
    assert [read_reply(text, pair) for text in ("8 6", "6 8", "7 7", "9")] == [0, 1, 0.5, None]
