"""Rows that say one thing in the columns of several formats: which of them is the row itself."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from evalguard.training.formats.cells import blank, holds
from evalguard.training.formats.example import Example
from evalguard.training.formats.layout import ASKED, FORMATS, PAIRS, TALKS
from evalguard.training.formats.unread import name_words, words_of

_RENDERED = words_of("prompt text completion conversation chat full formatted rendered sample")
"""Words in names of texts that hold whole rows."""

REFERENCES = ("solution", "answer")
"""Answers to compare with, beside a conversation that has one of its own."""


def settled(names: Sequence[str], fields: Mapping[str, Any]) -> list[str]:
    """Return which of the formats that a row fits it is, where the others only repeat it.

    A whole conversation goes before columns that repeat its question, and the columns of a row
    before one that holds question and answer together, rendered for a model.

    Args:
        names: The formats, see :func:`~.recognise.candidates`.
        fields: The row's cells.

    Returns:
        One format, or all of them where they ask different things.

    Example:
        >>> talk = [{"role": "user", "content": "Why?"}, {"role": "assistant", "content": "So."}]
        >>> settled(["messages", "alpaca"], {"messages": talk, "instruction": "Why?", "output": ""})
        ['messages']
        >>> settled(["messages", "alpaca"], {"messages": talk, "instruction": "Who?", "output": ""})
        ['messages', 'alpaca']
    """
    names = [one for one in names if _found(fields, one, 0) != [""]] or [*names]
    talks = [name for name in names if name not in PAIRS]
    pairs = [name for name in names if name in PAIRS]
    if len(talks) == 1 and all(repeats_question(fields, name) for name in pairs):
        return talks
    if not talks:
        own = [name for name in pairs if not any(_renders(fields, name, one) for one in pairs)]
        return own if len(own) == 1 else [*names]
    return [*names]


def repeats_question(fields: Mapping[str, Any], name: str = "") -> bool:
    """Return whether a conversation of a row holds what a column beside it asks.

    Args:
        fields: The row's cells.
        name: Format of the columns; any that may hold a question without it.
    """
    columns = FORMATS[name].needs[0] if name else ASKED
    asked = [fields[one] for one in columns if one in fields and not blank(fields[one], one)]
    spoken = [text for column in TALKS for text in _texts(fields.get(column))]
    return bool(asked) and all(any(holds(text, one) for text in spoken) for one in asked)


def is_rendering(column: str, text: str, example: Example) -> bool:
    """Return whether a column holds question and answer as one text, rendered for a model.

    Args:
        column: Its name: a passage may hold both by chance.
        text: What it holds.
        example: What was made of the row.
    """
    last = example.messages[-2:]
    return (
        example.kind == "conversation"
        and bool(_RENDERED.intersection(name_words(column)))
        and all(message["content"] and holds(text, message["content"]) for message in last)
    )


def _renders(fields: Mapping[str, Any], name: str, other: str) -> bool:
    """Return whether the question of one format holds question and answer of another."""
    question, *_ = _found(fields, name, 0)
    parts = [*_found(fields, other, 0), *_found(fields, other, 1)]
    return all(one and one != question and holds(question, one) for one in parts)


def _found(fields: Mapping[str, Any], name: str, need: int) -> list[Any]:
    columns = FORMATS[name].needs[need]
    return [fields[one] for one in columns if one in fields and not blank(fields[one], one)] or [""]


def _texts(value: Any) -> Iterator[str]:
    """Yield every text of a conversation, which may be JSON itself."""
    if isinstance(value, str):
        if value.lstrip().startswith(("[", "{")):
            with suppress(ValueError):
                yield from _texts(json.loads(value))
                return
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
