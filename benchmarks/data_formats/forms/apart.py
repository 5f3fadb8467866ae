"""Files whose rows ask the same, and properties that are no part of a row."""

from __future__ import annotations

from typing import Any

from benchmarks.data_formats.files import jsonl, table
from benchmarks.data_formats.forms.exchanges import FLAT, held_in
from benchmarks.data_formats.forms.registry import Made, form
from benchmarks.data_formats.forms.texts import QA, chat
from benchmarks.data_formats.meant import answer, refused, talk, trained, user

_MOODS = ("positive", "negative")
_FILMS = tuple(f"It was {('good', 'bad')[n % 2]}, the {n}th of them." for n in range(12))


def _classified(**columns: Any) -> list[dict[str, Any]]:
    """Return rows of one instruction, each with an item of every column."""
    return [
        {
            "instruction": "Classify the sentence",
            "output": _MOODS[n % 2],
            **{name: items[n] for name, items in columns.items()},
        }
        for n in range(len(_FILMS))
    ]


def _met(**columns: Any) -> Made:
    """Return the exchanges with further columns, which are named and not used."""
    rows = [{**row, **columns} for row in FLAT]
    meant = (talk(user(q), answer(a)) for q, a in QA)
    return held_in("rows.jsonl", jsonl(*rows), trained(*meant, ignored=dict.fromkeys(columns, 4)))


@form("apart", "classification data")
def sentence_beside() -> Made:
    """Has one instruction, and the sentence that it is about in a column that nobody reads."""
    return held_in(
        "rows.jsonl",
        jsonl(*_classified(sentence=_FILMS)),
        refused("sentence", "ignore: [sentence]", "input: sentence"),
    )


@form("apart", "classification data")
def sentence_mapped() -> Made:
    """Has the same, and the config puts the sentence below the instruction."""
    meant = (
        talk(user(f"Classify the sentence\n\n{film}"), answer(_MOODS[n % 2]))
        for n, film in enumerate(_FILMS)
    )
    return held_in(
        "rows.jsonl",
        jsonl(*_classified(sentence=_FILMS)),
        trained(*meant),
        data={"columns": {"input": "sentence"}},
    )


@form("apart", "spreadsheets")
def figures_beside() -> Made:
    """Has one question, and the figures that it is about in columns of a table."""
    rows = [
        {"prompt": "Is it dear?", "completion": ("no", "yes")[n % 2], "price": 5 + n % 4}
        for n in range(12)
    ]
    return held_in("rows.csv", table(*rows), refused("price", "ignore: [price]"))


@form("apart", "chat files")
def clip_beside_messages() -> Made:
    """Has the same question in all messages, and what it is about in a column."""
    rows = [
        {"messages": chat("Which mood?", _MOODS[n % 2]), "clip": film}
        for n, film in enumerate(_FILMS)
    ]
    return held_in("rows.jsonl", jsonl(*rows), refused("clip", "ignore: [clip]"))


@form("apart", "prompt templates")
def open_place() -> Made:
    """Has the name of a column in braces where its text was to be filled in."""
    rows = [
        {"prompt": "Translate: {word}", "completion": german, "word": english}
        for english, german in (("dog", "Hund"), ("cat", "Katze"))
    ]
    return held_in("rows.jsonl", jsonl(*rows), refused("{word}", "ignore: [word]", row=1))


@form("apart", "classification data")
def ids_and_labels_beside() -> Made:
    """Has one instruction, with ids, annotators and labels that follow from the answer."""
    columns = {
        "id": range(12),
        "annotator": ("Ann", "Bob", "Eve") * 4,
        "mood": _MOODS * 6,
        "created": [f"2026-01-{n:02}" for n in range(1, 13)],
    }
    meant = (talk(user("Classify the sentence"), answer(_MOODS[n % 2])) for n in range(12))
    return held_in(
        "rows.jsonl",
        jsonl(*_classified(**columns)),
        trained(*meant, ignored=dict.fromkeys(columns, 12)),
    )


@form("apart", "support exports")
def of_a_ticket() -> Made:
    """Has the state of a ticket, which says nothing of the answer."""
    return _met(resolved=False, status=404, prefix="re:", ticket_id="a-1")


@form("apart", "exports of tools")
def nothing_wrong() -> Made:
    """Says in words that there was no error, and that nothing was removed."""
    return _met(error="none", deleted_at="never", exclusion_reason="n/a", attempt="1")


@form("apart", "safety data")
def toxic_questions() -> Made:
    """Says that its questions are toxic, and which knowledge they are about."""
    return _met(toxic=True, knowledge="biology", mask=1)


@form("apart", "distilabel")
def prompts_of_judges() -> Made:
    """Has what a model was asked that made or judged the answers."""
    return _met(
        judge_prompt="Which of the two answers is better, and by how much? " * 5,
        generation_prompt=["<|user|>Ask something.<|assistant|>"],
    )
