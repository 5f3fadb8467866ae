"""Rows that say one thing in several columns are read once; plain properties are named and left."""

from __future__ import annotations

import pytest

from tests.training.test_unread import ANSWER, PAIR, TALK, USER, reading

SHARED = {
    "conversations": [{"from": "human", "value": "Which city?"}, {"from": "gpt", "value": "Oslo."}]
}
LONG = "It was asked which city is meant. After a long search the city was found to be Oslo."


@pytest.mark.parametrize(
    ("row", "kept"),
    [
        (TALK | {"problem": "Which city?", "solution": LONG, "answer": "42"}, "messages"),
        (TALK | {"problem": "Which city?", "solution": "Oslo."}, "messages"),
        (TALK | {"instruction": "Which city?", "response": "Oslo."}, "messages"),
        (SHARED | {"instruction": "Which city?", "input": "", "output": "Oslo."}, "sharegpt"),
        (SHARED | {"query": "Which city?", "answer": "Bergen."}, "sharegpt"),
        (SHARED | {"prompt": "Which city?", "completion": "Oslo."}, "sharegpt"),
        (
            {
                "messages": [{"role": "system", "content": "S."}, USER, ANSWER],
                "problem": "Which city?",
                "solution": LONG,
            },
            "messages",
        ),
        (
            {"instruction": "Which city?", "output": "Oslo.", "prompt": "Q: Which city? A: Oslo."},
            "alpaca",
        ),
        (TALK | {"prompt": "", "completion": " "}, "messages"),
        (PAIR | {"instruction": "", "output": ""}, "prompt_completion"),
        ({"problem": "Which city?", "solution": LONG, "answer": "Oslo"}, "question_answer"),
        (
            {"input": "Which city?", "output": f"<think>…</think> {LONG}", "solution": LONG},
            "question_answer",
        ),
        ({"question": "6 · 7?", "solution": "It is 42.", "answer": 42}, "question_answer"),
    ],
)
def test_the_fuller_column_is_the_row_and_the_others_are_named(row, kept):
    found = reading(row)
    assert found.problems == ()
    assert found.format == kept
    assert found.examples[0].messages[-2]["content"] in ("Which city?", "6 · 7?")
    assert found.ignored.keys() <= row.keys()


def test_of_several_answers_that_which_holds_the_others_is_learnt():
    for first, second in (("answer", "solution"), ("solution", "answer")):
        (example,) = reading({"question": "Which?", first: LONG, second: "Oslo"}).examples
        assert example.messages[-1]["content"] == LONG


def test_two_answers_of_which_neither_holds_the_other_are_for_the_config_to_choose():
    row = {"question": "Which?", "answer": "Bergen", "solution": LONG}
    assert "only one can be used" in reading(row).problems[0].message
    (example,) = reading(row, columns={"answer": "answer"}, ignore=("solution",)).examples
    assert example.messages[-1]["content"] == "Bergen"


@pytest.mark.parametrize(
    "row",
    [
        TALK | {"prompt": "Which country?", "completion": "Norway."},
        TALK | {"problem": "Which country?", "solution": "Norway."},
        TALK | {"instruction": "Which city?", "response": "Bergen."},
        TALK | {"instruction": "Which city?", "input": "In the south.", "output": "Oslo."},
        TALK | {"solution": "Bergen."},
        SHARED | {"instruction": "Which", "response": "Bergen, of course."},
        {"instruction": "Which city?", "output": "Oslo.", "prompt": "As a pirate: Which city?"},
        {"prompt": "Which city?", "instruction": "Name one.", "output": "Oslo."},
    ],
)
def test_columns_that_ask_or_say_something_else_are_not_lost(row):
    found = reading(row)
    assert not found.examples
    assert "data.ignore" in found.problems[0].message or "ormat" in found.problems[0].message


def test_two_questions_of_a_preference_may_be_one():
    pair = {"chosen": "Oslo.", "rejected": "Rome."}
    assert reading(pair | {"prompt": "Which?", "question": "Which? "}).problems == ()
    assert reading(pair | {"prompt": "Which?", "question": "Who?"}).problems


@pytest.mark.parametrize(
    ("column", "value"),
    [
        # what a row was made and judged with
        *(("labelling_prompt", [{"role": "user", "content": "Score the answers to it."}]),),
        *(("generation_prompt", ["<|user|> Which city is it?"]), ("judge_prompt", LONG)),
        *(("critique_prompt", LONG), ("grading_instructions", LONG), ("reward_context", LONG)),
        # tags under the names of parts
        *(("knowledge", "biology"), ("knowledge", "general knowledge"), ("knowledge", "none")),
        *(("attempt", "2"), ("attempt", "first"), ("attempt", "1 of 3"), ("evidence", "strong")),
        *(("prefix", "re:"), ("prefix", 3), ("suffix", "Jr"), ("background", "white")),
        *(("document", "manual.pdf"), ("transcript", "call-17"), ("thought", "n/a")),
        *(("cot", "no"), ("passages", "none"), ("chat_history", "N/A"), ("corrected", "true")),
        # nothing is wrong
        *(("error", "none"), ("error", "No error"), ("errors", "-"), ("exception", "null")),
        *(("is_error", "no"), ("error_code", 0), ("deleted_at", "never"), ("removed_by", "n/a")),
        *(("exclusion_reason", "None"), ("deleted_at", "0000-00-00 00:00:00")),
        # of what a row is about
        *(("status", 404), ("status", "500"), ("resolved", False), ("is_resolved", "no")),
        *(("solved", 0), ("toxic", True), ("toxic_chat_tag", True), ("is_toxic", 1)),
        *(("mask", 1), ("masks", 2), ("weights", "bert-base"), ("sample_weight", "250 g")),
    ],
)
def test_a_plain_property_is_named_once_and_the_row_is_trained_on(column, value):
    for row in (PAIR, TALK):
        found = reading(row | {column: value})
        assert found.problems == ()
        assert found.ignored == {column: 1}


MAGPIE = {"knowledge": "To answer this, the models need to know the geography of Norway."}


def test_what_a_tagger_says_that_a_question_needs_is_no_passage():
    tags = {"intent": "The user wants a city.", "difficulty": "easy"}
    assert reading(SHARED | MAGPIE | tags).problems == ()
    assert "has 'knowledge'" in reading(SHARED | MAGPIE).problems[0].message
    assert "has 'knowledge'" in reading(SHARED | MAGPIE | {"intent": "a"}).problems[0].message


@pytest.mark.parametrize(
    ("columns", "named"),
    [
        # the same words, where they do speak against the answer
        *(({"response_toxic": True}, "response_toxic"), ({"answer_toxicity_flag": 1}, "toxicity")),
        *(({"resolved": False, "instance_id": "a__b-1"}, "resolved"),),
        *(({"resolved": 0, "model_patch": "diff"}, "resolved"),),
        *(({"status": 503, "request_id": "a"}, "status"), ({"api_status": 404}, "api_status")),
        *(({"error": "E-404"}, "error"), ({"error": "none of the tools answered"}, "error")),
        *(({"mask": True}, "mask"), ({"mask": [0, 1]}, "mask"), ({"sample_weight": "0.5"}, "sam")),
        *(({"loss_scale": "last_round"}, "loss_scale"), ({"prefix": True}, "prefix")),
        *(({"solution_is_valid": "No"}, "valid"), ({"solution_is_valid": "Incomplete"}, "valid")),
        *(({"problem_is_valid": "no"}, "problem_is_valid"),),
        # and where they are a part of the row
        *(({"knowledge": "Oslo is the capital of Norway."}, "knowledge"),),
        *(({"attempt": "I think that it is Bergen."}, "attempt"), ({"corrected": "Oslo!"}, "corr")),
        *(({"prefix": "def f(x):\n    return"}, "prefix"), ({"evidence": ["a", "b"]}, "evidence")),
        *(
            (
                {"prompt_template": "x", "full_prompt": "As a pirate, say which city."},
                "full_prompt",
            ),
        ),
    ],
)
def test_what_speaks_against_a_row_or_belongs_to_it_is_refused(columns, named):
    found = reading(TALK | columns)
    assert not found.examples
    assert named in found.problems[0].message
    assert "ignore: [" in found.problems[0].message


def test_a_toxic_question_may_be_answered_and_a_toxic_answer_not():
    assert reading({"messages": [USER | {"toxic": True}, ANSWER]}).problems == ()
    (problem,) = reading({"messages": [USER, ANSWER | {"toxic": True}]}).problems
    assert "holds 'toxic'" in problem.message


@pytest.mark.parametrize(
    ("row", "mapping"),
    [
        ({"problem": "Q", "generated_solution": "r"}, "solution: generated_solution"),
        ({"inputs": "Q", "targets": "r"}, "question: inputs, answer: targets"),
        ({"user_prompt": "Q", "model_reply": "r"}, "question: user_prompt, answer: model_reply"),
        ({"Question": "Q", "Answer": "r"}, "question: Question, answer: Answer"),
        ({"user prompt": "Q", "PROMPT": "Q", "Completion": "r"}, "prompt: PROMPT, comp"),
        ({"Frage": "Q", "Antwort": "r"}, "instruction: …, output: …"),
    ],
)
def test_unknown_columns_are_met_with_a_mapping_that_works(row, mapping):
    assert f"data: {{columns: {{{mapping}" in reading(row).problems[0].message
    if "…" not in mapping and "comp" not in mapping:
        columns = dict(one.split(": ") for one in mapping.split(", "))
        assert reading(row, columns=columns).problems == ()
