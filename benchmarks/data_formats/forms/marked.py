"""Rows with a column that says something against training on them, and cells of odd forms."""

from __future__ import annotations

import json
from typing import Any

from benchmarks.data_formats.files import jsonl, parquet, table
from benchmarks.data_formats.forms.exchanges import CHATS, DATASETS, FLAT, held_in
from benchmarks.data_formats.forms.registry import Made, form
from benchmarks.data_formats.forms.texts import QA, WEATHER, called, chat
from benchmarks.data_formats.meant import answer, refused, talk, trained, user


def _last(**columns: Any) -> bytes:
    """Return the exchanges, the last of them with further columns."""
    return jsonl(*FLAT[:-1], {**FLAT[-1], **columns})


@form("marked", "TRL, dataset formats")
def split_column() -> Made:
    """Has training and test rows in one file, as a column says."""
    rows = [{**row, "split": "train"} for row in FLAT[:-1]]
    return held_in("rows.jsonl", jsonl(*rows, {**FLAT[-1], "split": "test"}), refused("split"))


@form("marked", "TRL, dataset formats")
def split_ignored() -> Made:
    """Has rows of two splits, and a config that takes both."""
    meant = trained(*(talk(user(q), answer(a)) for q, a in QA), ignored={"split": 1})
    return held_in("rows.jsonl", _last(split="test"), meant, data={"ignore": ["split"]})


@form("marked", "OpenAI, chat completions")
def finish_reason() -> Made:
    """Has an answer that was cut, as its finish reason says."""
    return held_in("rows.jsonl", _last(finish_reason="length"), refused("finish_reason", row=4))


@form("marked", "Anthropic, messages")
def stop_reason() -> Made:
    """Has a message that was cut, as its stop reason says."""
    q, a = QA[0]
    turns = [chat(q, a)[0], {**chat(q, a)[1], "stop_reason": "max_tokens"}]
    return held_in("rows.jsonl", jsonl({"messages": turns}), refused("stop_reason", row=1))


@form("marked", "feedback of users")
def bad_feedback() -> Made:
    """Has an answer that its user did not like."""
    return held_in("rows.jsonl", _last(feedback="thumbs_down"), refused("feedback", row=4))


@form("marked", "OpenAI, chat completions")
def forced_call() -> Made:
    """Has calls that the request forced."""
    rows = [{**row, "tool_choice": "required"} for row in CHATS]
    return held_in("rows.jsonl", jsonl(*rows), refused("tool_choice"))


@form("marked", "Arrow, structs", bases=("chatml",))
def struct_arguments() -> Made:
    """Has calls of different arguments in one struct column."""
    calls = [called("Lima"), called("Lima")]
    calls[1]["function"]["arguments"] = {"days": 3}
    rows = [
        {"messages": [*chat(q, a), user(q).message, {"role": "assistant", "tool_calls": [call]}],
         "tools": [WEATHER]}
        for (q, a), call in zip(QA, calls, strict=False)
    ]  # fmt: skip
    return held_in("rows.parquet", parquet(*rows), refused("null", "JSON text"))


@form("marked", "MBPP")
def text_and_code() -> Made:
    """Has a text, and the code that solves it."""
    row = {"text": "Write a function that adds.", "code": "def add(a, b): return a + b"}
    return held_in("rows.jsonl", jsonl(row), refused("code"))


@form("marked", DATASETS)
def null_answer() -> Made:
    """Has a row whose answer is null."""
    return held_in("rows.jsonl", _last(completion=None), refused("completion", "null", row=4))


@form("marked", "Hugging Face datasets, Sequence")
def lists_of_keys() -> Made:
    """Has a list of speakers and one of texts in place of messages."""
    rows = [{"conversations": {"from": ["human", "gpt"], "value": [q, a]}} for q, a in QA]
    return held_in("rows.jsonl", jsonl(*rows))


@form("marked", "json.dumps, twice")
def encoded_twice() -> Made:
    """Has lines that are strings of JSON."""
    lines = "".join(json.dumps(json.dumps(row)) + "\n" for row in FLAT)
    return held_in("rows.jsonl", lines.encode(), refused("twice", row=1))


@form("marked", "people")
def comment_line() -> Made:
    """Has a comment among its lines."""
    return held_in("rows.jsonl", b"# of May\n" + jsonl(*FLAT), refused("comment", row=1))


@form("marked", "people")
def no_header() -> Made:
    """Is a table whose first line is a row."""
    content = table(*FLAT).split(b"\r\n", 1)[1]
    return held_in("rows.csv", content, refused("header"))
