"""What a row says under names that no format reads is refused, counted or left out on purpose."""

from __future__ import annotations

import pytest

from evalguard.training.formats import Layout, read
from evalguard.training.rows import RawRow

USER = {"role": "user", "content": "Which city?"}
ANSWER = {"role": "assistant", "content": "Oslo."}
PAIR = {"prompt": "Which city?", "completion": "Oslo."}
TALK = {"messages": [USER, ANSWER]}


def reading(*rows, **layout):
    raw = [RawRow("rows.jsonl", line, row) for line, row in enumerate(rows, start=1)]
    return read(raw, Layout(**layout))


def talk(**keys):
    return {"messages": [USER, ANSWER | keys]}


@pytest.mark.parametrize(
    "column",
    [
        *("instructions", "system_instruction", "systemPrompt", "System", "sys", "preamble"),
        *("chat_history", "conversationHistory", "previous_turns"),
        *("passages", "retrieved_contexts", "docs", "Context", "knowledge", "searchResults"),
        *("rationale", "cot", "Complex_CoT", "reasoningContent", "chain-of-thought"),
        *("thinking_trajectories", "expected_output", "corrected_response", "response_edited"),
        *("corrected", "reference_answer", "ground_truth", "gold answer", "Completion", "attempt"),
    ],
)
@pytest.mark.parametrize("row", [PAIR, TALK], ids=["pair", "messages"])
def test_a_part_of_the_row_under_another_name_is_refused_until_it_is_left_out(row, column):
    found = reading(row | {column: "Something else."})
    assert not found.examples
    assert f"has '{column}'" in found.problems[0].message
    assert f"ignore: [{column}]" in found.problems[0].message
    assert reading(row | {column: "Something else."}, ignore=(column,)).problems == ()


@pytest.mark.parametrize(
    "column",
    ["id", "category", "source", "title", "persona", "explanation", "original_question", "topic"],
)
def test_what_describes_a_row_is_ignored_and_counted(column):
    found = reading(PAIR | {column: "Something else."})
    assert found.problems == ()
    assert found.ignored == {column: 1}


def test_a_reference_that_the_answer_holds_is_said_already():
    assert reading(PAIR | {"ground_truth": "Oslo"}).problems == ()


@pytest.mark.parametrize(
    ("column", "value"),
    [
        *(("deleted", True), ("is_deleted", "true"), ("mask", 1), ("excluded", True)),
        *(("is_correct", False), ("valid", "False"), ("approved", False), ("status", "discarded")),
        *(("review_status", "Rejected"), ("error", "429"), ("error", {"code": 500})),
        *(("loss_mask", [0, 0, 1]), ("assistant_masks", [0, 1]), ("masks", [True])),
        *(("train_on_turn", [False, True]), ("train_on_inputs", True), ("mask_history", True)),
        *(("only_last_turn_loss", True), ("sample_weight", 0), ("loss_scale", 0.3)),
        *(("weights", [0, 1]), ("turn_weights", [1, 0.5])),
    ],
)
def test_a_row_that_is_not_to_be_trained_on_as_it_is_is_refused(column, value):
    found = reading(TALK | {column: value})
    assert f"has '{column}': " in found.problems[0].message
    assert reading(TALK | {column: value}, format="messages").problems  # only ignore: says so
    assert reading(TALK | {column: value}, ignore=(column,)).problems == ()


@pytest.mark.parametrize(
    ("column", "value"),
    [
        *(("deleted", False), ("is_correct", True), ("status", "submitted"), ("error", None)),
        *(("error", ""), ("sample_weight", 1.0), ("weights", [1, 1]), ("train_on_inputs", False)),
        *(("mask", "User"), ("mask_history", False), ("correct", "B"), ("weight_kg", 3)),
    ],
)
def test_flags_that_change_nothing_do_not_matter(column, value):
    assert reading(TALK | {column: value}).problems == ()


@pytest.mark.parametrize("key", ["trainable", "loss_scale", "loss_weight"])
def test_an_answer_of_weight_0_under_another_name_carries_no_loss(key):
    first = {"role": "assistant", "content": "Hello.", key: 0}
    (example,) = reading({"messages": [USER, first, USER, ANSWER]}).examples
    assert example.untrained == {1}


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"thought": "Norway's."}, "holds 'thought'"),
        ({"reasoningContent": "Norway's."}, "holds 'reasoningContent'"),
        ({"rationale": "Norway's."}, "holds 'rationale'"),
        ({"is_deleted": True}, "holds 'is_deleted'"),
        ({"valid": False}, "holds 'valid'"),
        ({"status": "failed"}, "holds 'status'"),
        ({"loss_mask": [0, 1]}, "holds 'loss_mask'"),
        ({"value": "Bergen."}, "two texts, 'content' and 'value'"),
        ({"text": "Bergen."}, "two texts, 'content' and 'text'"),
        ({"parts": ["Bergen."]}, "two texts, 'content' and 'parts'"),
    ],
)
def test_a_message_that_says_more_than_its_text_is_refused(keys, message):
    (problem,) = reading(talk(**keys)).problems
    assert message in problem.message
    assert reading(talk(**keys), ignore=tuple(keys)).problems == ()


@pytest.mark.parametrize("text", ["\u200b", "\ufeff", "\u00a0\u200d", "\u00ad", "\x00", "\ufe0f"])
@pytest.mark.parametrize(
    "row",
    [
        lambda text: PAIR | {"completion": text},
        lambda text: talk(content=text),
        lambda text: {"prompt": "Q", "chosen": "A", "rejected": text},
        lambda text: {"text": text},
    ],
    ids=["pair", "messages", "preference", "text"],
)
def test_a_text_of_invisible_characters_is_empty(row, text):
    (problem,) = reading(row(text)).problems
    assert "empty" in problem.message


@pytest.mark.parametrize("text", ["\u06f5", "\U0001f44d", ".", "\u200bx", "\u0e01\u0e33"])
def test_a_text_that_is_seen_is_not_empty(text):
    assert reading(PAIR | {"completion": text}).problems == ()


@pytest.mark.parametrize(
    ("columns", "mapped"),
    [
        (("prompt", "completion"), {}),
        (("prompt", "chosen", "rejected"), {}),
        (("frage", "antwort"), {"question": "frage", "answer": "antwort"}),
    ],
)
def test_a_header_that_is_repeated_is_no_row(columns, mapped):
    row = dict.fromkeys(columns, "Something.") | {columns[-1]: "Something else."}
    header = {column: column for column in columns}
    found = reading(row, header, row, columns=mapped)
    assert [problem.where for problem in found.problems] == ["rows.jsonl:2"]
    assert "repeats the names of the columns" in found.problems[0].message


@pytest.mark.parametrize(
    ("text", "remark"),
    [
        ("Oslo.</s>", "'</s>'"),
        ("Oslo.<|im_end|>", "'<|im_end|>'"),
        ("Oslo.<|eot_id|>", "'<|eot_id|>'"),
        ("Oslo.<|endoftext|>", "'<|endoftext|>'"),
        ("[INST] Which? [/INST] Oslo.", "'[INST]'"),
        ("<start_of_turn>model\nOslo.", "'<start_of_turn>'"),
        ("### Human: Which?\n### Assistant: Oslo.", "'### Human:'"),
        ("#N/A", "error of a spreadsheet"),
        ("#DIV/0!", "error of a spreadsheet"),
        ("[removed]", "'[deleted]' or '[removed]'"),
        ("b'Oslo.'", "Python's bytes"),
        ('="Oslo."', "formula of a spreadsheet"),
    ],
)
def test_a_text_that_is_hardly_meant_is_counted(text, remark):
    for row in (PAIR | {"completion": text}, {"text": text}):
        found = reading(row, PAIR if "prompt" in row else {"text": "Oslo."})
        ((said, count),) = found.remarks.items()
        assert (remark in said, count) == (True, 1)


@pytest.mark.parametrize("text", ["Use <s>old</s> in HTML.", "# N/A", "x = b'a' + b'b'", '="a"&B1'])
def test_a_text_that_may_well_be_meant_is_not(text):
    assert reading(PAIR | {"completion": text}).remarks == {}
