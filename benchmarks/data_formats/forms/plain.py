"""Plain texts, and what people train base models on."""

from __future__ import annotations

from typing import Any

from benchmarks.data_formats.files import jsonl
from benchmarks.data_formats.forms.registry import Made, form, made
from benchmarks.data_formats.forms.texts import QA, chat
from benchmarks.data_formats.meant import (
    Plain,
    Text,
    refused,
    trained,
)
from benchmarks.data_formats.models import FAMILIES


def _rows(question: str, reply: str, **columns: Any) -> list[dict[str, Any]]:
    return [{question: q, reply: a, **columns} for q, a in QA]


@form("text", "TRL, dataset formats", bases=("embedded", "llama", "mistral", "untemplated"))
def text(base: str) -> Made:
    """Has plain texts, of which every token is learnt."""
    texts = [f"{q} {a}" for q, a in QA]
    return made(jsonl(*({"text": each} for each in texts)), trained(*map(Text, texts)))


@form("text", "TRL, dataset formats", bases=("embedded", "llama", "mistral", "gemma"))
def text_with_ends(base: str) -> Made:
    """Has texts that hold the tokens of begin and end already, which are not doubled."""
    family = FAMILIES[base]
    texts = [f"{family.bos}{q} {a}{family.eos}" for q, a in QA]
    return made(jsonl(*({"text": each} for each in texts)), trained(*map(Text, texts)))


@form("text", "unsloth, formatting_prompts_func", bases=("llama",))
def rendered_text() -> Made:
    """Has texts in which the chat template is rendered already."""
    head = "<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\n"
    texts = [
        f"{head}{q}<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n{a}<|eot_id|>"
        for q, a in QA
    ]
    return made(jsonl(*({"text": each} for each in texts)), trained(*map(Text, texts)))


@form("text", "raw text")
def text_columns() -> Made:
    """Has a title beside the text."""
    rows = [{"title": q, "text": a} for q, a in QA]
    return made(jsonl(*rows), trained(*(Text(a) for _, a in QA), ignored={"title": 4}))


@form("text", "raw text")
def text_file() -> Made:
    """Is a file of text without rows."""
    lines = [f"{q} {a}" for q, a in QA]
    content = "\n".join(lines).encode()
    return made(
        content,
        refused((".txt", "text"), ("jsonl", "JSONL")),
        trained(Text("\n".join(lines))),
        trained(*map(Text, lines)),
        file="rows.txt",
    )


@form("instructions", "base models", bases=("untemplated",))
def completion_of_a_base() -> Made:
    """Has prompts and completions for a base without a chat template."""
    rows = [(f"Q: {q}\nA:", f" {a}") for q, a in QA]
    return made(
        jsonl(*({"prompt": q, "completion": a} for q, a in rows)),
        trained(*(Plain(q, a) for q, a in rows)),
    )


@form("templates", "base models", bases=("untemplated",))
def messages_without_a_template() -> Made:
    """Has messages for a base without a chat template."""
    return made(jsonl(*({"messages": chat(q, a)} for q, a in QA)), refused("chat template"))


@form("templates", "base models", bases=("untemplated",))
def system_without_a_template() -> Made:
    """Has a system text for a base without a chat template."""
    return made(
        jsonl(*_rows("prompt", "completion", system="Be brief.")),
        refused(("chat template", "system")),
    )
