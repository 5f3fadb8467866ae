"""What speaks against a row is understood by the words of its name, and by its value."""

from __future__ import annotations

import pytest

from evalguard.training.formats.cells import label_of, truth_of
from tests.training.test_unread import ANSWER, PAIR, TALK, USER, reading, talk

LONG = "The office is open on weekdays, and by appointment on Saturdays. " * 4


@pytest.mark.parametrize(
    ("column", "value"),
    [
        # flags, by the words of their names
        *(("training_consent", False), ("consentGiven", "no"), ("user_opted_out", True)),
        *(
            ("opt_out", "yes"),
            ("include", "no"),
            ("keep", "N"),
            ("is_deleted", 1),
            ("deleted", "1"),
        ),
        *(("response_is_wrong", True), ("isSuperseded", True), ("all_tests_passed", False)),
        *(("compiles", False), ("answer_ok", "nein"), ("valid", "FALSCH")),
        *(
            ("hallucination", True),
            ("not_for_training", True),
            ("is_train", 0),
            ("withdrawn", True),
        ),
        # when, by whom and why it was left out
        *(("deleted_at", "2024-05-01"), ("removed_by", "moderator"), ("exclusion_reason", "spam")),
        # verdicts
        *(("verdict", "incorrect"), ("quality", "bad"), ("model_judgement", "Wrong")),
        *(("answer.responses.status", ["discarded"]), ("answer.status", "rejected")),
        # held out
        *(("is_test", True), ("is_test", "1"), ("in_eval_set", True), ("held_out", "true")),
        # within objects, and the JSON text of one
        *(("metadata", {"split": "test"}), ("meta", {"review": {"approved": False}})),
        *(("openai_moderation", [{"flagged": False}, {"flagged": True}]),),
        *(("feedback", {"score": -1, "comment": ""}), ("metadata", '{"split": "validation"}')),
        *(("content_filter_results", {"hate": {"filtered": True}}),),
        *(("response_metadata", {"finish_reason": "length"}),),
        ("feedback", ["thumbs_down", "bad"]),
        # a request that failed, and who carries no loss
        *(("status_code", 503), ("http_status", "429"), ("mask", "Assistant")),
    ],
)
def test_a_row_that_something_speaks_against_is_refused_unless_it_is_left_out(column, value):
    found = reading(TALK | {column: value})
    assert not found.examples
    assert f"'{column}" in found.problems[0].message
    assert f"ignore: [{column}]" in found.problems[0].message
    assert reading(TALK | {column: value}, ignore=(column,)).problems == ()


@pytest.mark.parametrize(
    ("column", "value"),
    [
        *(("order_status", "rejected"), ("claim_decision", "rejected"), ("status", "failed")),
        *(("status", "open"), ("state", "resolved"), ("quality", "high"), ("quality", 2)),
        *(("verdict", "guilty"), ("verdict", "false"), ("grade", "B"), ("score", -3)),
        *(("deleted_at", None), ("deleted_at", ""), ("updated_at", "2024"), ("deleted_rows", 3)),
        *(("wrong", 1), ("failed", 1), ("skipped", "1"), ("failed_attempts", 1), ("passed", 3)),
        *(("test", "assert f(1) == 2"), ("test", 1), ("tests", ["a"]), ("test_id", 1)),
        *(
            ("is_tested", True),
            ("validated", True),
            *(("validation", True), ("feedback", ["thumbs_down", "thumbs_up"])),
            *(("payload", '{"a": "' + LONG + '"}'), ("signature", "ab12" * 80)),
            *(("prompt_strategy", "chain of thought"), ("knowledge_cutoff", "the end of 2023")),
            ("evaluation", 1),
            ("dev", "Ann"),
        ),
        *(("status_code", 200), ("status", 1), ("mask", "User"), ("training_consent", True)),
        *(("metadata", {"split": "train", "labels": ["a"], "error": None, "set": "A"}),),
        *(("votes", {"up": 1, "down": 1, "bad": 1}), ("rating", {"value": 0})),
        *(("moderation", {"flagged": False}), ("metadata", "{no JSON"), ("correct", "B")),
        *(("schema", "public"), ("schema_version", "1 of 3 drafts"), ("persona", "pirate")),
        *(("document_id", "a b c d"), ("article_url", "https://a.b/c"), ("steps", 1200)),
        *(("prompt_template", "alpaca with input"), ("context_length", 4096), ("manual", True)),
        *(("notes", LONG), ("explanation", LONG), ("raw_html", LONG), ("source", LONG)),
        *(("reviewer", "AK"), ("language", "de"), ("topic", "brakes"), ("liked", 0)),
        *(("allowed", False), ("used", False), ("code", "E-404"), ("table", "users")),
        *(("prompt_safe", False), ("review", "A short review of a book."), ("result", "FAIL")),
        *(("label_source", "bad"), ("human_label", "brakes"), ("assignment_status", "Approved")),
        *(("option_a", "Rome"), ("A", "Rome"), ("author", "Ann"), ("is_agent", True)),
    ],
)
def test_what_describes_a_row_speaks_against_nothing(column, value):
    found = reading(PAIR | {column: value})
    assert found.problems == ()
    assert len(found.examples) == 1


@pytest.mark.parametrize(
    ("keys", "named"),
    [
        ({"rating": "thumbs_down"}, "rating"),
        ({"metadata": {"flagged": True}}, "metadata.flagged"),
        ({"superseded": True}, "superseded"),
        ({"is_context": True}, "is_context"),
        ({"prefix": True}, "prefix"),
        ({"context": "The shop opens at 9."}, "context"),
        ({"retrieved_docs": ["The shop opens at 9."]}, "retrieved_docs"),
    ],
)
def test_a_message_that_something_speaks_against_is_refused(keys, named):
    (problem,) = reading(talk(**keys)).problems
    assert f"holds '{named}'" in problem.message
    assert reading(talk(**keys), ignore=tuple(keys)).problems == ()


@pytest.mark.parametrize("keys", [{"prefix": False}, {"rating": 5}, {"context": {"citations": []}}])
def test_a_message_that_nothing_speaks_against_is_read(keys):
    assert reading(talk(**keys)).problems == ()


@pytest.mark.parametrize(
    ("column", "value"),
    [
        *(("kb_article", "Press the reset button."), ("snippets", "one … two … three")),
        *(("ddl", "CREATE TABLE users (id INT)"), ("starter_code", "class Solution: pass of")),
        *(("persona", "You are a pirate."), ("character_prompt", "You are a pirate.")),
        *(("definition", "Answer in one word."), ("code", "print(1)")),
        *(("email_body", "Please send the offer."), ("table", [["a", 1]])),
        *(("steps", ["add", "halve"]), ("suffix", ")"), ("Betriebsanleitung", LONG)),
        *(("answer.responses", ["Bergen."]), ("ideal", "Bergen."), ("response_gold", "Bergen.")),
    ],
)
def test_what_a_question_needs_or_an_answer_is_made_from_is_not_lost(column, value):
    (problem,) = reading(PAIR | {column: value}).problems
    assert f"has '{column}'" in problem.message
    assert reading(PAIR | {column: value}, ignore=(column,)).problems == ()
    if isinstance(value, str) or column.startswith("answer"):  # the same text is in the question
        told = PAIR | {"prompt": f"{value} Which city? Bergen."}
        assert (
            reading(told | {column: value if isinstance(value, str) else "Bergen."}).problems == ()
        )


@pytest.mark.parametrize(
    "choices", [{"A": "Rome", "B": "Oslo"}, {"option_a": "Rome", "option_b": "Oslo"}]
)
def test_an_answer_that_names_a_choice_needs_the_choices(choices):
    row = {"question": "Which city?", "answer": "(b)"} | choices
    assert "names the column" in reading(row).problems[0].message
    assert reading(row, ignore=tuple(choices)).problems == ()
    assert reading(row | {"answer": "Oslo"}).problems == ()
    numbers = {"score_1": 0.3, "score_2": 0.7, "question": "Which?", "answer": "2"}
    assert reading(numbers).problems == ()


@pytest.mark.parametrize(
    ("column", "value"),
    [
        *(("intent", "cancel"), ("sentiment", "neg"), ("class", 3), ("author", "user")),
        *(("entities", [{"start": 0}]), ("label_name", "sports"), ("is_agent", True)),
        *(("turn_id", 0), ("author", {"name": "Ann"})),
    ],
)
def test_a_text_is_not_trained_on_without_what_it_is_labelled_with(column, value):
    row = {"text": "Cancel my order.", column: value}
    assert f"'{column}'" in reading(row).problems[0].message


@pytest.mark.parametrize(
    ("column", "value"),
    [
        *(
            ("sentiment", 0.4),
            ("author", "Jane Austen"),
            ("from", "the archive"),
            *(("title", "Emma"), ("headline", "Rain"), ("abstract", LONG), ("raw_page", LONG)),
            *(("sender", "ann@x.org"), ("prompt_id", "a b c")),
        ),
        *(("language", "en"), ("entity_count", 3), ("quality_label", "high"), ("is_human", True)),
    ],
)
def test_what_describes_a_text_is_counted(column, value):
    found = reading({"text": "It was a fine day.", column: value})
    assert (found.problems, found.ignored) == ((), {column: 1})


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("winner", "rejected"),
        ("human_preference", "tie"),
        ("is_tie", True),
        ("better_answer", "both bad"),
    ],
)
def test_a_pair_whose_other_answer_won_is_no_preference(column, value):
    row = {"prompt": "Which city?", "chosen": "Oslo.", "rejected": "Rome."}
    assert "was not preferred" in reading(row | {column: value}).problems[0].message
    assert reading(row | {column: value}, ignore=(column,)).problems == ()
    for harmless in ({"winner": "chosen"}, {"tie": False}, {"preference": "model_a"}):
        assert reading(row | harmless).problems == ()


@pytest.mark.parametrize("column", ["usage", "Teil", "bucket"])
def test_a_column_that_names_splits_alone_is_one(column):
    rows = [TALK | {column: one} for one in ("train", "training", "Test")]
    (problem,) = reading(*rows).problems
    assert (problem.where, f"'{column}' is 'Test'" in problem.message) == ("rows.jsonl:3", True)
    assert reading(*rows, ignore=(column,)).problems == ()
    assert reading(*rows, TALK | {column: "chemistry"}).problems == ()
    assert reading(*rows[2:]).problems == ()  # a topic, for all that is known


def test_a_bad_answer_of_kto_may_be_called_bad():
    good, bad = PAIR | {"label": True, "verdict": "ok"}, PAIR | {"label": False, "verdict": "wrong"}
    assert reading(good, bad | {"is_correct": False, "feedback": "bad"}).problems == ()
    assert "'is_correct'" in reading(good | {"is_correct": False}, bad).problems[0].message
    assert "'deleted'" in reading(good, bad | {"deleted": True}).problems[0].message


def test_answers_in_a_prompt_are_context():
    earlier = [USER, {"role": "assistant", "content": "Rome?"}, USER | {"content": "No."}]
    found = reading({"prompt": earlier, "completion": [ANSWER]})
    assert found.examples[0].untrained == {1}
    assert list(found.remarks) == ["answers in the prompt are context without loss"]
    history = reading({"prompt": "No.", "completion": "Oslo.", "history": [["Which?", "Rome?"]]})
    assert history.examples[0].untrained == frozenset()


def test_the_system_text_of_an_exchange_is_not_lost():
    first, second = {"input": "Hi", "output": "Hello."}, {"input": "Bye", "output": "Bye."}
    (example,) = reading({"conversation": [first | {"system": "Be kind."}, second]}).examples
    assert [m["content"] for m in example.messages[:2]] == ["Be kind.", "Hi"]
    found = reading({"conversation": [first, second | {"system": "Be rude."}]})
    assert "only the first exchange" in found.problems[0].message


def called(*names, results=1, tools=("f", "g")):
    calls = [{"function": {"name": name, "arguments": {}}} for name in names]
    answers = [{"role": "tool", "content": "2"}] * results
    call = {"role": "assistant", "content": None, "tool_calls": calls}
    return {"messages": [USER, call, *answers, ANSWER], "tools": [{"name": one} for one in tools]}


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (called("h"), "calls 'h', which is not one of the tools: f, g"),
        (called("f", "g"), "makes 2 calls, and 1 of them have a result"),
        ({"messages": [USER], "chosen": [], "rejected": []}, ""),
    ],
)
def test_calls_of_tools_that_are_not_there_or_say_nothing_are_refused(row, message):
    assert message in reading(row).problems[0].message


def test_calls_of_tools_that_are_there_are_read():
    assert reading(called("f", "g", results=2)).problems == ()
    assert reading(called("h", tools=())).problems == ()  # no tools to hold them to


def test_what_an_annotator_decided_is_no_answer():
    decided = {"question": "Which city?", "answer": "accept", "_input_hash": 1}
    assert "annotation tool's decision" in reading(decided).problems[0].message
    several = {"prompt": "Which city?", "completion": "Oslo.", "answer": "reject"}
    assert "ignore: [answer]" in reading(several).problems[0].message
    assert reading({"question": "Accept or reject?", "answer": "accept"}).problems == ()


@pytest.mark.parametrize("words", [("WAHR", "FALSCH"), ("vrai", "faux"), ("Да", "нет")])
def test_truth_values_of_spreadsheets_are_read_in_their_languages(words):
    assert tuple(map(truth_of, words)) == tuple(map(label_of, words)) == (True, False)
