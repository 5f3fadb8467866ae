"""Rows that do not fit, that teach nothing, or that are held out: how many is recorded."""

from __future__ import annotations

from typing import Any

from benchmarks.data_formats.files import jsonl
from benchmarks.data_formats.forms.registry import Made, form, made
from benchmarks.data_formats.forms.texts import QA, WRONG, chat
from benchmarks.data_formats.meant import (
    Outcome,
    Text,
    answer,
    labelled,
    pair,
    refused,
    silent,
    talk,
    trained,
    user,
)

TRL = "TRL, max_length"
LENGTH = 96
"""Tokens of a sequence; the embedded tokenizer spells unknown words in bytes."""

_LONG = "Please read all of this. " * 20
_CUT = {"max_length": LENGTH, "max_cut_share": 0.9}


def _amount(content: bytes, *allowed: Outcome, **settings: Any) -> Made:
    return made(content, *allowed, training=settings.pop("training", _CUT), **settings)


def _sft(long_question: bool) -> list[tuple[str, str]]:
    (q, a), (q2, a2), (q3, a3), _ = QA
    third = (_LONG + q3, a3) if long_question else (q3, _LONG)
    return [(q, a), (q2, a2), third]


def _flat(rows: list[tuple[str, str]]) -> bytes:
    return jsonl(*({"prompt": q, "completion": a} for q, a in rows))


def _talks(rows: list[tuple[str, str]]) -> list[Any]:
    return [talk(user(q), answer(a)) for q, a in rows]


@form("amounts", TRL)
def all_rows_fit() -> Made:
    """Fits as a whole."""
    counts = {"read": 4, "trained": 4, "cut": 0, "dropped": 0}
    rows = list(QA)
    return made(_flat(rows), trained(*_talks(rows), counts=counts))


@form("amounts", TRL)
def cut_answer() -> Made:
    """Has an answer that does not fit: it is cut, and loses its end."""
    rows = _sft(False)
    counts = {"read": 3, "trained": 3, "cut": 1, "dropped": 0}
    meant = trained(*_talks(rows), length=LENGTH, counts=counts, said=(("cut", "longer"),))
    return _amount(_flat(rows), meant)


@form("amounts", TRL)
def dropped_row() -> Made:
    """Has a question that fills the sequence: the row is dropped."""
    rows = _sft(True)
    counts = {"read": 3, "trained": 2, "cut": 0, "dropped": 1}
    meant = trained(*_talks(rows), length=LENGTH, counts=counts, said=(("dropped",),))
    return _amount(_flat(rows), meant)


@form("amounts", TRL)
def too_much_is_cut() -> Made:
    """Loses a third of its rows, where nobody allowed it."""
    rows = _sft(True)
    return _amount(
        _flat(rows), refused(("max_length", "max_cut_share")), training={"max_length": LENGTH}
    )


@form("amounts", TRL)
def nothing_fits() -> Made:
    """Has no row of which an answer fits."""
    rows = [(f"{q} {_LONG}", a) for q, a in QA]
    return _amount(_flat(rows), refused("max_length"))


@form("amounts", TRL)
def cut_conversation() -> Made:
    """Has conversations whose last answer does not fit."""
    (q, a), (q2, a2), *_ = QA
    rows = [{"messages": [*chat(q, a), *chat(_LONG, a2)]}, {"messages": chat(q2, a2)}]
    meant = [talk(user(q), answer(a), user(_LONG), answer(a2)), talk(user(q2), answer(a2))]
    return _amount(
        jsonl(*rows),
        trained(*meant, length=LENGTH, counts={"read": 2, "cut": 1}, said=(("cut", "longer"),)),
    )


@form("amounts", TRL)
def cut_text() -> Made:
    """Has a text that does not fit."""
    texts = [f"{q} {a}" for q, a in QA[:3]] + [_LONG]
    counts = {"read": 4, "trained": 4, "cut": 1, "dropped": 0}
    return _amount(
        jsonl(*({"text": text} for text in texts)),
        trained(*map(Text, texts), length=LENGTH, counts=counts, said=(("cut", "longer"),)),
    )


def _pairs() -> tuple[bytes, list[Any]]:
    triples = [(q, a, w) for (q, a), w in zip(QA, WRONG, strict=True)]
    q, _, w = triples[2]
    triples[2] = (q, _LONG, w)
    triples[3] = (_LONG + triples[3][0], *triples[3][1:])
    rows = [{"prompt": q, "chosen": a, "rejected": w} for q, a, w in triples]
    return jsonl(*rows), [pair(*triple) for triple in triples]


def _cut_pairs(method: str) -> Made:
    content, meant = _pairs()
    counts = {"read": 4, "trained": 3, "cut": 1, "dropped": 1}
    return _amount(
        content,
        trained(*meant, length=LENGTH, counts=counts, said=(("dropped",),)),
        method=method,
    )


@form("amounts", TRL)
def cut_preferences() -> Made:
    """Has a preference that is cut and one that is dropped, under DPO."""
    return _cut_pairs("dpo")


@form("amounts", TRL)
def cut_preferences_orpo() -> Made:
    """Has a preference that is cut and one that is dropped, under ORPO."""
    return _cut_pairs("orpo")


@form("amounts", TRL)
def cut_preferences_simpo() -> Made:
    """Has a preference that is cut and one that is dropped, under SimPO."""
    return _cut_pairs("simpo")


@form("amounts", TRL)
def cut_labels() -> Made:
    """Has labelled answers of which one is cut and one is dropped."""
    rows: list[tuple[str, str, bool]] = [(q, a, True) for q, a in QA[:2]]
    rows += [
        (QA[0][0], WRONG[0], False),
        (QA[2][0], _LONG, True),
        (_LONG + QA[3][0], WRONG[3], False),
    ]
    content = jsonl(*({"prompt": q, "completion": a, "label": good} for q, a, good in rows))
    counts = {"read": 5, "trained": 4, "cut": 1, "dropped": 1}
    meant = trained(
        *(labelled(q, a, good=good) for q, a, good in rows),
        length=LENGTH,
        counts=counts,
        said=(("dropped",),),
    )
    return _amount(content, meant, method="kto")


@form("amounts", TRL)
def one_class_is_left() -> Made:
    """Has unwanted answers that are all dropped, so that one class is left."""
    rows = [{"prompt": q, "completion": a, "label": True} for q, a in QA]
    rows += [
        {"prompt": _LONG + q, "completion": w, "label": False}
        for (q, _), w in zip(QA, WRONG, strict=True)
    ]
    return _amount(
        jsonl(*rows), refused(("max_length", "unwanted", "wanted", "false")), method="kto"
    )


@form("amounts", "data.validation")
def held_out_rows() -> Made:
    """Has rows that the held-out file holds as well, which are left out."""
    rows = list(QA)
    held_out = _flat(rows[2:3])
    counts = {"read": 4, "trained": 3, "dropped": 1}
    meant = trained(
        *_talks([*rows[:2], *rows[3:]]), counts=counts, said=(("1 row", "held out", "held-out"),)
    )
    return made(
        _flat(rows), meant, more={"held.jsonl": held_out}, data={"validation": "held.jsonl"}
    )


@form("amounts", "OpenAI, weight, of a row")
def row_weights() -> Made:
    """Gives a row the weight 0."""
    rows: list[dict[str, Any]] = [{"messages": chat(q, a), "weight": 1} for q, a in QA]
    rows[1]["weight"] = 0
    meant = _talks([QA[0], *QA[2:]])
    return made(jsonl(*rows), trained(*meant, said=(("weight",),)), refused("weight", row=2))


@form("amounts", "Axolotl, weights")
def silent_first_answer() -> Made:
    """Has an answer without loss that is longer than the sequence, before one with loss."""
    q, a = QA[0]
    turns = [*chat(q, _LONG), *chat("Again.", a)]
    first = {**turns[1], "weight": 0}
    messages = [turns[0], first, *turns[2:]]
    rows: list[dict[str, Any]] = [{"messages": messages}, {"messages": chat(q, a)}]
    meant = [talk(user(q), silent(_LONG), user("Again."), answer(a)), talk(user(q), answer(a))]
    counts = {"read": 2, "trained": 1, "dropped": 1}
    return _amount(jsonl(*rows), trained(*meant, length=LENGTH, counts=counts))
