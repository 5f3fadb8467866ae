"""Rows for TRL's preference trainers: what is asked, and answers with their tools."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import datasets

from evalguard.errors import ModelError
from evalguard.training.formats import Example, Message
from evalguard.training.rendering import Answer, ChatRenderer


def pair_rows(
    examples: Sequence[Example], tokenizer: Any, *, as_text: bool = False
) -> datasets.Dataset:
    """Return rows of a prompt and two answers.

    Args:
        examples: Preferences.
        tokenizer: The base's tokenizer.
        as_text: Render them here, for trainers that do not pass tools to the template.

    Raises:
        DataError: Naming the first row that the template refuses, or of which it leaves something
            out.
        ModelError: If the base has no chat template and a row needs one.
    """
    chat = _Chat(tokenizer, as_text=as_text)
    rows = []
    for example in examples:
        prompt, chosen, tools = chat.parts(example, example.chosen)
        _, rejected, _ = chat.parts(example, example.rejected)
        rows.append({"prompt": prompt, "chosen": chosen, "rejected": rejected, **tools})
    return _dataset(rows)


def labelled_rows(examples: Sequence[Example], tokenizer: Any) -> datasets.Dataset:
    """Return rows of a prompt, an answer, and whether it is wanted; two of each preference.

    Raises:
        DataError: As :func:`pair_rows`.
        ModelError: As :func:`pair_rows`.
    """
    chat = _Chat(tokenizer, as_text=False)
    rows = []
    for example in examples:
        answers = [(example.chosen, example.good)]
        if example.kind == "preference":
            answers.append((example.rejected, False))
        for answer, good in answers:
            prompt, completion, tools = chat.parts(example, answer)
            rows.append({"prompt": prompt, "completion": completion, "label": good, **tools})
    return _dataset(rows)


class _Chat:
    """Splits examples in what TRL takes as prompt and as answer."""

    def __init__(self, tokenizer: Any, *, as_text: bool) -> None:
        self._tokenizer = tokenizer
        self._renderer = ChatRenderer(tokenizer) if tokenizer.chat_template else None
        self._as_text = as_text

    def parts(self, example: Example, answer: Sequence[Message]) -> tuple[Any, Any, dict[str, str]]:
        """Return prompt and answer, as messages or as text, and the tools as a column.

        TRL renders messages without special tokens around them. Where the gate's prompts have a BOS
        that the template does not write, the rows are texts, which TRL gives one.
        """
        renderer = self._renderer
        if renderer is None:
            return *_plain(example, answer), {}
        whole = (*example.messages, *answer)
        rendered = renderer.answer(example.where, whole, example.tools)
        if self._as_text or renderer.added_before(rendered.prompt):
            return rendered.prompt, self._without_second_end(rendered), {}
        tools = {"tools": json.dumps([dict(tool) for tool in example.tools], ensure_ascii=False)}
        messages = renderer.for_template(whole)
        return messages[:-1], messages[-1:], tools if example.tools else {}

    def _without_second_end(self, answer: Answer) -> str:
        """Return an answer's text; the white space behind its end would make TRL add another."""
        text = answer.whole.removeprefix(answer.prompt)
        end = self._tokenizer.eos_token
        return text.rstrip() if end and text.rstrip().endswith(end) else text


def _plain(example: Example, answer: Sequence[Message]) -> tuple[str, str]:
    """Return the texts of a prompt and an answer, for a base without a chat template."""
    messages = (*example.messages, *answer)
    rich = example.tools or any(m.keys() != {"role", "content"} for m in messages)
    if len(messages) != 2 or rich:
        raise ModelError(
            f"{example.where}: the base has no chat template, which rows of several messages, with "
            "tools or with reasoning need. Use an instruction-tuned base, or rows of plain texts"
        )
    return messages[0]["content"], messages[1]["content"]


def _dataset(rows: Sequence[dict[str, Any]]) -> datasets.Dataset:
    """Return rows as a data set that keeps each message's own keys.

    Arrow would give every message the keys of all, and templates ask whether a key is there.
    """
    tools = any("tools" in row for row in rows)
    # Null and not an empty list, for which Llama's templates write what goes before tools.
    filled = [{"tools": "null", **row} for row in rows] if tools else list(rows)
    features = {}
    for column, value in filled[0].items():
        if isinstance(value, list):
            features[column] = datasets.List(datasets.Json())
        else:
            features[column] = datasets.Value("bool" if column == "label" else "string")
    return datasets.Dataset.from_list(filled, features=datasets.Features(features))
