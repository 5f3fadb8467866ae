"""Files of other vendors' fine-tuning interfaces, of their logs, and of other training tasks."""

from __future__ import annotations

import json
from typing import Any

from benchmarks.data_formats.files import jsonl
from benchmarks.data_formats.forms.registry import Made, form, made
from benchmarks.data_formats.forms.rows_of import MEANT, is_made_of, under
from benchmarks.data_formats.forms.texts import QA, WEATHER, called, chat
from benchmarks.data_formats.meant import answer, refused, silent, talk, tool, trained, user

GROUP = "vendors"


@form(GROUP, "Cohere, fine-tuning of chat models")
def chatbot() -> Made:
    """Spells the roles System, User and Chatbot."""
    return is_made_of(
        lambda q, a: {
            "messages": [
                {"role": "System", "content": "Be brief."},
                {"role": "User", "content": q},
                {"role": "Chatbot", "content": a},
            ]
        },
        under("Be brief."),
        refused(("chatbot",), row=1),
    )


@form(GROUP, "Vertex AI, supervised tuning of Gemini")
def contents() -> Made:
    """Has contents of parts, the role model, and the system text in a field of its own."""
    return is_made_of(
        lambda q, a: {
            "systemInstruction": {"role": "system", "parts": [{"text": "Be brief."}]},
            "contents": [
                {"role": "user", "parts": [{"text": q}]},
                {"role": "model", "parts": [{"text": a}]},
            ],
        },
        under("Be brief."),
        refused(("contents", "systeminstruction")),
    )


@form(GROUP, "Amazon Bedrock, conversation")
def converse() -> Made:
    """Has parts without a type, and the system text as a list of parts."""
    return is_made_of(
        lambda q, a: {
            "schemaVersion": "bedrock-conversation-2024",
            "system": [{"text": "Be brief."}],
            "messages": [
                {"role": "user", "content": [{"text": q}]},
                {"role": "assistant", "content": [{"text": a}]},
            ],
        },
        under("Be brief."),
        refused(("system", "content", "part"), row=1),
    )


@form(GROUP, "Anthropic, messages", bases=("chatml",))
def tool_use() -> Made:
    """Has calls and results as parts of messages."""
    (q, a), *_ = QA
    use = {"type": "tool_use", "id": "t1", "name": "get_weather", "input": {"city": "Lima"}}
    result = {"type": "tool_result", "tool_use_id": "t1", "content": "Rain."}
    rows = {
        "messages": [
            {"role": "user", "content": q},
            {"role": "assistant", "content": [use]},
            {"role": "user", "content": [result]},
            {"role": "assistant", "content": [{"type": "text", "text": a}]},
        ],
        "tools": [WEATHER],
    }
    call = called("Lima", name="t1")
    meant = talk(
        user(q),
        answer("", tool_calls=[call]),
        tool("Rain.", tool_call_id="t1"),
        answer(a),
        tools=[WEATHER],
    )
    return made(jsonl(rows), trained(meant), refused(("tool_use",), row=1))


@form(GROUP, "OpenAI, harmony")
def channels() -> Made:
    """Has what the model thinks as a message of its own, in the channel analysis."""
    return is_made_of(
        lambda q, a: {
            "messages": [
                {"role": "user", "content": q},
                {"role": "assistant", "channel": "analysis", "content": "A fact is asked for."},
                {"role": "assistant", "channel": "final", "content": a},
            ]
        },
        refused(("channel",), row=1),
    )


@form(GROUP, "OpenAI, batches")
def request_and_response() -> Made:
    """Is a log of requests with what came back."""
    return is_made_of(
        lambda q, a: {
            "custom_id": "1",
            "request": {"model": "m", "messages": [{"role": "user", "content": q}]},
            "response": {
                "status_code": 200,
                "body": {"choices": [{"index": 0, "message": {"role": "assistant", "content": a}}]},
            },
        },
        MEANT,
        refused(("request", "response")),
    )


@form(GROUP, "OpenAI, batches")
def requests_alone() -> Made:
    """Is a file of requests, which have no answers."""
    return is_made_of(
        lambda q, _: {
            "custom_id": "1",
            "method": "POST",
            "url": "/v1/chat/completions",
            "body": {"model": "m", "messages": [{"role": "user", "content": q}]},
        },
        refused(("body", "column", "answer")),
    )


@form(GROUP, "bigscience/P3")
def token_ids() -> Made:
    """Has inputs and targets as ids of another tokenizer, and as texts beside them."""
    return is_made_of(
        lambda q, a: {
            "inputs": [71, 328, 1],
            "inputs_pretokenized": q,
            "targets": [363, 19, 1],
            "targets_pretokenized": a,
        },
        MEANT,
        refused(("inputs",)),
    )


@form(GROUP, "transformers, Trainer")
def input_ids() -> Made:
    """Holds rows that another tokenizer has already cut into tokens."""
    return is_made_of(
        lambda q, a: {"input_ids": [1, 2, 3], "attention_mask": [1, 1, 1], "labels": [-100, 2, 3]},
        refused(("input_ids",)),
    )


@form(GROUP, "nyu-mll/multi_nli")
def premise_and_hypothesis() -> Made:
    """Has two sentences and a class as a number."""
    return is_made_of(
        lambda q, a: {"premise": q, "hypothesis": a, "label": 1, "idx": 7},
        refused(("premise", "label", "column")),
    )


@form(GROUP, "stanfordnlp/imdb")
def text_and_label() -> Made:
    """Has a text and its class as a number, which the text does not hold."""
    return is_made_of(lambda q, a: {"text": f"{q} {a}", "label": 1}, refused(("label",)))


@form(GROUP, "ms-swift, loss of a message")
def loss_of_a_message() -> Made:
    """Says of each answer whether it carries loss."""
    (q, a), (q2, a2), *_ = QA
    turns = [*chat(q, a), *chat(q2, a2)]
    row = {
        "messages": [turns[0], {**turns[1], "loss": False}, turns[2], {**turns[3], "loss": True}]
    }
    meant = talk(user(q), silent(a), user(q2), answer(a2))
    return made(jsonl(row), trained(meant), refused(("loss",), row=1))


@form(GROUP, "OpenAI, reinforcement fine-tuning")
def reference_answer() -> Made:
    """Ends with the question; what a grader wants stands beside it."""
    return is_made_of(
        lambda q, a: {"messages": [{"role": "user", "content": q}], "reference_answer": a},
        MEANT,
        refused(("reference_answer", "answer", "assistant"), row=1),
    )


@form(GROUP, "code completion")
def middle() -> Made:
    """Has a text to be filled in between two others."""
    return is_made_of(
        lambda q, a: {"prefix": "def f():\n", "suffix": "\n    return x", "middle": "    x = 1"},
        refused(("prefix", "suffix", "middle")),
    )


@form(GROUP, "LangSmith, exports")
def inputs_and_outputs() -> Made:
    """Has messages within inputs, and the answer within outputs."""
    return is_made_of(
        lambda q, a: {
            "inputs": {"messages": [{"role": "user", "content": q}]},
            "outputs": {"role": "assistant", "content": a},
        },
        MEANT,
        refused(("inputs", "outputs")),
    )


@form(GROUP, "feedback of users")
def thumbs() -> Made:
    """Says of each answer whether users liked it, in words of its own."""
    rows: list[dict[str, Any]] = [{"prompt": q, "completion": a, "thumbs": "up"} for q, a in QA]
    rows[1]["thumbs"] = "down"
    return made(jsonl(*rows), refused(("thumbs",), row=2))


@form(GROUP, "spreadsheets")
def workbook() -> Made:
    """Is a workbook, which is a ZIP archive."""
    import io
    import zipfile

    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/workbook.xml", "<workbook/>")
    return made(out.getvalue(), refused((".xlsx", "zip", "workbook", "csv")), file="rows.xlsx")


@form(GROUP, "OpenAI, supervised fine-tuning")
def parallel_tool_calls() -> Made:
    """Has settings of the request beside the messages."""
    return is_made_of(
        lambda q, a: {
            "messages": chat(q, a),
            "parallel_tool_calls": False,
            "model": "m",
            "temperature": 0.7,
            "stream": False,
        }
    )


@form(GROUP, "people")
def numbers_that_json_lacks() -> Made:
    """Has NaN and Infinity among its metadata, as Python writes them."""
    rows = [{"messages": chat(q, a), "score": float("nan"), "loss": float("inf")} for q, a in QA]
    meant = trained(*(talk(user(q), answer(a)) for q, a in QA))
    return made(json.dumps(rows).encode(), meant, refused(("nan", "loss")), file="rows.json")
