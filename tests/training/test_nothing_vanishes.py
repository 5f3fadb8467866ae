"""What a row says is trained on, named, or refused: rows that other readers would half read."""

from __future__ import annotations

import pytest

from evalguard.training.formats import Layout, read
from evalguard.training.rows import RawRow

USER = {"role": "user", "content": "Which city?"}
OLD = {"role": "assistant", "content": "Rome?"}
LAST = {"role": "user", "content": "No, the other."}
ANSWER = {"role": "assistant", "content": "Oslo."}


def reading(row, **layout):
    return read([RawRow("rows.jsonl", 1, row)], Layout(**layout))


@pytest.mark.parametrize(
    ("row", "message"),
    [
        # a list of texts where one text is needed
        ({"question": "Q", "answer": ["A", "B"]}, "'answer' is a list of texts"),
        ({"prompt": "Q", "completion": ["one", "two", "three"]}, "'completion' is a list of texts"),
        ({"prompt": ["q1", "q2"], "completion": "r"}, "'prompt' is a list of texts"),
        ({"prompt": "Q", "chosen": ["good"], "rejected": ["bad"]}, "is a list of texts"),
        # the answer, or a part of the question, stands in another column
        ({"messages": [USER, OLD, LAST], "response": "Oslo."}, "has 'response'"),
        ({"messages": [USER, OLD, LAST], "choices": [{"message": ANSWER}]}, "has 'choices'"),
        ({"prompt": "Which city?", "text": "Oslo."}, "has 'prompt'"),
        ({"text": "Which city?", "response": "Oslo."}, "has 'response'"),
        ({"text": "A long act.", "summary": "An act."}, "has 'summary'"),
        ({"text": "Buy now!", "label": "spam"}, "has 'label'"),
        ({"messages": [USER, ANSWER], "history": [["Hi", "Hello."]]}, "has 'history'"),
        ({"prompt": "Q", "completion": "r", "rejected_response": "bad"}, "'rejected_response'"),
        (
            {"prompt": "Q", "chosen": "a", "rejected": "b", "reasoning": "because of c"},
            "has 'reasoning'",
        ),
        ({"question": "Which?", "answer": "B", "options": ["A: Rome", "B: Oslo"]}, "'options'"),
        # one message of several
        (USER, "holds one message"),
        ({"speaker": "Ann", "text": "Hello."}, "holds one message"),
        ({"parent_id": "1", "text": "Hello.", "role": "prompter"}, "holds one message"),
        # a switch is no reasoning
        ({"input": "Q", "output": "r", "reasoning": "on"}, "'reasoning' is 'on', not reasoning"),
        ({"messages": [USER, ANSWER | {"thinking": True}]}, "thinking is True, not reasoning"),
        ({"messages": [USER, ANSWER | {"reasoning": "low"}]}, "reasoning is 'low'"),
        (
            {
                "messages": [
                    USER,
                    {**ANSWER, "content": "<think>hm</think>Oslo.", "reasoning": "hm"},
                ]
            },
            "its reasoning twice",
        ),
        ({"messages": [USER, ANSWER | {"channel": "analysis"}, ANSWER]}, "channel 'analysis'"),
        # what is not meant for training
        ({"messages": [USER, OLD | {"deleted": True}, LAST, ANSWER]}, "holds 'deleted'"),
        ({"messages": [USER, ANSWER | {"mask": True}]}, "holds 'mask'"),
        ({"messages": [USER, ANSWER | {"train_on_turn": False}]}, "no answer carries loss"),
        # tables fill in what they lack
        (
            {
                "messages": [USER, ANSWER],
                "tools": [{"name": "f", "parameters": {"properties": {"a": {}, "b": None}}}],
            },
            "parameter 'b' is null",
        ),
        ({"prompt": [USER, OLD], "completion": [ANSWER]}, "the beginning of the answer"),
    ],
)
def test_what_would_be_half_read_is_refused(row, message):
    found = reading(row)
    assert not found.examples
    assert message in found.problems[0].message


@pytest.mark.parametrize(
    "row",
    [
        {"prompt": "Which city?", "messages": [USER, ANSWER]},  # UltraChat repeats its prompt
        {"messages": [USER, ANSWER], "text": "<|user|>Which city?"},  # rendered
        {"question": "Q", "answer": "r", "category": "geography"},
        {"messages": [USER, ANSWER | {"channel": "final"}]},
    ],
)
def test_what_is_said_twice_or_beside_the_matter_is_not(row):
    assert reading(row).problems == ()


@pytest.mark.parametrize("flag", [{"train": False}, {"loss": 0}, {"weight": 0}, {"train": "false"}])
def test_a_row_that_is_not_to_be_trained_on_is_left_out_and_counted(flag):
    found = reading({"prompt": "Q", "completion": "r"} | flag)
    assert (found.examples, found.problems) == ((), ())
    assert list(found.remarks) == ["left out, of weight 0"]


def test_a_question_that_the_answer_repeats_is_asked_once():
    (example,) = reading({"prompt": [USER], "completion": [USER, ANSWER]}).examples
    assert [m["content"] for m in example.messages] == ["Which city?", "Oslo."]


@pytest.mark.parametrize(
    ("row", "layout"),
    [
        ({"text": "Buy now!", "label": "spam"}, {"ignore": ("label",)}),
        ({"text": "Which city?", "response": "Oslo."}, {"format": "text"}),
        ({"role": "user", "content": "Hello."}, {"format": "text"}),
    ],
)
def test_the_config_can_leave_out_what_it_names(row, layout):
    assert reading(row, **layout).problems == ()


@pytest.mark.parametrize("column", ["response_0", "answers", "completions", "question_id"])
def test_a_name_of_its_own_is_not_taken_for_a_misspelt_one(column):
    (problem,) = reading({column: "x"}).problems
    assert "Did you mean" not in problem.message
