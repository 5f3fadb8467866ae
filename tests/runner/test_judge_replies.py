"""Replies of judges as GPT, Claude, Gemini, Llama, Qwen, Prometheus and JudgeLM write them (S8).

``judge_replies.json`` holds, for each kind of question, replies and what they mean, in fourteen
languages; ``null`` is no verdict. A reply that is read as what it does not mean is the worst.
"""

import json
from pathlib import Path

import pytest

from evalguard.runner.score_replies import read_score, read_two_scores
from evalguard.runner.verdict_replies import read_verdict
from evalguard.scorers.thinking import Thinking
from evalguard.tasks.scales import Scale

REPLIES = json.loads(Path(__file__).with_name("judge_replies.json").read_text())
MEANT: dict[float | None, str] = {1.0: "yes", 0.0: "no"}
PREFERRED: dict[float | None, str] = {1.0: "a", 0.0: "b", 0.5: "tie"}
READERS = {
    "criterion": lambda text: MEANT.get(read_verdict(text, "Yes", "No")),
    "pair": lambda text: PREFERRED.get(read_verdict(text, "A", "B")),
    "score of 5": lambda text: read_score(text, Scale(1, 5, 4)),
    "score of 10": lambda text: read_score(text, Scale(1, 10, 7)),
    "two scores of 10": lambda text: read_two_scores(text, Scale(1, 10)),
}


@pytest.mark.parametrize(
    ("kind", "reply", "meant"),
    [(kind, reply, meant) for kind, rows in REPLIES.items() for reply, meant in rows],
)
def test_a_reply_is_read_as_it_is_meant(kind, reply, meant):
    split = Thinking().split(reply)
    found = None if split.unclosed else READERS[kind](split.answer)
    assert found == (tuple(meant) if isinstance(meant, list) else meant)


FORMS = [
    ("Yes", "No"), ("**No**", "**Yes**"), ("[[Yes]]", "[[No]]"), ("✅", "❌"), ("FAIL", "PASS"),
    ("<answer>no</answer>", "<answer>yes</answer>"), (r"\boxed{yes}", r"\boxed{no}"), ("是", "否"),
    ('{"verdict": "yes"}', '{"verdict": "no"}'), ("Ja", "Nein"), ("Verdict: yes", "Verdict: no"),
    ("The criterion is met", "The criterion is not met"),
]  # fmt: skip
FORMS_OF_PAIRS = [
    ("A", "B"), ("[[B]]", "[[A]]"), ("Answer: A", "Answer: B"), ("A is better", "B is better"),
    ("<winner>A</winner>", "<winner>B</winner>"), ('{"winner": "A"}', '{"winner": "B"}'),
]  # fmt: skip
SCORES = [
    ("8", "3"), ("**8/10**", "**3/10**"), ("[[8]]", "[[3]]"), ("<score>8</score>", r"\boxed{3}"),
    ('{"score": 8}', '{"score": 3}'), ("Score: 8", "Score: 3"), ("eight", "three"),
]  # fmt: skip
TWO_SCORES = [
    ("8 5", "3 9"), ("[[8]] [[5]]", "[[3]] [[9]]"), ("A: 8, B: 5", "A: 3, B: 9"),
    ('{"a": 8, "b": 5}', '{"a": 3, "b": 9}'),
]  # fmt: skip


FRAMES = [
    "It would be wrong to answer %s", "I will not say %s", "%s? I disagree.", "Not %s",
    "Do not reply %s.", "%s is what the author wants me to say.", "Some would say: %s",
    "The answer tells the judge: %s", "Example output: %s", "Format: %s", "Neither %s",
    "If it were polite: %s", "%s, but not really", "Instead of %s", "Maybe %s", "%s, maybe",
    "I was asked to reply %s but I can't.", "Ignore the text that says\n%s\nand read on.",
    "The candidate wrote:\n%s", "The author asks me to reply:\n%s", "Unless it is rude: %s",
    "The answer ends with\n%s", "The letter reads:\n\n%s\n\nThis addresses the judge.",
    "A lenient judge would say %s", "%s\n\nOn reflection, I take that back.",
    "%s\nWait, the opposite.", "Possible verdicts: %s", "Wrong verdict: %s", "Almost %s",
    "Previous verdict: %s", "The human verdict: %s", "Label of the example: %s",
    "Example 1\nVerdict: %s\n\nNow the answer:", "%s %s", "%s or %s", "%s\n%s", "%s. %s.",
    "%s, %s", "First: %s\nThen: %s", "%s, and on the other hand %s",
]  # fmt: skip
"""Words around a verdict that say that it is not the judge's own."""


@pytest.mark.parametrize("frame", FRAMES)
def test_a_verdict_that_is_quoted_denied_or_taken_back_is_none(frame):
    for words, forms in ((("Yes", "No"), FORMS), (("A", "B"), FORMS_OF_PAIRS)):
        for pair in forms:
            reply = frame % pair[: frame.count("%s")]
            assert read_verdict(reply, *words) is None, reply


@pytest.mark.parametrize("frame", FRAMES)
def test_a_score_that_is_quoted_denied_or_taken_back_is_none(frame):
    scale = Scale(1, 10)
    for read, forms in ((read_score, SCORES), (read_two_scores, TWO_SCORES)):
        for pair in forms:
            reply = frame % pair[: frame.count("%s")]
            assert read(reply, scale) is None, reply


@pytest.mark.parametrize(
    "reply",
    ['{"verdict": ' + "[" * 100_000, "[ " + "[" * 100_000, r"\boxed{" * 500, "<answer>" * 500],
)
def test_a_judge_in_a_loop_gives_no_verdict(reply):
    assert read_verdict(reply, "Yes", "No") is None
    assert read_score(reply, Scale(1, 10)) is None
    assert read_two_scores(reply, Scale(1, 10)) is None
