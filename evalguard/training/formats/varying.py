"""Files whose rows ask the same and answer differently: what tells them apart is in no message.

Sixty rows with the instruction "Classify the sentence" and a column ``sentence`` that no format
reads train a model to guess. One row alone does not show it; the file does.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from evalguard.training.formats.cells import Cells, blank, holds
from evalguard.training.formats.example import Example, said
from evalguard.training.formats.layout import FORMATS, PAIRS
from evalguard.training.formats.unread import is_about, plain_name

_SEVERAL = 5
"""Rows that ask the same, unless all rows of a file do."""

_SHARE = 1 / 3
"""Of the rows of a file that such rows are at least."""

_NOISE = 0.1
"""Share of rows of one value with another answer than the rest, as people label them."""

_LABELLED = 3
"""Rows of one value, on average, from which on it is a label that goes with one answer."""

_SLOT = re.compile(
    r"\{\{\s*([\w .-]+?)\s*\}\}|\$?\{\s*([\w .-]+?)\s*\}|%\(([\w .-]+)\)s"
    r"|<<\s*([\w .-]+?)\s*>>|\[\[\s*([\w .-]+?)\s*\]\]"
)
"""The place of a value in a text that was to be filled in."""

_PROGRAM = re.compile(r"```|\bf[\"']|\.format\(|#include|\bdef \w+\(|\bfunction\b")
"""Signs of program texts, where braces are no such places."""

_CODE = re.compile(r"(?=\S*\d)\S+|https?://\S+|[0-9a-f-]{8,}", re.I)
"""Texts that only tell rows apart: numbers, dates, keys and addresses."""

_FIGURE = re.compile(r"[-+]?\d+(?:[.,]\d+)?%?")

_SHOWN = 40
"""Characters of a question in a message."""


def open_places(cells: Cells, example: Example) -> str:
    """Return why a row whose question names a column in its place is not read; empty if none.

    Args:
        cells: The row.
        example: What was made of it.
    """
    names = {plain_name(name): name for name in cells.fields if name not in cells.layout.ignore}
    names |= {plain_name(theirs): ours for ours, theirs in cells.layout.columns.items()}
    for message in example.messages:
        text = message["content"]
        if message["role"] not in ("system", "user") or _PROGRAM.search(text):
            continue
        for slot in _SLOT.finditer(text):
            column = names.get(plain_name(next(filter(None, slot.groups()))), "")
            value = cells.fields.get(column)
            if not blank(value) and not any(holds(said(one), value) for one in example.messages):
                return (
                    f"a message holds '{slot.group()}', a placeholder for column '{column}' that "
                    "nothing fills in. Fill in the texts, or leave the column out: ignore: "
                    f"[{column}]"
                )
    return ""


def lost_columns(rows: Sequence[tuple[Cells, Example]]) -> dict[str, str]:
    """Return the rows of a file that ask the same and differ only in a column that is not read.

    Args:
        rows: The rows of the file, and what was made of them.

    Returns:
        What is wrong, by the places of the rows; nothing where no column is lost.
    """
    groups = _asking_the_same(rows)
    same = [row for group in groups for row in group]
    if not same or len(same) < _SHARE * len(rows):
        return {}
    lost = [name for name in _unread(same) if _decides(name, groups)]
    if not lost:
        return {}
    shown = " and ".join(f"'{name}'" for name in lost)
    asked = _asked(groups[0][0][1]).strip()
    verb = "varies" if len(lost) == 1 else "vary"
    message = (
        f"{len(same)} rows ask the same as others, such as {asked[:_SHOWN]!r}, and are answered "
        f"differently; {shown} {verb} with the answer and {_way_in(same[0][0], lost)}, or leave "
        f"out what does not matter: ignore: [{', '.join(lost)}]"
    )
    return {cells.where: message for cells, _ in same}


def _way_in(cells: Cells, lost: Sequence[str]) -> str:
    """Return that columns are not read, and how to make a row of them."""
    free = not {"input", "context"} & cells.fields.keys()
    if len(lost) == 1 and free and any(name in cells.fields for name in _pair_columns()):
        return f"is not read. Put it below the question: data: {{columns: {{input: {lost[0]}}}}}"
    verb = "is" if len(lost) == 1 else "are"
    return f"{verb} not read. Write what the answer depends on into the question"


def _pair_columns() -> Iterator[str]:
    for name in PAIRS:
        yield from (one for one in FORMATS[name].needs[0] if one != "input")


def _asking_the_same(
    rows: Sequence[tuple[Cells, Example]],
) -> list[list[tuple[Cells, Example]]]:
    """Return rows by what they ask, where many ask it and not all answers are one."""
    groups: dict[bytes, list[tuple[Cells, Example]]] = defaultdict(list)
    for row in rows:
        if row[1].kind != "text":
            groups[_context(row[1])].append(row)
    least = 2 if len(groups) == 1 else _SEVERAL
    return [
        group
        for group in groups.values()
        if len(group) >= least and len({_answer(one) for _, one in group}) > 1
    ]


def _unread(rows: Sequence[tuple[Cells, Example]]) -> list[str]:
    """Return the columns that most rows have and no format reads."""
    counted: dict[str, int] = defaultdict(int)
    for cells, _ in rows:
        ignore = {*cells.layout.ignore}
        for name in cells.unused() & cells.fields.keys() - ignore:
            counted[name] += 1
    return sorted(name for name, count in counted.items() if 2 * count > len(rows))


def _decides(name: str, groups: Sequence[Sequence[tuple[Cells, Example]]]) -> bool:
    """Return whether the answers of rows that ask the same depend on a column.

    They do where one value has one answer, unless the column is only another name of the answer, or
    tells every row apart without a word: ids, dates, scores. A property such as a title counts
    where the answer says it.
    """
    found = [
        (str(place), _value(cells.fields.get(name)), _answer(example), cells.fields.get(name))
        for place, group in enumerate(groups)
        for cells, example in group
        if not blank(cells.fields.get(name), name)
    ]
    answers: dict[tuple[str, str], set[str]] = defaultdict(set)
    values: dict[tuple[str, str], set[str]] = defaultdict(set)
    for place, value, answer, _ in found:
        answers[place, value].add(answer)
        values[place, answer].add(value)
    if len({place for place, _ in answers}) == len(answers):
        return False  # it does not vary among rows that ask the same
    if all(plain_name(value) == plain_name(answer) for _, value, answer, _ in found):
        return False
    spoken = sum(holds(answer, raw) and len(value) > 1 for _, value, answer, raw in found)
    said_mostly = 2 * spoken > len(found)
    repeats = len(answers) < len(found)
    one_to_one = all(len(one) == 1 for one in (*answers.values(), *values.values()))
    if one_to_one and len(found) >= _LABELLED * len(answers):
        return False  # it follows from the answer
    texts = [raw for *_, raw in found if isinstance(raw, str) and not _is_figure(raw)]
    if is_about(name) or (len(texts) == len(found) and all(map(_is_code, texts))):
        return said_mostly
    torn = sum(len(several) - 1 for several in answers.values())
    if torn > _NOISE * len(found):
        return False
    words = bool(texts) or any(isinstance(raw, list | dict) for *_, raw in found)
    return words or said_mostly or (repeats and not torn)


def _is_figure(text: str) -> bool:
    """Return whether a text is a number, as tables write them."""
    return _FIGURE.fullmatch(text.strip()) is not None


def _is_code(text: str) -> bool:
    return _CODE.fullmatch(text.strip()) is not None


def _value(value: Any) -> str:
    return value.strip() if isinstance(value, str) else json.dumps(value, default=str)


def _context(example: Example) -> bytes:
    """Return a key of all that is before the answer, without case and spacing."""
    before = example.messages[:-1] if example.kind == "conversation" else example.messages
    plain = " ".join(" ".join(f"{m['role']} {said(m)}" for m in before).casefold().split())
    return hashlib.sha256(plain.encode()).digest()


def _asked(example: Example) -> str:
    return next((m["content"] for m in example.messages if m["role"] == "user"), "")


def _answer(example: Example) -> str:
    answer = example.messages[-1:] if example.kind == "conversation" else example.chosen
    return "\n".join(map(said, answer)).strip()
