"""What rows say beside plain questions and answers: nothing of it vanishes."""

import json
from typing import Any

import pytest

from evalguard.training.formats import Layout, Reading, read
from evalguard.training.formats.conversations import KEPT
from evalguard.training.formats.messages import FROM_TEXT
from evalguard.training.rows import RawRow

ASKED = {"role": "user", "content": "Hi"}
ANSWER = {"role": "assistant", "content": "Hello."}
CALL = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"a": 1}'}}
CALLED = {**CALL, "function": {"name": "f", "arguments": {"a": 1}}}
CALLING = {"role": "assistant", "content": None, "tool_calls": [CALL]}
TOOL = {"type": "function", "function": {"name": "f", "parameters": {}}}


def reading(*rows: dict[str, Any], **layout: Any) -> Reading:
    return read([RawRow("d.jsonl", i, r) for i, r in enumerate(rows, 1)], Layout(**layout))


def one(row: dict[str, Any], **layout: Any) -> Any:
    found = reading(row, **layout)
    assert not found.problems, found.problems
    return found.examples[0]


def said(row: dict[str, Any], **layout: Any) -> list[tuple[str, str]]:
    return [(m["role"], m["content"]) for m in one(row, **layout).messages]


def refused(row: dict[str, Any], **layout: Any) -> str:
    found = reading(row, **layout)
    assert not found.examples
    assert found.problems[0].where == "d.jsonl:1"
    return found.problems[0].message


@pytest.mark.parametrize("weight", [0, 0.0, "0"])
@pytest.mark.parametrize("key", ["weight", "train", "loss"])
def test_an_answer_of_weight_0_is_context(key, weight):
    row = {"messages": [ASKED, {**ANSWER, key: weight}, ASKED, {**ANSWER, key: 1}]}
    found = one(row)
    assert found.untrained == {1}
    assert found.messages == (ASKED, ANSWER, ASKED, ANSWER)
    assert found.content() != one({"messages": [ASKED, ANSWER, ASKED, ANSWER]}).content()
    assert one({"messages": [ASKED, {**ANSWER, "train": False}, ASKED, ANSWER]}).untrained == {1}


@pytest.mark.parametrize("weight", [0.5, 2, -1, "much"])
def test_other_weights_are_refused(weight):
    assert "a weight is 1" in refused({"messages": [ASKED, {**ANSWER, "weight": weight}]})
    assert "a weight is 1" in refused({"messages": [ASKED, ANSWER], "weight": weight})


def test_a_row_of_weight_0_is_left_out_and_one_without_any_loss_is_refused():
    found = reading({"messages": [ASKED, ANSWER]}, {"messages": [ASKED, ANSWER], "weight": 0})
    assert len(found.examples) == 1
    assert "d.jsonl: 1 row: left out, of weight 0" in found.lines()
    silent = {"messages": [ASKED, {**ANSWER, "weight": 0}]}
    assert "no answer carries loss" in refused(silent)


def test_a_weight_of_a_question_says_nothing_new():
    row = {"conversations": [{"from": "human", "value": "Hi", "weight": 0}, ANSWER | {"weight": 1}]}
    assert said(row) == [("user", "Hi"), ("assistant", "Hello.")]
    found = reading({"messages": [{**ASKED, "weight": 1}, ANSWER]})
    assert found.ignored == {"messages.weight of the user": 1}


def test_calls_results_and_tools_are_kept_in_one_form():
    row = {
        "messages": [
            ASKED,
            CALLING,
            {"role": "tool", "tool_call_id": "c1", "name": "f", "content": "2"},
            ANSWER,
        ],
        "tools": [TOOL],
        "parallel_tool_calls": True,
    }
    found = one(row)
    assert found.messages[1] == {"role": "assistant", "content": "", "tool_calls": [CALLED]}
    assert found.messages[2]["tool_call_id"] == "c1"
    assert found.tools == (TOOL,)
    assert reading(row).ignored == {"parallel_tool_calls": 1}
    text = {**row, "messages": json.dumps(row["messages"]), "tools": json.dumps([TOOL])}
    assert one(text) == found


def test_the_old_form_of_functions_is_the_same():
    row = {
        "messages": [
            ASKED,
            {"role": "assistant", "content": None, "function_call": CALL["function"]},
            {"role": "function", "name": "f", "content": "2"},
            ANSWER,
        ],
        "functions": [TOOL["function"]],
    }
    found = one(row)
    assert found.messages[1]["tool_calls"] == [{"type": "function", "function": CALLED["function"]}]
    assert found.messages[2] == {"role": "tool", "name": "f", "content": "2"}
    assert found.tools == (TOOL,)


def test_sharegpt_calls_and_observations():
    row = {
        "conversations": [
            {"from": "human", "value": "Hi"},
            {"from": "function_call", "value": '{"name": "f", "arguments": {"a": 1}}'},
            {"from": "observation", "value": ""},
            {"from": "bing", "value": "Hello."},
        ],
        "tools": json.dumps([TOOL["function"]]),
        "system": "Be brief.",
    }
    found = one(row)
    assert [m["role"] for m in found.messages] == [
        "system",
        "user",
        "assistant",
        "tool",
        "assistant",
    ]
    assert found.messages[2]["tool_calls"][0]["function"] == CALLED["function"]
    assert found.tools == (TOOL,)


def test_results_stand_in_the_order_of_the_calls():
    second = {**CALL, "id": "c2"}
    results = [{"role": "tool", "tool_call_id": i, "content": i} for i in ("c2", "c1")]
    row = {"messages": [ASKED, {**CALLING, "tool_calls": [CALL, second]}, *results, ANSWER]}
    assert [text for role, text in said(row) if role == "tool"] == ["c1", "c2"]
    results[0]["tool_call_id"] = "c9"
    assert "answers 'c9', which no call before it has" in refused(row)


@pytest.mark.parametrize(
    ("messages", "reason"),
    [
        ([ASKED, {**CALLING, "tool_calls": [{"function": {}}]}], "is not a call with a 'name'"),
        (
            [ASKED, {**CALLING, "tool_calls": [{"name": "f", "arguments": "[1]"}]}],
            "arguments is not an object",
        ),
        ([ASKED, {**CALLING, "tool_calls": [{"name": "f", "arguments": "{"}]}], "broken JSON"),
        ([{**ASKED, "tool_calls": [CALL]}, ANSWER], "a message of the user holds calls"),
        ([ASKED, {"role": "tool", "content": "2"}, ANSWER], "follows no answer"),
        (
            [ASKED, CALLING, {"role": "tool", "name": "g", "content": "2"}, ANSWER],
            "the tool result of 'g' answers a call of 'f'",
        ),
        ([ASKED, CALLING, ANSWER], "an answer after a call whose result is missing"),
        ([ASKED, {**ANSWER, "images": ["x.png"]}], "holds 'images'"),
        ([ASKED, {**ANSWER, "audio": {"id": "x"}}], "holds 'audio'"),
        ([ASKED, {**ANSWER, "refusal": "No."}], "holds 'refusal'"),
        ([ASKED, {**ANSWER, "training_detail": [{"train": False}]}], "holds 'training_detail'"),
    ],
)
def test_what_cannot_be_rendered_is_refused(messages, reason):
    assert reason in refused({"messages": messages})


@pytest.mark.parametrize(
    "refusing",
    [
        {"content": None, "refusal": "No."},
        {"content": "", "refusal": "No."},
        {"refusal": "No."},
        {"content": [{"type": "refusal", "refusal": "No."}]},
    ],
)
def test_a_refusal_is_an_answer_where_there_is_no_other_text(refusing):
    row = {"messages": [ASKED, {"role": "assistant", **refusing}]}
    assert said(row) == [("user", "Hi"), ("assistant", "No.")]
    assert "holds 'refusal'" in refused({"messages": [{"role": "user", "refusal": "No."}, ANSWER]})


@pytest.mark.parametrize("name", ["answer", "response", "output", "completion", "solution"])
@pytest.mark.parametrize("column", ["messages", "conversations"])
def test_an_answer_beside_messages_that_end_with_the_question_is_theirs(column, name):
    found = reading({column: [ASKED, ANSWER, ASKED], name: "Yes."})
    assert [m["content"] for m in found.examples[0].messages] == ["Hi", "Hello.", "Hi", "Yes."]
    assert found.remarks == {f"'{column}' end with the question, and '{name}' is its answer": 1}


def test_reasoning_beside_messages_belongs_to_the_answer_beside_them():
    row = {"messages": [ASKED], "reasoning": "Hm.", "answer": "Yes."}
    assert one(row).messages[-1]["reasoning_content"] == "Hm."
    assert "reasoning_content" not in one(row, ignore=("reasoning",)).messages[-1]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"messages": [ASKED, ANSWER], "answer": "Yes."}, "which format 'messages' does not read"),
        ({"messages": [ASKED], "answer": "Yes.", "response": "No."}, "only one can be used"),
        ({"messages": [ASKED], "answer": " "}, "'answer' is empty"),
        ({"messages": [ASKED], "reference_answer": "7"}, "move what 'reference_answer' holds"),
    ],
)
def test_a_second_answer_beside_messages_is_refused(row, reason):
    assert reason in refused(row)


FUNCTIONS = """SYSTEM: You have access to the following functions. Use them if required -
{
    "name": "f",
    "parameters": {}
}

{"name": "g", "parameters": {}}
"""
SPOKEN = """USER: Hi


ASSISTANT: <functioncall> {"name": "f", "arguments": '{"a": "it's"}'} <|endoftext|>


FUNCTION RESPONSE: {"b": 2}


ASSISTANT: Say ASSISTANT: twice. <|endoftext|>


"""


def test_turns_functions_and_calls_of_a_transcript_are_read():
    found = one({"system": FUNCTIONS, "chat": SPOKEN})
    system = "You have access to the following functions. Use them if required"
    assert [(m["role"], m["content"]) for m in found.messages] == [
        ("system", system),
        ("user", "Hi"),
        ("assistant", ""),
        ("tool", '{"b": 2}'),
        ("assistant", "Say ASSISTANT: twice."),
    ]
    assert [tool["function"]["name"] for tool in found.tools] == ["f", "g"]
    (call,) = found.messages[2]["tool_calls"]
    assert call["function"] == {"name": "f", "arguments": {"a": "it's"}}


def test_a_transcript_may_begin_with_its_system_text():
    row = {"sample": "SYSTEM: Be brief.\nUSER: Hi\nASSISTANT: Hello."}
    assert said(row) == [("system", "Be brief."), ("user", "Hi"), ("assistant", "Hello.")]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"system": FUNCTIONS.replace("}\n", "\n"), "chat": SPOKEN}, "'tools' is broken JSON"),
        ({"chat": SPOKEN.replace("'}", "}")}, "tool_calls' is broken JSON"),
        ({"system": FUNCTIONS.replace('"f"', '"h"'), "chat": SPOKEN}, "calls 'f', which is not"),
        ({"chat": "USER: Hi"}, "must end with an answer"),
        ({"chat": "Hi. ASSISTANT: Hello."}, "no known format has the columns 'chat'"),
    ],
)
def test_a_broken_transcript_is_refused(row, reason):
    assert reason in refused(row)


def test_a_transcript_beside_another_format_is_not_read():
    row = {"prompt": "Hi", "completion": "Hello.", "sample": SPOKEN}
    assert [text for _, text in said(row)] == ["Hi", "Hello."]


@pytest.mark.parametrize("key", ["images", "videos", "audio", "documents", "chat_template_kwargs"])
def test_columns_that_change_a_row_and_are_not_read_are_refused(key):
    row = {"messages": [ASKED, ANSWER], key: ["x"]}
    assert f"the row holds '{key}'" in refused(row)
    assert reading(row, ignore=(key,)).ignored == {key: 1}
    assert said({**row, key: []}) == [("user", "Hi"), ("assistant", "Hello.")]


@pytest.mark.parametrize("key", ["reasoning_content", "reasoning", "thinking"])
def test_reasoning_of_a_message_or_a_row_belongs_to_its_answer(key):
    thought = {**ANSWER, "reasoning_content": "Hm."}
    assert one({"messages": [ASKED, {**ANSWER, key: "Hm."}]}).messages[1] == thought
    assert one({"prompt": "Hi", "completion": "Hello.", key: "Hm."}).messages[1] == thought
    left_out = reading({"prompt": "Hi", "completion": "Hello.", key: "Hm."}, ignore=(key,))
    assert left_out.examples[0].messages[1] == ANSWER
    assert left_out.ignored == {key: 1}


def test_neighbours_of_one_role_are_joined_and_counted():
    found = reading({"messages": [ASKED, {**ASKED, "content": "there"}, ANSWER, ANSWER]})
    assert [m["content"] for m in found.examples[0].messages] == ["Hi\n\nthere", "Hello.\n\nHello."]
    assert any("joined by a blank line" in line for line in found.lines())
    parallel = [ASKED, CALLING, CALLING, ANSWER]
    assert "result is missing" in refused({"messages": parallel})
    speakers = [{**ASKED, "name": "Ada"}, {**ASKED, "name": "Bo"}, ANSWER]
    assert len(one({"messages": speakers}).messages) == 3


def test_an_assistant_who_speaks_first_is_context():
    greeting = {"from": "gpt", "value": "Hello, which ticket?"}
    talk = [{"from": "human", "value": "Hi"}, {"from": "chatgpt", "value": "Hello."}]
    found = reading({"conversations": [greeting, *talk]}, {"conversations": talk})
    assert found.examples[0].untrained == {0}
    assert found.examples[1].untrained == set()
    assert any("1 row: the assistant begins" in line for line in found.lines())


def test_what_follows_the_last_answer_is_left_out_and_counted():
    found = reading({"messages": [ASKED, ANSWER, {**ASKED, "content": "And?"}]})
    assert found.examples[0].messages == (ASKED, ANSWER)
    assert any("follows the last answer" in line for line in found.lines())


def test_later_and_empty_system_messages():
    later = {"role": "system", "content": "Be brief."}
    assert said({"messages": [ASKED, ANSWER, later, ASKED, ANSWER]})[2] == ("system", "Be brief.")
    empty = {"role": "system", "content": ""}
    assert said({"messages": [empty, ASKED, ANSWER]}) == [("user", "Hi"), ("assistant", "Hello.")]


@pytest.mark.parametrize(
    ("row", "asked", "name"),
    [
        ({"question": "Hi", "answer": "Hello."}, "Hi", "question_answer"),
        ({"query": "Hi", "response": "Hello."}, "Hi", "question_answer"),
        ({"input": "Hi", "output": "Hello."}, "Hi", "question_answer"),
        ({"problem": "Hi", "solution": "Hello."}, "Hi", "question_answer"),
        ({"instruction": "Hi", "response": "Hello."}, "Hi", "alpaca"),
        ({"instruction": "Hi", "context": "x", "response": "Hello."}, "Hi\n\nx", "alpaca"),
        ({"question": "Hi", "context": "x", "answer": "Hello."}, "Hi\n\nx", "question_answer"),
        ({"conversation": [{"input": "Hi", "output": "Hello."}]}, "Hi", "sharegpt"),
        ({"conversations": ["Hi", "Hello."]}, "Hi", "sharegpt"),
        (
            {"messages": repr([ASKED, {"role": "model", "content": "Hello."}])},
            "Hi",
            "messages",
        ),
        (
            {"prompt": json.dumps([ASKED]), "completion": json.dumps(ANSWER)},
            "Hi",
            "prompt_completion",
        ),
    ],
)
def test_forms_of_one_question_and_its_answer(row, asked, name):
    found = one(row)
    assert found.format == name
    assert said(row) == [("user", asked), ("assistant", "Hello.")]


def test_answers_in_json_are_texts():
    talk = json.dumps([ASKED, ANSWER])
    listed = ('[{"category": "hardware"}]', '{"role": "engineer"}', "[]", "{}", "null", "None")
    for answer in (*listed, json.dumps(ANSWER), talk, talk[:-2], "[{'role': 'x', 'content': 'y'}]"):
        for column in ("completion", "output", "answer", "response"):
            assert said({"prompt": "Hi", column: answer}) == [("user", "Hi"), ("assistant", answer)]
        for asked in ("instruction", "question", "input"):
            assert said({asked: "Hi", "output": answer})[1] == ("assistant", answer)
        assert said({"prompt": [ASKED], "completion": answer})[1] == ("assistant", answer)


def test_questions_in_json_are_texts_where_the_answer_is_none_of_messages():
    asked = json.dumps([ASKED])
    for answer in ("Hello.", "[]", '{"role": "engineer"}'):
        row = {"prompt": asked, "completion": answer}
        assert said(row) == [("user", asked), ("assistant", answer)]
        assert read([RawRow("d.jsonl", 1, row)]).remarks == {KEPT: 1}
    listed = {"instruction": asked, "output": json.dumps([ANSWER])}
    assert said(listed) == [("user", asked), ("assistant", listed["output"])]
    texts = {"prompt": asked, "chosen": "Hello.", "rejected": "Bye."}
    assert one(texts).messages[0]["content"] == asked


def test_messages_read_from_text_are_counted():
    asked, answer = json.dumps([ASKED]), json.dumps([ANSWER])
    other = json.dumps([{"role": "assistant", "content": "Bye."}])
    for row in (
        {"prompt": asked, "completion": answer},
        {"prompt": asked, "completion": answer, "label": True},
        {"prompt": asked, "chosen": answer, "rejected": other},
        {"messages": json.dumps([ASKED, ANSWER])},
    ):
        found = read([RawRow("d.jsonl", 1, row)])
        assert found.examples[0].messages[0] == ASKED
        assert found.remarks == {FROM_TEXT: 1}
    mixed = {"prompt": "Hi", "chosen": json.dumps(ANSWER), "rejected": "Hello."}
    assert "is JSON text of messages, the other a text" in refused(mixed)


@pytest.mark.parametrize("text", ["[]", "{}", "null", "None"])
def test_the_text_of_an_empty_list_is_empty_only_where_lists_belong(text):
    row = {"instruction": "Which JSON type is this?", "input": text, "output": "An array."}
    assert said(row)[0] == ("user", f"Which JSON type is this?\n\n{text}")
    asked = {"question": "Which?", "context": text, "answer": "An array."}
    assert said(asked)[0] == ("user", f"Which?\n\n{text}")
    assert said({"system": text, "prompt": "a", "completion": "b"})[0] == ("system", text)
    assert read([RawRow("d.jsonl", 1, {"text": text})]).examples[0].text == text
    for column in ("tools", "functions", "history", "images", "documents"):
        found = one({"prompt": "Hi", "completion": "Hello.", column: text})
        assert (len(found.messages), found.tools) == (2, ())
    calling = [ASKED, {**ANSWER, "tool_calls": text}]
    assert "tool_calls" not in one({"messages": calling}).messages[1]


def test_messages_as_text_that_are_broken_are_no_text():
    broken = json.dumps([ASKED])[:-2]
    numpy = "[{'content': 'Hi', 'role': 'user'}\n {'content': 'Hello.', 'role': 'assistant'}]"
    for cell in (broken, numpy):
        assert "broken JSON" in refused({"prompt": cell, "completion": "Hello."})
        assert "broken JSON" in refused({"prompt": "Hi", "chosen": cell, "rejected": "No."})


def test_raw_text_in_either_column():
    assert one({"content": "once", "id": 3}).text == "once"
    assert one({"text": "once"}).kind == "text"
