"""Each format becomes one shape, and what it does not read is counted."""

import json
from typing import Any

import pytest

from evalguard.training.formats import read as read_rows
from evalguard.training.formats.recognise import candidates
from evalguard.training.rows import RawRow

ASKED = {"role": "user", "content": "hi"}
ANSWER = {"role": "assistant", "content": "hello"}
HUMAN = {"from": "human", "value": "hi"}
SYSTEM = {"role": "system", "content": "be kind"}


def one(fields, file="data.jsonl", line=7):
    found = read_rows([RawRow(file, line, fields)])
    examples, problems = found.examples, found.problems
    assert not problems
    return examples[0]


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"messages": [ASKED, ANSWER], "id": 3}, "messages"),
        (
            {
                "conversations": [
                    HUMAN,
                    {"from": "gpt", "value": "hello"},
                ]
            },
            "sharegpt",
        ),
        ({"instruction": "hi", "input": "", "output": "hello"}, "alpaca"),
        ({"prompt": "hi", "completion": "hello"}, "prompt_completion"),
        ({"prompt": [ASKED], "completion": [ANSWER]}, "prompt_completion"),
        (
            {
                "messages": '[{"role": "user", "content": "hi"}, '
                '{"role": "assistant", "content": "hello"}]'
            },
            "messages",
        ),
    ],
)
def test_every_conversation_format_becomes_the_same_messages(fields, name):
    example = one(fields)
    assert example.kind == "conversation"
    assert example.format == name
    assert list(example.messages) == [ASKED, ANSWER]
    assert example.where == "data.jsonl:7"


def test_alpaca_puts_the_input_below_the_instruction():
    example = one({"instruction": "Translate.", "input": "ja", "output": "yes"})
    assert example.messages[0]["content"] == "Translate.\n\nja"


def test_text_stays_text():
    assert one({"text": "once upon a time"}).text == "once upon a time"


@pytest.mark.parametrize(
    "fields",
    [
        {"prompt": "hi", "chosen": "hello", "rejected": "go away"},
        {
            "chosen": [ASKED, ANSWER],
            "rejected": [ASKED, {"role": "assistant", "content": "go away"}],
        },
    ],
)
def test_preferences_with_their_prompt_apart_or_within(fields):
    example = one(fields)
    assert example.kind == "preference"
    assert list(example.messages) == [ASKED]
    assert list(example.chosen) == [ANSWER]
    assert example.rejected[0]["content"] == "go away"


@pytest.mark.parametrize(("label", "good"), [(True, True), ("False", False), (0, False)])
def test_unpaired_labels(label, good):
    assert one({"prompt": "hi", "completion": "hello", "label": label}).good is good


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"prompt": "hi", "chosen": "hello"}, "a preference row without 'rejected'"),
        ({"mesages": [ASKED, ANSWER]}, "unknown column 'mesages'. Did you mean 'messages'?"),
        ({"a": 1}, "no known format has the columns 'a'"),
        ({"prompt": "hi", "completion": " "}, "'completion' is empty"),
        ({"prompt": "hi", "completion": True}, "'completion' is a boolean, expected a string"),
        ({"messages": []}, "'messages' must be a list of at least one message"),
        ({"messages": "[{"}, "'messages' is broken JSON"),
        ({"messages": [ASKED]}, "must end with an answer of the assistant"),
        ({"messages": [ANSWER]}, "must begin with the user"),
        ({"messages": [SYSTEM]}, "must begin with the user"),
        (
            {"messages": [{"role": "usr", "content": "x"}]},
            "unknown role 'usr'. Did you mean",
        ),
        ({"messages": [{"role": "user"}]}, r"messages[0] needs 'role' and 'content'"),
        ({"messages": [ASKED, {"role": "assistant", "content": None}]}, "messages[1]: 'content'"),
        ({"conversations": [{"from": "cat", "value": "x"}]}, "unknown from 'cat'"),
        ({"prompt": "hi", "chosen": "same", "rejected": "same"}, "are the same answer"),
        ({"chosen": [ANSWER], "rejected": [ASKED, ANSWER]}, "do not begin with the same one"),
        ({"instruction": "x", "input": 5, "output": "y"}, "'input' is a number"),
    ],
)
def test_a_broken_row_is_named_with_file_and_line(fields, message):
    found = read_rows([RawRow("data.jsonl", 7, fields)])
    examples, problems = found.examples, found.problems
    assert not examples
    assert problems[0].where == "data.jsonl:7"
    assert message in problems[0].message


def test_all_broken_rows_are_collected_and_the_others_converted():
    rows = [
        RawRow("d.jsonl", 1, {"prompt": "a", "completion": "b"}),
        RawRow("d.jsonl", 2, {"prompt": "a", "completion": ""}),
        RawRow("d.jsonl", 3, {"text": "other format"}),
    ]
    found = read_rows(rows)
    examples, problems = found.examples, found.problems
    assert len(examples) == 1
    assert [str(problem) for problem in problems] == [
        "d.jsonl:2: 'completion' is empty",
        "d.jsonl:3: format 'text', but d.jsonl:1 is 'prompt_completion'; keep one in a file",
    ]


def test_the_most_specific_format_wins():
    assert candidates({"instruction", "input", "output", "text"}) == ["alpaca"]
    assert candidates({"prompt", "chosen", "rejected", "completion"}) == ["preference"]
    assert candidates({"nothing"}) == []


OPENING: list[dict[str, Any]] = [{"role": "user", "content": "Hi"}]
TALK: list[dict[str, Any]] = [*OPENING, {"role": "assistant", "content": "Hello."}]


def read(**fields):
    found = read_rows([RawRow("d.jsonl", 1, fields)])
    examples, problems = found.examples, found.problems
    assert not problems, problems
    return examples[0]


def refused(**fields):
    found = read_rows([RawRow("d.jsonl", 1, fields)])
    examples, problems = found.examples, found.problems
    assert not examples
    return problems[0].message


@pytest.mark.parametrize(
    "fields",
    [
        {"instruction": "Hi", "output": "Hello."},
        {"conversations": [{"from": "human", "value": "Hi"}, {"from": "gpt", "value": "Hello."}]},
        {"prompt": "Hi", "completion": "Hello."},
        {"messages": TALK},
        {"messages": json.dumps(TALK)},
    ],
)
def test_a_column_of_system_texts_is_the_system_message(fields):
    found = read(system="Be brief.", **fields)
    assert [m["role"] for m in found.messages] == ["system", "user", "assistant"]
    assert found.messages[0]["content"] == "Be brief."
    assert read(system="", **fields).messages == read(**fields).messages


def test_history_comes_before_the_instruction():
    found = read(instruction="And?", output="Two.", history=[["One?", "One."]])
    assert [m["content"] for m in found.messages] == ["One?", "One.", "And?", "Two."]
    same = read(instruction="And?", output="Two.", history='[["One?", "One."]]')
    assert same.messages == found.messages


@pytest.mark.parametrize("system", [[], [{"role": "system", "content": "Be brief."}]])
def test_answers_may_repeat_the_prompt(system):
    other = {"role": "assistant", "content": "Go away."}
    found = read(prompt="Hi", chosen=[*system, *TALK], rejected=[*system, *OPENING, other])
    assert found.messages == (*system, *OPENING)
    assert (found.chosen, found.rejected) == ((TALK[1],), (other,))
    text = json.dumps
    same = read(
        prompt="Hi", chosen=text([*system, *TALK]), rejected=text([*system, *OPENING, other])
    )
    assert same.messages == found.messages


def test_answers_to_another_prompt_are_refused():
    assert "do not begin with 'prompt'" in refused(prompt="Bye", chosen=TALK, rejected=TALK)


def test_turns_as_text_are_split():
    talk = "\n\nHuman: Hi\n\nAssistant: Hello.\n\nHuman: Why?\n\nAssistant: "
    found = read(chosen=talk + "Because.", rejected=talk + "No.")
    assert [m["role"] for m in found.messages] == ["user", "assistant", "user"]
    assert found.chosen == ({"role": "assistant", "content": "Because."},)
    assert found.rejected == ({"role": "assistant", "content": "No."},)


@pytest.mark.parametrize("label", [1.0, 0.0, "yes", "desirable", "1.0", -1])
def test_labels_of_every_type(label):
    good = read(prompt="Hi", completion="Hello.", label=label).good
    assert good is (label in (1.0, "yes", "desirable", "1.0"))


def test_parts_of_text_are_joined_and_a_developer_speaks_as_the_system():
    parts = [{"type": "text", "text": "Hi"}, {"type": "text", "text": "there"}]
    found = read(
        messages=[
            {"role": "developer", "content": "Be brief."},
            {"role": "user", "content": parts},
            TALK[1],
        ]
    )
    assert [m["role"] for m in found.messages] == ["system", "user", "assistant"]
    assert found.messages[1]["content"] == "Hi\nthere"
    image = [{"type": "image_url", "image_url": {"url": "x"}}]
    said = refused(messages=[{"role": "user", "content": image}, TALK[1]])
    assert "messages[0].content[0] is of type 'image_url'" in said


def test_rows_with_messages_and_both_answers_are_preferences():
    other = [*OPENING, {"role": "assistant", "content": "Go away."}]
    found = read(prompt="Hi", messages=TALK, chosen=TALK, rejected=other, score_chosen=8.5)
    assert found.format == "preference"
