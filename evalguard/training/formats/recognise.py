"""Which format rows have: what their columns say, unless the config names it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence, Set
from difflib import SequenceMatcher
from typing import Any

from evalguard.errors import did_you_mean
from evalguard.training.formats.cells import blank, label_of
from evalguard.training.formats.layout import COLUMNS, CONVERSATIONS, FORMATS, LABELS, Layout
from evalguard.training.formats.unread import name_words, names_answers, plain_name, words_of

_NUMBER = re.compile(r"[-+]?\d+(?:[.,]\d+)*$")

_ASKING_WORDS = words_of("question query problem input inputs prompt instruction utterance")
_ANSWERING_WORDS = words_of(
    "answer response reply output outputs completion solution target targets generation"
)
"""Words in names of columns that may be a question, or its answer."""

_SPEAKERS = ("role", "from", "sender", "author", "speaker")
_SAYING = ("content", "value", "text", "message")
"""Keys of messages in other tools."""

_ALIKE = 0.85
"""Similarity of a misspelt name, by the share of letters that match."""


def candidates(columns: Set[str]) -> list[str]:
    """Return the formats that a row with these columns may have, without its label.

    Two answers go before everything else. A text beside something structured is its rendering.

    Example:
        >>> candidates({"id", "instruction", "input", "output"})
        ['alpaca']
        >>> candidates({"messages", "prompt", "completion"})
        ['messages', 'prompt_completion']
    """
    for name in ("openai_preference", "preference"):
        if FORMATS[name].fits(columns):
            return [name]
    found = [name for name in CONVERSATIONS if FORMATS[name].fits(columns)]
    if "question_answer" in found and len(found) > 1:
        asked = FORMATS["question_answer"].found(columns)[0]
        if asked == ("input",):
            found.remove("question_answer")  # the input of an instruction
    return found or (["text"] if FORMATS["text"].fits(columns) else [])


def said_columns(fields: Mapping[str, Any], layout: Layout) -> set[str]:
    """Return the columns of a row that the config does not leave out."""
    return {name for name in fields if name not in layout.ignore}


def null_columns(columns: Set[str], nulls: Set[str], layout: Layout) -> list[str]:
    """Return the file's columns that are null in a row, and with which it would have a format."""
    nulls = {name for name in nulls if name not in layout.ignore}
    asked_for = layout.format if layout.format != "unpaired" else None
    for name in [asked_for] if asked_for else candidates(columns | nulls):
        found = FORMATS[name].found(columns | nulls)
        empty = [need[0] for need in found if need and not columns & {*need}]
        return [layout.columns.get(name, name) for name in empty]
    return []


def null_in_row(columns: Sequence[str]) -> str:
    """Return what to do about a row in which needed columns are null."""
    shown = " and ".join(f"'{name}'" for name in columns)
    return f"{shown} {'are' if len(columns) > 1 else 'is'} null. Fill in a text, or remove the row"


def labels_decide(rows: Sequence[Mapping[str, Any]], layout: Layout) -> bool | None:
    """Return whether the labels of a file mark answers as wanted or unwanted.

    Returns:
        ``None`` where some do and some say something else.
    """
    labels = [
        label_of(row[name]) is not None
        for row in rows
        for name in LABELS
        if name in row and name not in layout.ignore and not blank(row[name])
    ]
    if not any(labels):
        return False
    return True if all(labels) else None


def unrecognised(fields: Mapping[str, Any], columns: Sequence[str]) -> str:
    """Return why no format has these columns of a row, and the nearest."""
    if not columns:
        return "is empty: no columns, or only nulls. Fill the row, or remove it"
    known = {column for one in FORMATS.values() for need in one.needs for column in need}
    found = ", ".join(map(repr, columns)) or "none"
    if "chosen" in columns or "rejected" in columns:
        missing = "rejected" if "chosen" in columns else "chosen"
        return f"a preference row without '{missing}'; found columns {found}"
    near = {one: _meant(one, known) for one in columns if one not in COLUMNS}
    meant = {name: _as_yaml(one) for one, name in reversed(near.items()) if name is not None}
    if meant:
        mapping = ", ".join(f"{name}: {shown}" for name, shown in reversed(meant.items()))
        (first, *_) = (one for one, name in near.items() if name is not None)
        return (
            f"unknown column {_shown(first)}. Did you mean '{near[first]}'? Rename it, or map it: "
            f"data: {{columns: {{{mapping}}}}}"
        )
    formats = "; ".join(f"{name}: {one.shown()}" for name, one in FORMATS.items())
    if values := [column for column in columns if _is_value(column)]:
        return (
            f"no known format has the columns {found}. '{values[0][:60]}' looks like a value: if "
            "the file has no header, write the column names in its first line"
        )
    nested = [n for n in columns if n not in COLUMNS and _is_nested(fields.get(n))]
    inside = f" Inside '{nested[0]}' nothing is read: make columns of it." if nested else ""
    two = ""
    if talk := next((n for n in columns if n not in COLUMNS and _is_talk(fields.get(n))), None):
        return (
            f"no known format has the columns {found}. If '{talk}' holds the messages of a "
            f"conversation, map it: data: {{columns: {{messages: {_as_yaml(talk)}}}}}"
        )
    if pair := _two_answers(fields):
        chosen, rejected = pair
        two = (
            f" for one answer, or {{columns: {{chosen: {chosen}, rejected: {rejected}}}}} for a "
            "preference, if the first is always the better one"
        )
    return (
        f"no known format has the columns {found}. Name yours, such as "
        f"data: {{columns: {{{_mapping(fields)}}}}}{two}.{inside} Known: {formats}"
    )


def _as_yaml(column: str) -> str:
    return column if column.isidentifier() else json.dumps(column)


def _shown(column: str) -> str:
    return repr(column) if column.isidentifier() else json.dumps(column)


def _mapping(fields: Mapping[str, Any]) -> str:
    """Return how the columns of a row may be mapped to a question and its answer."""
    texts = _texts(fields)
    asked = next((n for n in FORMATS["question_answer"].needs[0] if n in texts), None)
    asked = asked or next((n for n in texts if {*name_words(n)} & _ASKING_WORDS), None)
    answers = _answers(texts)
    said = sorted(answers, key=names_answers)
    if asked is None or not said or said[0] == asked:
        return "instruction: …, output: …"
    question = "" if asked in ("question", "query", "problem", "input") else f"question: {asked}, "
    name = "solution" if "solution" in name_words(said[0]) else "answer"
    return f"{question}{name}: {said[0]}"


def _texts(fields: Mapping[str, Any]) -> list[str]:
    return [name for name, value in fields.items() if isinstance(value, str)]


def _answers(names: Sequence[str]) -> list[str]:
    """Return the names of columns that may be an answer."""
    return [name for name in names if {*name_words(name)} & _ANSWERING_WORDS]


def _two_answers(fields: Mapping[str, Any]) -> list[str] | None:
    """Return the columns of two answers to one question, whose names differ in their end alone.

    Example:
        >>> _two_answers({"question": "Why?", "response_j": "So.", "response_k": "No."})
        ['response_j', 'response_k']
    """
    answers = _answers(_texts(fields))
    stems = {name[:-1] for name in answers}
    return answers if len(answers) == 2 and len(stems) == 1 else None


def _is_value(name: str) -> bool:
    """Return whether the name of a column is more likely a value of a row without a header."""
    text = name.strip()
    return len(text) > 40 or text.endswith(("?", ".", "!", "。")) or bool(_NUMBER.match(text))


def _is_nested(value: Any) -> bool:
    """Return whether a cell holds objects."""
    inner = value[:1] if isinstance(value, list) else [value]
    return any(isinstance(one, dict) for one in inner)


def _is_talk(value: Any) -> bool:
    """Return whether a cell may hold a conversation: an even number of texts, or speakers."""
    if not isinstance(value, list) or len(value) < 2:
        return False
    if all(isinstance(one, str) for one in value):
        return len(value) % 2 == 0
    return all(isinstance(one, dict) and _speaks(one) for one in value)


def _speaks(message: Mapping[str, Any]) -> bool:
    """Return whether an object names who says a text."""
    who = {*_SPEAKERS} & message.keys()
    return bool(who) and any(isinstance(message.get(key), str) for key in _SAYING)


def _meant(column: str, known: Set[str]) -> str | None:
    """Return the name that a column is written like, if any."""
    if same := [name for name in sorted(known) if plain_name(name) == plain_name(column)]:
        return same[0]
    near = re.match(r"Did you mean '(\w+)'", did_you_mean(column, known))
    return near.group(1) if near and _is_misspelt(column, near.group(1)) else None


def _is_misspelt(column: str, name: str) -> bool:
    """Return whether a column is a misspelt name, and not a name of its own such as a plural."""
    alike = SequenceMatcher(None, column, name).ratio() >= _ALIKE
    return alike and not column.startswith(name) and name != f"{column}s"


def ambiguous(names: Sequence[str]) -> str:
    """Return what to do about a row that has the columns of several formats."""
    shown = " or ".join(f"'{name}' ({FORMATS[name].shown()})" for name in names)
    return f"may be read as {shown}. Say which: data: {{format: {names[0]}}}"


def unfit(name: str, columns: Sequence[str]) -> str:
    """Return what a row lacks for the format that the config names."""
    missing = ", ".join(
        "|".join(need)
        for need, found in zip(FORMATS[name].needs, FORMATS[name].found(set(columns)), strict=True)
        if not found
    )
    found = ", ".join(map(repr, columns)) or "none"
    return (
        f"format '{name}' needs {missing}; found columns {found}. Name another format, or map "
        "the columns: data: {columns: {NAME: COLUMN OF THE FILE}}"
    )
