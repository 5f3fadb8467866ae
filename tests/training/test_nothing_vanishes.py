"""What a row says is trained on, named, or refused: rows that other readers would half read."""

from __future__ import annotations

import pytest

from evalguard.tasks.values import Decimals
from evalguard.training.dataset import read_examples
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


@pytest.mark.parametrize(
    ("fields", "nulls", "message"),
    [
        ({"question": "Q"}, ("answer",), "'answer' is null"),
        ({"prompt": "Q", "chosen": "a"}, ("rejected",), "'rejected' is null"),
        ({"id": 1}, ("messages",), "'messages' is null"),
        ({"instruction": "Q", "input": ""}, ("output",), "'output' is null"),
        ({"id": 1}, ("prompt", "completion"), "'prompt' and 'completion' are null"),
        ({"id": 1}, ("text",), "'text' is null"),
        ({"prompt": "Q"}, ("note",), "no known format"),
    ],
)
def test_what_is_null_is_named(fields, nulls, message):
    found = read([RawRow("rows.jsonl", 1, fields, nulls)])
    assert found.problems[0].message.startswith(message)


def test_a_null_is_named_by_its_column_in_the_file_and_among_other_rows():
    rows = [
        RawRow("rows.jsonl", 1, {"frage": "Q", "antwort": "A"}),
        RawRow("rows.jsonl", 2, {"frage": "Q"}, ("antwort",)),
    ]
    layout = Layout(columns={"question": "frage", "answer": "antwort"})
    found = read(rows, layout)
    assert len(found.examples) == 1
    assert found.problems[0].message.startswith("'antwort' is null")


@pytest.mark.parametrize(
    ("value", "written"), [(4, "4"), (-7, "-7"), (Decimals("3.10"), "3.10"), (10**20, str(10**20))]
)
def test_a_number_as_answer_is_read_as_it_is_written(value, written):
    found = reading({"question": "How many?", "answer": value})
    assert found.examples[0].messages[-1]["content"] == written
    assert found.remarks == {"answers are numbers, and are read as written": 1}
    pair = reading({"prompt": "How many?", "chosen": value, "rejected": 5}).examples[0]
    assert (pair.chosen[0]["content"], pair.rejected[0]["content"]) == (written, "5")


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"question": "Q", "answer": True}, "'answer' is a boolean"),
        ({"question": "Q", "answer": 0.5}, "'answer' is a number"),  # how was it written?
        ({"question": "Q", "answer": {"a": 1}}, "'answer' is an object"),
        ({"question": 4, "answer": "A"}, "'question' is a number"),
        ({"messages": [USER, ANSWER | {"content": None}]}, "'content' of the assistant is null"),
        ({"messages": [USER, ANSWER | {"content": ""}]}, "'content' of the assistant is empty"),
        ({"messages": [USER, ANSWER | {"thinking": 5}]}, "messages[1].thinking' is a number"),
    ],
)
def test_what_is_no_text_is_named_in_json_words(row, message):
    assert message in reading(row).problems[0].message


def test_messages_may_be_a_list_for_each_key():
    one = {"from": ["human", "gpt"], "value": ["Which city?", "Oslo."]}
    (example,) = reading({"conversations": one}).examples
    assert [m["content"] for m in example.messages] == ["Which city?", "Oslo."]
    chat = {"role": ["user", "assistant"], "content": ["Which city?", "Oslo."], "weight": [1, 1]}
    assert reading({"messages": chat}).examples[0].messages == example.messages
    assert "of different lengths" in (
        reading({"messages": chat | {"role": ["user"]}}).problems[0].message
    )
    assert "'content' is not a list" in (
        reading({"messages": chat | {"content": "Oslo."}}).problems[0].message
    )


NAMES = (" Rome", " Oslo")


def calling(ids, answered):
    calls = [
        {"function": {"name": "f", "arguments": {"city": city}}} | ({"id": one} if one else {})
        for city, one in zip(NAMES, ids, strict=True)
    ]
    results = [
        {"role": "tool", "content": city} | ({"tool_call_id": one} if one else {})
        for city, one in zip(reversed(NAMES), answered, strict=True)
    ]
    call = {"role": "assistant", "content": None, "tool_calls": calls}
    return {"messages": [USER, call, *results, ANSWER], "tools": [{"name": "f"}]}


@pytest.mark.parametrize(
    ("ids", "answered", "message"),
    [
        (("1", None), ("2", "1"), "have no id"),
        (("1", "2"), ("2", None), "have no id"),
        ((None, None), ("2", "1"), "have no id"),
        ((None, None), (None, "1"), "have no id"),
        (("1", "1"), ("1", "1"), "two calls of an answer have the same id"),
    ],
)
def test_results_that_cannot_be_told_apart_are_refused(ids, answered, message):
    assert message in reading(calling(ids, answered)).problems[0].message


def test_results_are_told_apart_by_all_ids_or_by_their_order():
    by_id = reading(calling(("1", "2"), ("2", "1"))).examples[0]
    assert [m["content"] for m in by_id.messages if m["role"] == "tool"] == [" Rome", " Oslo"]
    for ids in ((None, None), ("1", "2")):
        in_order = reading(calling(ids, (None, None))).examples[0]
        assert [m["content"] for m in in_order.messages if m["role"] == "tool"] == [
            *reversed(NAMES)
        ]


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        ([{"city": "Oslo"}, {"days": 3}], "arguments: 'days' is null"),
        ([{"where": {"city": "Oslo"}}, {"where": {"land": "Peru"}}], "arguments: 'land' is null"),
        ([{"all": [{"city": "Oslo"}, {"land": "Peru"}]}] * 2, "arguments: 'land' is null"),
    ],
)
@pytest.mark.parametrize("suffix", [".parquet", ".arrow"])
def test_arguments_that_a_table_adds_to_a_call_are_refused(tables, message, suffix, tmp_path):
    import pyarrow
    from pyarrow import feather, parquet

    rows = [
        {
            "messages": [
                USER | {"tool_calls": None},
                ANSWER | {"tool_calls": [{"function": {"name": "f", "arguments": arguments}}]},
            ]
        }
        for arguments in tables
    ]
    table = pyarrow.Table.from_pylist(rows)
    path = tmp_path / f"rows{suffix}"
    if suffix == ".parquet":
        parquet.write_table(table, path)
    else:
        feather.write_feather(table, str(path), compression="uncompressed")
    found = read_examples(path)
    assert not found.examples
    assert message in found.problems[0].message
    assert "store the arguments as JSON text" in found.problems[0].message


def test_a_null_argument_of_json_was_passed():
    call = {"function": {"name": "f", "arguments": {"city": "Oslo", "days": None}}}
    found = reading({"messages": [USER, {"role": "assistant", "tool_calls": [call]}]})
    assert found.examples[0].messages[1]["tool_calls"][0]["function"]["arguments"] == {
        "city": "Oslo",
        "days": None,
    }


def test_tools_with_keys_that_a_table_adds_are_refused(tmp_path):
    import pyarrow
    from pyarrow import parquet

    kinds = [{"type": "string"}, {"type": "string", "enum": ["a"]}]
    rows = [
        {
            "messages": [USER, ANSWER],
            "tools": [{"name": "f", "parameters": {"properties": {"x": kind}}}],
        }
        for kind in kinds
    ]
    parquet.write_table(pyarrow.Table.from_pylist(rows), tmp_path / "rows.parquet")
    found = read_examples(tmp_path / "rows.parquet")
    assert [problem.where.rpartition(":")[2] for problem in found.problems] == ["1"]
    assert "tools[0]: 'enum' is null" in found.problems[0].message
