"""What a row says in columns that its format does not read: is the row whole without them?"""

from __future__ import annotations

from collections.abc import Sequence

from evalguard.errors import DataError
from evalguard.training.formats.cells import Cells, holds, is_decision
from evalguard.training.formats.example import Example, texts
from evalguard.training.formats.layout import BESIDE_TEXT, CONVERSATIONS, LABELS, MEANT, PAIRS
from evalguard.training.formats.recognise import said_columns
from evalguard.training.formats.repeated import REFERENCES, is_rendering, repeats_question
from evalguard.training.formats.unread import (
    belongs,
    chosen_column,
    is_material,
    is_property,
    labels_text,
    names_answers,
    names_speaker,
)


def check_whole(cells: Cells) -> None:
    """Refuse a text that is one message of several.

    Raises:
        DataError: If a column says who speaks.
    """
    said = said_columns(cells.fields, cells.layout)
    given = [n for n in sorted(said) if names_speaker(n, cells.fields[n], beside=said)]
    if cells.layout.format is None and given:
        raise DataError(
            f"holds one message, as '{given[0]}' says. Put the messages of a conversation in one "
            "row: messages: [{role, content}]; or set data.format: text"
        )


def check_decided(cells: Cells) -> None:
    """Refuse a row whose answer is what an annotator decided.

    Raises:
        DataError: If it is, as the hashes of Prodigy beside it tell.
    """
    hashed = [n for n in cells.fields if n.startswith("_") and n.endswith("hash")]
    if "answer" in cells.used and hashed and is_decision(cells.fields.get("answer")):
        raise DataError(
            f"'answer' is {cells.fields['answer']!r}, an annotation tool's decision. Keep only "
            "the accepted rows, and map the column of the answer: columns: {answer: …}"
        )


def check_header(cells: Cells) -> None:
    """Refuse a row that repeats the names of the columns, as joined tables have one.

    Raises:
        DataError: If every cell is the name of its column.
    """
    said = {name.removeprefix("file's "): value for name, value in cells.fields.items()}
    theirs = {cells.layout.columns.get(name, name): value for name, value in said.items()}
    if len(theirs) > 1 and all(value == name for name, value in theirs.items()):
        raise DataError("repeats the names of the columns, as joined tables do; remove the row")


def check_used(cells: Cells, example: Example, name: str) -> None:
    """Refuse to leave out what belongs to a row, where the config does not name the format.

    Raises:
        DataError: If a column of another format says what the example does not.
    """
    if cells.layout.format is not None:
        return
    beside = (*LABELS, *BESIDE_TEXT) if name == "text" else ()
    unused = cells.unused() & cells.fields.keys() - {*cells.layout.ignore}
    for column in sorted(unused):
        value = cells.fields[column]
        if not _is_missed(column, cells, example, beside):
            continue
        is_talk = name in CONVERSATIONS and name not in PAIRS
        if column in REFERENCES and is_talk and repeats_question(cells.fields):
            continue
        held = value if isinstance(value, list) else [value]
        said = [any(holds(text, one) for text in texts(example)) for one in held]
        if isinstance(value, str) and is_rendering(column, value, example):
            continue
        # Of several answers one is the row's; of choices or passages all belong to it.
        if not (any(said) if names_answers(column) else all(said)):
            raise DataError(
                f"has '{column}', which format '{name}' does not read. If it does not matter, "
                f"leave it out: ignore: [{column}]; otherwise name the format or the columns"
            )
    answer = example.messages[-1]["content"] if example.kind == "conversation" else ""
    if choice := chosen_column([n for n in unused if isinstance(cells.fields[n], str)], answer):
        raise DataError(
            f"answers {answer!r}, which names the column '{choice}', and the question does not "
            f"hold it. Write the choices into the question, or leave them out: ignore: [{choice}]"
        )


def _is_missed(column: str, cells: Cells, example: Example, beside: Sequence[str]) -> bool:
    """Return whether what an example does not hold may be a part of it."""
    value = cells.fields[column]
    if column in beside or (beside and labels_text(column, value)):
        return True
    if isinstance(value, bool | int | float) and column not in MEANT:
        return False  # a number of turns, a flag
    if is_property(column, value, cells.fields):
        return False
    if belongs(column, answers=example.kind != "preference"):
        return True
    return example.kind != "text" and is_material(column, value)
