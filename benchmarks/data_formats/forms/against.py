"""Rows that something speaks against, or that hold more than is read; and metadata that is none."""

from __future__ import annotations

import json
from typing import Any

from benchmarks.data_formats.files import jsonl, table
from benchmarks.data_formats.forms.exchanges import CHATS, FLAT, held_in
from benchmarks.data_formats.forms.registry import Made, form
from benchmarks.data_formats.forms.texts import QA, WEATHER, WRONG, called, chat
from benchmarks.data_formats.meant import (
    answer,
    refused,
    silent,
    system,
    talk,
    tool,
    trained,
    user,
)


def _last(**columns: Any) -> Made:
    """Return the exchanges, the last of them refused for its further column."""
    (column,) = columns
    rows = jsonl(*FLAT[:-1], {**FLAT[-1], **columns})
    return held_in("rows.jsonl", rows, refused(column, row=4))


@form("against", "privacy exports")
def without_consent() -> Made:
    """Has a row whose user did not consent."""
    return _last(training_consent=False)


@form("against", "databases, soft deletion")
def deleted_at() -> Made:
    """Has a row that was deleted at some time."""
    return _last(deleted_at="2026-05-01T09:30:00Z")


@form("against", "metadata in an object")
def split_in_metadata() -> Made:
    """Has a row whose metadata say that it is of the test split."""
    return _last(metadata={"source": "faq", "split": "test"})


@form("against", "LMSYS-Chat-1M")
def flagged_by_moderation() -> Made:
    """Has a conversation that moderation flagged."""
    return _last(openai_moderation=[{"flagged": True, "categories": {"hate": True}}])


@form("against", "Azure OpenAI")
def content_filter_results() -> Made:
    """Has an answer that a content filter caught."""
    return _last(content_filter_results={"hate": {"filtered": True, "severity": "high"}})


@form("against", "verified reasoning sets")
def verdict() -> Made:
    """Has an answer that was found to be incorrect."""
    return _last(verdict="incorrect")


@form("against", "Argilla 1")
def discarded_responses() -> Made:
    """Has a record that its annotator discarded."""
    return _last(**{"quality.responses.status": ["discarded"]})


@form("against", "logs of a proxy")
def failed_request() -> Made:
    """Has the error of a request as an answer."""
    return _last(status_code=503)


@form("against", "support logs")
def article_beside() -> Made:
    """Has the article that an answer is made from, under a name of its own."""
    return _last(kb_article="Lima is the capital of Peru.")


@form("against", "support logs")
def long_text_beside() -> Made:
    """Has a long text that nobody reads, under a name of no known word."""
    return _last(Anleitung="Zuerst den Deckel abnehmen, dann die Batterie einsetzen. " * 5)


@form("against", "quizzes")
def choices_in_columns() -> Made:
    """Has the choices that an answer names in columns of their own."""
    row = {"question": "Capital?", "A": "Cusco", "B": "Lima", "answer": "B"}
    return held_in("rows.jsonl", jsonl(row), refused(("choice", "column"), row=1))


@form("against", "Rasa, banking77")
def text_and_intent() -> Made:
    """Has a text, and the intent that it shows."""
    row = {"text": "Cancel my order.", "intent": "cancel_order"}
    return held_in("rows.jsonl", jsonl(row), refused("intent", row=1))


@form("against", "arena exports")
def other_answer_won() -> Made:
    """Has a pair whose rejected answer won."""
    rows = [
        {"prompt": q, "chosen": a, "rejected": w, "winner": "chosen"}
        for (q, a), w in zip(QA, WRONG, strict=True)
    ]
    rows[-1]["winner"] = "rejected"
    return held_in("rows.jsonl", jsonl(*rows), refused("winner", row=4), method="dpo")


@form("against", "tool calling", bases=("chatml",))
def unknown_function() -> Made:
    """Has a call of a function that is none of its tools."""
    call = called("Lima")
    call["function"]["name"] = "forecast"
    turns = [*chat(*QA[0]), user("Now?").message, {"role": "assistant", "tool_calls": [call]}]
    row = {"messages": turns, "tools": [WEATHER]}
    return held_in("rows.jsonl", jsonl(row), refused("forecast", "tool", row=1))


@form("against", "tool calling", bases=("chatml",))
def missing_result() -> Made:
    """Has two calls, and the result of one of them."""
    calls = [called("Lima", name="a"), called("Oslo", name="b")]
    turns = [
        user("Weather?").message,
        {"role": "assistant", "tool_calls": calls},
        tool("Rain.", tool_call_id="a").message,
        answer("Rain.").message,
    ]
    row = {"messages": turns, "tools": [WEATHER]}
    return held_in("rows.jsonl", jsonl(row), refused("result", row=1))


@form("against", "TRL, conversational prompt-completion")
def answers_in_the_prompt() -> Made:
    """Has earlier answers in its prompt, which are context."""
    (q, a), (q2, a2), *_ = QA
    prompt = [*chat(q, a), user(q2).message]
    row = {"prompt": prompt, "completion": [answer(a2).message]}
    return held_in(
        "rows.jsonl", jsonl(row), trained(talk(user(q), silent(a), user(q2), answer(a2)))
    )


@form("against", "XTuner")
def system_of_an_exchange() -> Made:
    """Has pairs of input and output, the first with a system text."""
    (q, a), (q2, a2), *_ = QA
    pairs = [{"system": "Be brief.", "input": q, "output": a}, {"input": q2, "output": a2}]
    meant = talk(system("Be brief."), user(q), answer(a), user(q2), answer(a2))
    return held_in("rows.jsonl", jsonl({"conversation": pairs}), trained(meant))


@form("against", "people")
def blanks_behind_commas() -> Made:
    """Is a table with a blank behind every comma."""
    rows = [", ".join(row.values()) for row in FLAT]
    content = "\n".join(["prompt, completion", *rows, ""]).encode()
    return held_in("rows.csv", content)


@form("against", "spreadsheets")
def plain_metadata() -> Made:
    """Has columns and objects that describe its rows."""
    told = {
        "status": "resolved",
        "claim_status": "rejected",
        "quality": "high",
        "deleted_at": "",
        "metadata": json.dumps({"split": "train", "flagged": False}),
        "reviewer": "AK",
        "document_id": "a 1",
        "notes": "See the handbook, which was revised twice. " * 6,
    }
    rows = [{**row, **told} for row in FLAT]
    return held_in("rows.csv", table(*rows))


@form("against", "logs of a chat")
def harmless_flags() -> Made:
    """Has moderation and content filters that caught nothing."""
    told = {
        "openai_moderation": [{"flagged": False, "categories": {"hate": False}}],
        "content_filter_results": {"hate": {"filtered": False, "severity": "safe"}},
        "user_opted_out": False,
        "status_code": 200,
    }
    return held_in("rows.jsonl", jsonl(*({**row, **told} for row in CHATS)))
