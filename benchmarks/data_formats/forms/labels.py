"""Answers with a label: wanted or unwanted, as KTO takes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from benchmarks.data_formats.files import jsonl, table
from benchmarks.data_formats.forms.registry import Made, form, made
from benchmarks.data_formats.forms.texts import QA, WRONG, chat
from benchmarks.data_formats.meant import Outcome, labelled, refused, system, trained, user

TRL = "TRL, dataset formats: unpaired preference"
_ANSWERS = [
    (q, answer, good)
    for (q, a), w in zip(QA, WRONG, strict=True)
    for answer, good in ((a, True), (w, False))
]
_MEANT = [labelled(q, answer, good=good) for q, answer, good in _ANSWERS]


def _rows(good: Any, bad: Any, column: str = "label") -> list[dict[str, Any]]:
    return [
        {"prompt": q, "completion": answer, column: good if wanted else bad}
        for q, answer, wanted in _ANSWERS
    ]


def _kto(rows: Sequence[dict[str, Any]], *allowed: Outcome, **settings: Any) -> Made:
    return made(jsonl(*rows), *allowed, method="kto", **settings)


@form("labels", TRL, bases=("embedded", "chatml", "llama", "gemma", "mistral"))
def kto(base: str) -> Made:
    """Has labels of true and false."""
    return _kto(_rows(True, False), trained(*_MEANT))


@form("labels", "TRL, unpaired preference")
def labels_0_1() -> Made:
    """Has labels of 1 and 0."""
    return _kto(_rows(1, 0), trained(*_MEANT))


@form("labels", "TRL, unpaired preference, by pandas")
def labels_as_floats() -> Made:
    """Has labels of 1.0 and 0.0."""
    return _kto(_rows(1.0, 0.0), trained(*_MEANT))


@form("labels", "TRL, unpaired preference")
def labels_as_words() -> Made:
    """Has labels "True" and "False"."""
    return _kto(_rows("True", "False"), trained(*_MEANT))


@form("labels", "TRL, unpaired preference")
def labels_good_bad() -> Made:
    """Has labels "good" and "bad"."""
    return _kto(_rows("good", "bad"), trained(*_MEANT), refused("label", ("true", "1")))


@form("labels", "chat interfaces")
def labels_yes_no() -> Made:
    """Has labels "yes" and "no"."""
    return _kto(_rows("yes", "no"), trained(*_MEANT), refused("label", ("true", "1")))


@form("labels", "chat interfaces")
def labels_plus_minus() -> Made:
    """Has labels of 1 and -1."""
    return _kto(_rows(1, -1), trained(*_MEANT), refused("label", ("true", "1")))


@form("labels", "chat interfaces")
def labels_desirable() -> Made:
    """Has labels "desirable" and "undesirable"."""
    return _kto(
        _rows("desirable", "undesirable"), trained(*_MEANT), refused("label", ("true", "1"))
    )


@form("labels", "chat interfaces")
def labels_of_scores() -> Made:
    """Has scores between 0 and 1 for labels, which say no yes or no."""
    return _kto(_rows(0.8, 0.3), refused("label"))


@form("labels", "chat interfaces")
def one_odd_label() -> Made:
    """Has one label that is none."""
    rows = _rows(True, False)
    rows[3]["label"] = "maybe"
    return _kto(rows, refused("label", row=4))


@form("labels", "chat interfaces")
def missing_label() -> Made:
    """Has one row without a label."""
    rows = _rows(True, False)
    rows[3]["label"] = None
    return _kto(rows, refused("label", row=4))


@form("labels", TRL)
def labels_in_csv() -> Made:
    """Has labels in a table, where each is text."""
    return made(table(*_rows("TRUE", "FALSE")), trained(*_MEANT), file="rows.csv", method="kto")


@form("labels", TRL)
def labels_0_1_in_csv() -> Made:
    """Has labels of 1 and 0 in a table."""
    return made(table(*_rows(1, 0)), trained(*_MEANT), file="rows.csv", method="kto")


@form("labels", "TRL, unpaired preference")
def one_class() -> Made:
    """Has wanted answers only, of which nothing can be learnt to be unwanted."""
    rows = [row for row in _rows(True, False) if row["label"]]
    return _kto(rows, refused(("unwanted", "false", "one class", "wanted")))


@form("labels", "Ethayarajh et al. 2024, equation 8")
def unbalanced() -> Made:
    """Has twelve wanted answers for each unwanted one, which is said."""
    rows = [(f"{q} ({n})", a, True) for n in range(3) for q, a in QA]
    rows.append((QA[0][0], WRONG[0], False))
    meant = [labelled(q, a, good=good) for q, a, good in rows]
    said = ("balance", "12 wanted", "1 unwanted")
    plain = [{"prompt": q, "completion": a, "label": good} for q, a, good in rows]
    return _kto(plain, trained(*meant, said=(said,)))


@form("labels", TRL)
def conversational_labels() -> Made:
    """Has prompt and completion as messages."""
    rows = [
        {
            "prompt": [{"role": "system", "content": "Be brief."}, chat(q, answer)[0]],
            "completion": chat(q, answer)[1:],
            "label": good,
        }
        for q, answer, good in _ANSWERS
    ]
    meant = [
        labelled([system("Be brief."), user(q)], answer, good=good) for q, answer, good in _ANSWERS
    ]
    return _kto(rows, trained(*meant))


@form("labels", "LLaMA-Factory, data README")
def kto_tag() -> Made:
    """Has an instruction, an output and a kto_tag."""
    rows = [
        {"instruction": q, "input": "", "output": answer, "kto_tag": good}
        for q, answer, good in _ANSWERS
    ]
    return _kto(rows, trained(*_MEANT), refused("kto_tag"))


@form("labels", "LLaMA-Factory, data README")
def kto_tag_of_messages() -> Made:
    """Has whole conversations and a label."""
    rows = [{"messages": chat(q, answer), "label": good} for q, answer, good in _ANSWERS]
    return _kto(rows, trained(*_MEANT), refused("label"))


@form("labels", TRL)
def kto_on_pairs() -> Made:
    """Has preferences, each of which is one wanted and one unwanted answer."""
    rows = [{"prompt": q, "chosen": a, "rejected": w} for (q, a), w in zip(QA, WRONG, strict=True)]
    return _kto(rows, trained(*_MEANT))


@form("labels", TRL)
def named_label() -> Made:
    """Has its labels in a column that the config names."""
    return _kto(
        _rows(1, 0, column="thumbs"),
        trained(*_MEANT),
        data={"format": "unpaired", "columns": {"label": "thumbs"}},
    )


@form("labels", "TRL, unpaired preference")
def sft_on_labels() -> Made:
    """Has labelled answers where the method learns each of them."""
    return made(jsonl(*_rows(True, False)), refused("label"), refused("unpaired"), refused("kto"))
