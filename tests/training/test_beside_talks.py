"""Conversations in other shapes: exchanges as one object, the rejected answer beside them."""

import json
from typing import Any

import pytest

from evalguard.training.audit import audit
from evalguard.training.formats import read
from evalguard.training.formats.layout import Layout
from evalguard.training.rows import RawRow

ASKED = {"role": "user", "content": "hi"}
ANSWER = {"role": "assistant", "content": "hello"}
OTHER = {"role": "assistant", "content": "go away"}
TOOLS = [{"name": "add", "parameters": {}}]


def reading(*rows: dict[str, Any], **layout: Any):
    found = [RawRow("d.jsonl", i, row) for i, row in enumerate(rows, start=1)]
    return read(found, Layout(**layout) if layout else None)


def problem(*rows: dict[str, Any], **layout: Any) -> str:
    found = reading(*rows, **layout).problems
    assert found
    return found[0].message


@pytest.mark.parametrize(
    ("asking", "answering"),
    [
        ("human", "assistant"),  # ShareGPT-Chinese-English-90k
        ("input", "output"),  # XTuner
        ("question", "answer"),
        ("user", "bot"),
        ("prompt", "response"),
        ("Human", "GPT"),
        ("instruction", "completion"),
    ],
)
def test_a_question_and_its_answer_may_be_one_object(asking, answering):
    pairs = [{asking: "hi", answering: "hello"}, {asking: "why?", answering: "so"}]
    for column in ("conversation", "messages", "conversations"):
        (example,) = reading({column: pairs}).examples
        assert [m["role"] for m in example.messages] == ["user", "assistant"] * 2
        assert [m["content"] for m in example.messages] == ["hi", "hello", "why?", "so"]
        assert not example.untrained


@pytest.mark.parametrize("key", ["weight", "loss", "train", "trainable"])
@pytest.mark.parametrize("value", [0, "0", False])
def test_an_exchange_of_weight_0_is_context(key, value):
    pairs = [{"input": "hi", "output": "hello", key: value}, {"input": "why?", "output": "so"}]
    (example,) = reading({"conversation": pairs}).examples
    assert example.untrained == {1}
    half = [{"human": "hi", "assistant": "hello", "weight": 0.5}]
    assert "weight is 0.5" in problem({"conversation": half})


def test_an_exchange_with_two_answers_or_none_is_no_exchange():
    for pair in ({"human": "hi", "answer": "a", "output": "b"}, {"human": "hi"}, {"bot": "hello"}):
        assert "conversation[0] needs 'role' and 'content'" in problem({"conversation": [pair]})
    said = {"human": "hi", "assistant": "hello", "rationale": "They greet."}
    assert "holds 'rationale'" in problem({"conversation": [said]})
    model = {"input": "hi", "output": "hello", "model": "gpt-4"}
    assert reading({"conversation": [model]}).ignored == {"conversation.model": 1}


@pytest.mark.parametrize(
    "row",
    [
        {"messages": [ASKED, ANSWER], "rejected_response": "go away"},
        {"messages": [ASKED, ANSWER], "rejected_messages": [ASKED, OTHER]},
        {"messages": json.dumps([ASKED, ANSWER]), "rejected_response": "go away"},
        {
            "conversations": [{"from": "human", "value": "hi"}, {"from": "gpt", "value": "hello"}],
            "rejected_response": "go away",
        },
        {"messages": json.dumps([ASKED, ANSWER]), "rejected_messages": json.dumps([ASKED, OTHER])},
    ],
)
def test_the_answer_that_was_rejected_may_be_beside_a_conversation(row):
    found = reading(row)
    (example,) = found.examples
    assert found.format == "preference"
    assert (list(example.messages), list(example.chosen), list(example.rejected)) == (
        [ASKED],
        [ANSWER],
        [OTHER],
    )
    assert any("end with the chosen answer" in remark for remark in found.remarks)


def test_a_rejected_answer_beside_a_conversation_that_is_left_out_is_no_preference():
    row = {"messages": [ASKED, ANSWER], "rejected_response": "go away"}
    assert reading(row, ignore=("rejected_response",)).format == "messages"
    assert reading(row, format="messages").format == "messages"
    assert reading({**row, "rejected_response": ""}).format == "messages"
    later = [ASKED, ANSWER, {"role": "user", "content": "why?"}, OTHER]
    assert "differ before the last answer" in problem(
        {**row, "rejected_messages": later} | {"rejected_response": ""}
    )
    assert "same answer" in problem({**row, "rejected_response": "hello"})


@pytest.mark.parametrize(
    ("value", "lead"),
    [
        (["hi", "hello"], "{messages: talk}"),  # UltraChat
        ([{"from": "human", "value": "hi"}, {"from": "gpt", "value": "hello"}], "{messages: talk}"),
        ([{"sender": "human", "text": "hi"}, {"sender": "ai", "text": "yes"}], "{messages: talk}"),
        ([ASKED, ANSWER], "{messages: talk}"),
        (["a", "b", "c"], "instruction: …"),
        ([{"input": "hi", "output": "hello"}], "make columns of it"),
    ],
)
def test_a_column_that_may_be_a_conversation_is_named(value, lead):
    assert lead in problem({"id": "1", "talk": value})


def test_the_lead_of_a_conversation_under_another_name_is_right():
    row = {"id": "1", "data": ["hi", "hello", "why?", "so"]}
    (example,) = reading(row, columns={"messages": "data"}).examples
    assert [m["content"] for m in example.messages] == ["hi", "hello", "why?", "so"]


@pytest.mark.parametrize("name", ["add", "web.search", "def f(a: str)", "Says the weather."])
def test_a_function_that_is_a_text_alone_is_told_so(name):
    row = {"messages": [ASKED, ANSWER], "tools": [name]}
    assert f"tools[0] is '{name}', a text" in problem(row)
    assert "a text" in problem({**row, "tools": json.dumps([name])})
    assert "a text" in problem({**row, "tools": name})
    calling = {"role": "assistant", "content": None, "tool_calls": [name]}
    assert "tool_calls[0] is" in problem({"messages": [ASKED, calling], "tools": TOOLS})
    broken = problem({**row, "tools": '[{"name": '})
    assert "broken JSON" in broken


def test_a_label_that_cannot_be_read_is_the_only_cause(tmp_path):
    rows = [
        {"prompt": "hi", "completion": "hello", "label": True},
        {"prompt": "bye", "completion": "go away", "label": 2},
    ]
    path = tmp_path / "d.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert [one.code for one in audit([path], method="kto").errors] == ["broken_rows"]
    path.write_text(json.dumps(rows[0]) + "\n")
    assert [one.code for one in audit([path], method="kto").errors] == ["one_class"]
