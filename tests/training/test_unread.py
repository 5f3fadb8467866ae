"""What a row says under names that no format reads is refused, counted or left out on purpose."""

from __future__ import annotations

import re

import pytest

from evalguard.errors import DataError
from evalguard.training.dataset import read_examples
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
        *("toolCalls", "available_tools", "function_schemas", "tool_results", "api_calls"),
        *("image_path", "imageUrl", "audio_file", "pixel_values", "attachments", "document"),
        *("answer2", "response_b", "human_answer", "few_shot_examples", "task_description"),
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
    [
        "id",
        "category",
        "source",
        "title",
        "persona",
        "explanation",
        "original_question",
    ],
)
def test_what_describes_a_row_is_ignored_and_counted(column):
    found = reading(PAIR | {column: "Something else."})
    assert found.problems == ()
    assert found.ignored == {column: 1}


@pytest.mark.parametrize(("column", "value"), [("turns", 3), ("knowledge", True), ("cot", False)])
def test_numbers_and_flags_are_no_part_of_a_row(column, value):
    found = reading(PAIR | {column: value})
    assert (found.problems, found.ignored) == ((), {column: 1})


def test_a_reference_that_the_answer_holds_is_said_already():
    assert reading(PAIR | {"ground_truth": "Oslo"}).problems == ()


@pytest.mark.parametrize(
    ("column", "value"),
    [
        *(("deleted", True), ("is_deleted", "true"), ("mask", True), ("excluded", True)),
        *(("is_correct", False), ("valid", "False"), ("approved", False), ("status", "discarded")),
        *(("review_status", "Rejected"), ("error", "429"), ("error", {"code": 500})),
        *(("loss_mask", [0, 0, 1]), ("assistant_masks", [0, 1]), ("masks", [True])),
        *(("train_on_turn", [False, True]), ("train_on_inputs", True), ("mask_history", True)),
        *(("only_last_turn_loss", True), ("sample_weight", 0), ("loss_scale", 0.3)),
        *(("weights", [0, 1]), ("turn_weights", [1, 0.5]), ("weight_per_turn", [0, 1])),
        *(("do_not_train", True), ("exclude_from_training", True), ("use_for_training", False)),
        *(("is_truncated", True), ("success", False), ("spam", "true")),
        *(("labels", [-100, 5]), ("loss_spans", [[0, 3]]), ("turn_loss", [0, 1])),
        *(("is_error", True), ("hasError", "true"), ("compute_loss", False)),
    ],
)
def test_a_row_that_is_not_to_be_trained_on_as_it_is_is_refused(column, value):
    found = reading(TALK | {column: value})
    assert f"'{column}'" in found.problems[0].message
    assert f"ignore: [{column}]" in found.problems[0].message
    assert reading(TALK | {column: value}, format="messages").problems  # only ignore: says so
    assert reading(TALK | {column: value}, ignore=(column,)).problems == ()


@pytest.mark.parametrize(
    ("column", "value"),
    [
        *(("deleted", False), ("is_correct", True), ("status", "submitted"), ("error", None)),
        *(("error", ""), ("sample_weight", 1.0), ("weights", [1, 1]), ("train_on_inputs", False)),
        *(("success", True), ("truncated", False), ("labels", ["a"]), ("is_error", "false")),
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
        ({"status": "discarded"}, "holds 'status'"),
        ({"loss_mask": [0, 1]}, "holds 'loss_mask'"),
        ({"toolCalls": [{"name": "f"}]}, "holds 'toolCalls'"),
        ({"functionCall": {"name": "f"}}, "holds 'functionCall'"),
        ({"image_url": "a.png"}, "holds 'image_url'"),
        ({"isError": True}, "holds 'isError'"),
        ({"no_loss": True}, "holds 'no_loss'"),
        ({"loss_mask": 0}, "holds 'loss_mask'"),
        ({"train_mask": False}, "holds 'train_mask'"),
        ({"compute_loss": False}, "holds 'compute_loss'"),
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
    assert re.search("empty|only invisible characters", problem.message)


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


def test_scores_that_prefer_the_other_answer_are_counted():
    row = {"prompt": "Which city?", "chosen": "Oslo.", "rejected": "Rome."}
    swapped = row | {"score_chosen": 1.0, "score_rejected": 9.0}
    found = reading(row | {"score_chosen": 9.0, "score_rejected": 1.0}, swapped)
    assert found.remarks == {
        "'score_rejected' is higher than 'score_chosen', so the answers may be swapped": 1
    }
    assert reading(row | {"chosen_rank": 1, "rejected_rank": 2}).remarks == {}


@pytest.mark.parametrize("column", ["generations", "ground_truth", "chosen_text"])
def test_where_two_answers_are_from_does_not_matter(column):
    row = {"prompt": "Which city?", "chosen": "Oslo.", "rejected": "Rome.", column: "Else."}
    found = reading(row)
    assert (found.problems, found.ignored) == ((), {column: 1})


@pytest.mark.parametrize(
    ("row", "parts"),
    [
        (
            {"messages": [{"type": "human", "content": "Which?"}]},
            ("messages[0] needs 'role' and 'content'", "it has 'type', 'content'", "columns:"),
        ),
        ({"conversation": [{"speaker": "a", "text": "b"}]}, ("it has 'speaker', 'text'",)),
        ({"messages": [USER, None, ANSWER]}, ("messages[1] needs", "it is None")),
        ({"messages": [USER, 7, ANSWER]}, ("it is 7",)),
        ({"messages": [{"role": None, "content": "Hi"}, ANSWER]}, ("'role' is None",)),
        ({"messages": [{"role": 1, "content": "Hi"}, ANSWER]}, ("'role' is 1",)),
        ({"messages": [USER], "ground_truth": "Oslo."}, ("must end", "what 'ground_truth' holds")),
        ({"messages": [USER], "choices": [{}]}, ("must end", "what 'choices' holds")),
        ({" prompt": "Q", "completion": "A"}, ('{prompt: " prompt"}',)),
        ({"\ufeffprompt": "Q", "completion": "A"}, (r'{prompt: "\ufeffprompt"}',)),
        ({"prompt\u200b": "Q", "completion": "A"}, (r'{prompt: "prompt\u200b"}',)),
        ({"Prompt": "Q", "completion": "A"}, ("{prompt: Prompt}",)),
        ({"request": {"messages": []}, "response": "A"}, ("Inside 'request' nothing is read",)),
        ({"inputs": [{"a": 1}], "outputs": "A"}, ("Inside 'inputs' nothing is read", "Name yours")),
        ({"a": None}, ("is empty",)),
    ],
)
def test_a_refusal_says_what_is_there_and_what_to_do(row, parts):
    (problem,) = reading({name: value for name, value in row.items() if value is not None}).problems
    assert [part for part in parts if part not in problem.message] == []


@pytest.mark.parametrize("column", ["message", "conversatio"])
def test_a_singular_is_a_name_of_its_own(column):
    (problem,) = reading({column: "Hi.", "sender": "Ann"}).problems
    assert ("Did you mean" in problem.message) == (column != "message")


def test_a_row_without_the_label_that_others_have_is_refused():
    found = reading(PAIR | {"label": True}, PAIR)
    assert "has no 'label', but other rows" in found.problems[0].message


@pytest.mark.parametrize("role", ["user ", "USER", " Human"])
def test_roles_are_read_without_case_and_blanks(role):
    (example,) = reading({"messages": [USER | {"role": role}, ANSWER]}).examples
    assert [message["role"] for message in example.messages] == ["user", "assistant"]


@pytest.mark.parametrize("role", ["ai", "Chatbot", "bot"])
def test_assistants_of_other_products_answer(role):
    (example,) = reading({"messages": [USER, ANSWER | {"role": role}]}).examples
    assert example.messages[-1]["role"] == "assistant"


@pytest.mark.parametrize("part", [{"text": "Be brief."}, {"type": "text", "text": "Be brief."}])
def test_a_system_text_may_be_in_parts(part):
    (example,) = reading(TALK | {"system": [part, part]}).examples
    assert example.messages[0] == {"role": "system", "content": "Be brief.\nBe brief."}
    assert reading(TALK | {"system": [{"type": "image", "source": {}}]}).problems


@pytest.mark.parametrize("kind", ["text", "input_text", "output_text"])
def test_parts_of_texts_are_read_by_the_names_of_both_apis(kind):
    (example,) = reading(talk(content=[{"type": kind, "text": "Oslo."}])).examples
    assert example.messages[-1]["content"] == "Oslo."


@pytest.mark.parametrize(
    ("line", "cause"),
    [
        ("<<<<<<< HEAD", "merge conflict"),
        ("=======", "merge conflict"),
        (">>>>>>> theirs", "merge conflict"),
        ("||||||| base", "merge conflict"),
        ('data: {"prompt": "Q"}', "server-sent events"),
        ("event: message", "server-sent events"),
        ("\0\0\0", "NUL characters"),
    ],
)
def test_a_line_that_is_no_json_is_named(tmp_path, line, cause):
    path = tmp_path / "rows.jsonl"
    path.write_text('{"prompt": "Q", "completion": "A"}\n' * 2 + line + "\n", "utf-8")
    (problem,) = read_examples(path).problems
    assert (cause in problem.message, problem.where) == (True, f"{path}:3")


@pytest.mark.parametrize("text", ['[{"a": 1},]', '[{"a": 1}, \n]', '[{"a": [1,]}]', '[{"a": 1,}]'])
def test_a_comma_before_a_closing_bracket_is_named(tmp_path, text):
    path = tmp_path / "rows.json"
    path.write_text(text, "utf-8")
    with pytest.raises(DataError, match="comma before the closing bracket"):
        read_examples(path)


def test_why_one_answer_is_preferred_is_no_part_of_the_row():
    pair = {"prompt": "Capital?", "chosen": "Oslo", "rejected": "Bergen", "rationale": "Right."}
    assert reading(pair).problems == ()


def test_a_text_that_is_there_twice_is_one_text():
    parts = {"role": "user", "content": "Hi", "parts": [{"type": "text", "text": "Hi"}]}
    assert reading({"messages": [parts, ANSWER]}).problems == ()


def test_generations_that_hold_the_answer_are_said_already():
    assert reading(TALK | {"generations": ["Bergen", ANSWER["content"]]}).problems == ()


@pytest.mark.parametrize(
    "column",
    [
        {"choices": ["Oslo", "Bergen", "Molde"]},
        {"contexts": ["Oslo", "Bergen has more rain than any other town there."]},
        {"passages": ["A fjord.", "Oslo"]},
    ],
)
def test_what_is_said_in_part_is_not_said(column):
    talk = {"messages": [{"role": "user", "content": "Where is Oslo?"}, ANSWER]}
    assert reading(talk).problems == ()
    (problem,) = reading(talk | column).problems
    assert next(iter(column)) in problem.message


def test_a_name_within_a_longer_word_is_not_said():
    talk = {"messages": [{"role": "user", "content": "Who are the Osloers?"}, ANSWER]}
    (problem,) = reading(talk | {"context": "Osloer"}).problems
    assert "context" in problem.message


@pytest.mark.parametrize(("loss", "kept"), [(0.37, 1), (0, 0), (False, 0), ("false", 0)])
def test_a_logged_loss_is_no_mask(loss, kept):
    read = reading(TALK | {"loss": loss})
    assert (len(read.examples), read.problems) == (kept, ())


def test_a_loss_that_may_be_either_is_asked_about():
    (problem,) = reading(TALK | {"loss": 0.0}).problems
    assert "'loss' is 0.0" in problem.message
